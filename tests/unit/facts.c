/* The facts in words: each has its sentence whether it holds or not, those that stand against a change come first, and a
 * primary is told why it may go on. */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "hamon/control.h"
#include "hamon/facts.h"
#include "hamon/words.h"

static const uint32_t all = (1U << FACT__COUNT) - 1;

/* A healthy backup, which each test changes in its own way. */
static struct conf conf;
static struct timers timers;
static struct core_status core;
static struct core_facts facts;
static struct status_view view;
static struct json_object *reply;

static void set_up(void) {
	const mono_t now = 1000 * SEC;
	const struct timers_ask ask = {.within = 500 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 4 * MSEC, .addresses = 1};
	cr_assert_eq(timers_derive(&ask, &timers), 0);
	conf = (struct conf){.nodes = {{.name = "ha1"}, {.name = "ha2"}}, .self = 1};
	core = (struct core_status){
		.state = STATE_BACKUP,
		.automatic = true,
		.backup_operations = true,
		.seen = 42,
		.reserved = 52,
		.lease_until = MONO_NEVER,
		.met = true,
		.peer_known = true,
		.peer_rx = now - 6 * MSEC,
		.peer_lease = true,
		.peer_fitness = 100,
		.peer_cover = timers.cover,
		.peer_digest = 1,
		.echo = now - 7 * MSEC,
		.holder_at = MONO_NEVER,
		.tests = 2,
		.test = {{.used = true, .fresh = true, .unbroken = now - SEC}, {.used = true, .unbroken = MONO_NEVER}},
	};
	facts = (struct core_facts){.hold = all,
				    .automatic = all & ~(1U << FACT_CONTACT | 1U << FACT_PEER_FIT),
				    .planned = 1U << FACT_CONTACT | 1U << FACT_NO_FAULT | 1U << FACT_NO_VETO,
				    .forced = 1U << FACT_NO_FAULT | 1U << FACT_NO_HOLDER};
	view = (struct status_view){.now = now,
				    .conf = &conf,
				    .timers = &timers,
				    .core = &core,
				    .facts = &facts,
				    .lease_in_kernel = true,
				    .stranger.at = MONO_NEVER};
}

static void tear_down(void) {
	json_object_put(reply);
}

TestSuite(facts, .init = set_up, .fini = tear_down);

static struct json_object *explained(void) {
	json_object_put(reply);
	reply = facts_json(&view);
	cr_assert_not_null(reply);
	return reply;
}

static void become_primary(void) {
	core.state = STATE_PRIMARY;
	core.hold = true;
	core.peer_lease = false;
	core.epoch = core.seen;
	core.lease_until = view.now + timers.lease / 2;
}

/* The sentence of one fact, which holds or not. */
static const char *fact(enum fact which, bool holds) {
	facts.hold = holds ? facts.hold | 1U << which : facts.hold & ~(1U << which);
	struct json_object *list = json_object_object_get(explained(), "facts");
	struct json_object *one = json_object_array_get_idx(list, which);
	cr_expect_str_eq(json_object_get_string(json_object_object_get(one, "name")), fact_name(which));
	cr_expect_eq(json_object_get_boolean(json_object_object_get(one, "holds")), holds);
	return json_object_get_string(json_object_object_get(one, "text"));
}

static void expect(enum fact which, bool holds, const char *sentence) {
	const char *text = fact(which, holds);
	cr_expect_str_eq(text, sentence, "%s instead of %s", text, sentence);
}

/* How many lines of the details contain this. */
static size_t lines(const char *part) {
	struct json_object *details = json_object_object_get(explained(), "details");
	size_t n = 0;
	for (size_t i = 0; i < json_object_array_length(details); i++)
		n += strstr(json_object_get_string(json_object_array_get_idx(details, i)), part) != NULL;
	return n;
}

static const char *verdict(void) {
	return json_object_get_string(json_object_object_get(explained(), "text"));
}

/* ---- sentences ---- */

Test(facts, each_says_something_else_when_it_does_not_hold) {
	/* Make the figures agree with the facts' failing. */
	for (unsigned i = 0; i < FACT__COUNT; i++) {
		char holds[256];
		if (i == FACT_HOLD_DOWN)
			core.hold_down = SEC;
		if (i == FACT_COUNTDOWN)
			conf.countdown = SEC;
		if (i == FACT_NO_VETO)
			strcpy(conf.command[RUN_BEFORE_PRIMARY], "/bin/true");
		if (i == FACT_FENCED) {
			conf.fence = FENCE_REQUIRED;
			core.fence = FENCE_DONE;
		}
		if (i == FACT_MET)
			core.met = false;
		if (i == FACT_TESTS || i == FACT_PROVEN)
			core.peer_rx = view.now - 2 * SEC;
		snprintf(holds, sizeof holds, "%s", fact(i, true));
		if (i == FACT_FENCED)
			core.fence = FENCE_IDLE;
		if (i == FACT_TESTS || i == FACT_PROVEN)
			core.test[0].fresh = false;
		cr_expect_str_neq(holds, fact(i, false), "%s", fact_name(i));
		set_up();
	}
}

Test(facts, of_silence) {
	char expected[128];
	struct words w = words_in(expected, sizeof expected);
	words_add(&w, "ha1 is heard: 6.0 ms ago; the dead interval is ");
	words_span(&w, timers.dead);
	expect(FACT_SILENT, false, expected);
	core.peer_rx = view.now - 2 * SEC;
	w = words_in(expected, sizeof expected);
	words_add(&w, "ha1 is silent on all links for 2000 ms, longer than the dead interval of ");
	words_span(&w, timers.dead);
	expect(FACT_SILENT, true, expected);
	cr_expect(strstr(fact(FACT_SILENT, false), "begins anew when this node stood still, or says deaf"));
	core.peer_known = false;
	cr_expect(strstr(fact(FACT_SILENT, true), "ha1 was never heard"));
}

Test(facts, of_what_is_switched_off) {
	expect(FACT_AUTOMATIC, true, "automatic failover is on");
	core.paused = true;
	expect(FACT_AUTOMATIC, false, "automatic failover is paused; `hamon resume` ends that");
	core.automatic = false;
	expect(FACT_AUTOMATIC, false, "automatic failover is off in the configuration");
	core.automatic = true;
	core.paused = core.backup_operations = false;
	expect(FACT_AUTOMATIC, false, "backup operations are off in the configuration");
}

Test(facts, of_faults) {
	expect(FACT_NO_FAULT, true, "nothing keeps ha2 from serving");
	core.faults = FAULT_CARRIER | FAULT_VETO;
	expect(FACT_NO_FAULT, false, "ha2 cannot serve: carrier, veto");
	core.faults = FAULT_STANDDOWN;
	facts.forgiven = 1U << FACT_NO_FAULT;
	expect(FACT_NO_FAULT, false, "ha2 cannot serve: stood-down, which `hamon takeover` ends");
}

Test(facts, of_configurations) {
	expect(FACT_DIGEST, true, "ha2 and ha1 have the same configuration");
	expect(FACT_DIGEST, false, "the configurations of ha2 and ha1 differ");
	core.digest_differs = true;
	expect(FACT_DIGEST, true, "ha1 was told something else last, which is nothing to ha2: it only regains the role");
	core.digest_differs = false;
	core.peer_digest = 0;
	expect(FACT_DIGEST, true, "ha1 did not say yet which configuration it has");
}

Test(facts, of_tests) {
	core.test[1].slow = true;
	core.test[0].slow = true;
	expect(FACT_TESTS, true, "2 of 2 test IPs answered lately, policy majority");
	cr_expect(strstr(fact(FACT_PROVEN, true), "are asked for when ha1 is late"));
	core.peer_rx = view.now - 2 * SEC;
	cr_expect(strstr(fact(FACT_TESTS, true), "1 of 2 test IPs answered within "));
	cr_expect(strstr(fact(FACT_PROVEN, true), "1 of 2 test IPs answered unbroken for "));
	core.test[0].unbroken = view.now;
	cr_expect(strstr(fact(FACT_PROVEN, false), "0 of 2 test IPs answered unbroken for "));
	core.tests = 0;
	expect(FACT_TESTS, true, "there is no test IP: connectivity counts as given");
}

Test(facts, of_whom_was_met) {
	expect(FACT_MET, true, "ha1 was heard since the start");
	core.met = false;
	expect(FACT_MET, true, "ha1 need not have been heard since the start");
	expect(FACT_MET, false, "ha1 was not heard since the start, and cold-start = \"wait-for-peer\"");
}

Test(facts, of_a_living_holder) {
	expect(FACT_NO_HOLDER, true, "nobody answers for a shared IP");
	expect(FACT_NO_HOLDER, false, "somebody answers for a shared IP: ha1 lives");
	view.holder_ip = "192.0.2.10";
	expect(FACT_NO_HOLDER, false, "somebody answers for 192.0.2.10: ha1 lives");
}

Test(facts, of_delays) {
	expect(FACT_HOLD_DOWN, true, "no hold-down");
	core.hold_down = 2 * SEC;
	core.failovers = 5;
	expect(FACT_HOLD_DOWN, false, "the hold-down of 2000 ms after 5 failovers is not over; `hamon clear` ends it");
	expect(FACT_HOLD_DOWN, true, "the hold-down of 2000 ms after 5 failovers counts no longer");
	expect(FACT_COUNTDOWN, true, "no countdown");
	conf.countdown = 60 * SEC;
	expect(FACT_COUNTDOWN, false, "the countdown of 60.0 s is not over");
	expect(FACT_NO_ABORT, false, "an operator stopped it, until ha1 is heard again");
}

Test(facts, of_the_fence_in_each_state) {
	static const char *const sentences[] = {
		[FENCE_IDLE] = "ha1 is to be fenced first (required)",
		[FENCE_DELAYED] = "ha1 is to be fenced when the delay is over (required)",
		[FENCE_RUNNING] = "ha1 is being fenced (required)",
		[FENCE_DONE] = "ha1 is fenced (required)",
		[FENCE_FAILED] = "ha1 could not be fenced: the command failed, or did not end in time (required)",
	};
	expect(FACT_FENCED, true, "ha1 need not be fenced");
	conf.fence = FENCE_REQUIRED;
	for (unsigned state = 0; state < FENCE_STATE__COUNT; state++) {
		core.fence = state;
		expect(FACT_FENCED, state == FENCE_DONE, sentences[state]);
	}
}

Test(facts, of_the_veto) {
	expect(FACT_NO_VETO, true, "there is no before-primary command");
	strcpy(conf.command[RUN_BEFORE_PRIMARY], "/bin/true");
	expect(FACT_NO_VETO, true, "the before-primary command agrees");
	expect(FACT_NO_VETO, false, "the before-primary command is to be asked first");
	core.vetoed = true;
	expect(FACT_NO_VETO, false, "the before-primary command said no; it is asked again");
}

Test(facts, of_epochs_and_contact) {
	expect(FACT_EPOCHS, true, "10 epochs in reserve on disk");
	core.reserve_fails = true;
	expect(FACT_EPOCHS, false, "no epoch is in reserve: the state directory cannot be written");
	expect(FACT_CONTACT, true, "ha1 is heard, and hears us");
	expect(FACT_CONTACT, false, "ha1 does not hear us");
	core.peer_rx = view.now - 2 * SEC;
	expect(FACT_CONTACT, false, "ha1 is not heard");
	expect(FACT_PEER_FIT, true, "ha1 could serve, fitness 100");
}

/* ---- the answer ---- */

Test(facts, what_stands_against_it_comes_first) {
	facts.hold &= ~(1U << FACT_SILENT | 1U << FACT_PROVEN);
	struct json_object *details = json_object_object_get(explained(), "details");
	static const char *const first[] = {"taking over by itself:", "STOP ha1 is heard", "STOP answers unbroken for",
					    "ok   automatic failover is on"};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		const char *line = json_object_get_string(json_object_array_get_idx(details, i));
		cr_expect_eq(strncmp(line, first[i], strlen(first[i])), 0, "%s instead of %s", line, first[i]);
	}
	cr_expect_eq(lines("STOP"), 2);
	cr_expect_eq(lines("taking over by plan:"), 1);
	cr_expect_str_eq(verdict(),
			 "ha2 (backup); against a takeover by itself: 2 facts; against a planned takeover: nothing");
}

/* What is only to be asked first stands against nothing; what an operator's takeover ends, not against that. */
Test(facts, what_is_asked_on_the_way_comes_second_and_is_not_counted) {
	strcpy(conf.command[RUN_BEFORE_PRIMARY], "/bin/true");
	conf.fence = FENCE_REQUIRED;
	facts.hold &= ~(1U << FACT_FENCED | 1U << FACT_NO_VETO | 1U << FACT_SILENT);
	facts.ahead = 1U << FACT_FENCED | 1U << FACT_NO_VETO;
	struct json_object *details = json_object_object_get(explained(), "details");
	static const char *const first[] = {"taking over by itself:", "STOP ha1 is heard", "ask  ha1 is to be fenced first",
					    "ask  the before-primary command is to be asked first", "ok   "};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		const char *line = json_object_get_string(json_object_array_get_idx(details, i));
		cr_expect_eq(strncmp(line, first[i], strlen(first[i])), 0, "%s instead of %s", line, first[i]);
	}
	cr_expect_str_eq(verdict(),
			 "ha2 (backup); against a takeover by itself: 1 fact; against a planned takeover: nothing");
	facts.ahead = 0;
	facts.hold &= ~(1U << FACT_NO_FAULT);
	facts.forgiven = 1U << FACT_NO_FAULT | 1U << FACT_NO_VETO;
	cr_expect_str_eq(verdict(),
			 "ha2 (backup); against a takeover by itself: 4 facts; against a planned takeover: nothing");
	cr_expect_eq(lines("-    ha2 cannot serve"), 1);
	struct json_object *one = json_object_array_get_idx(json_object_object_get(explained(), "facts"), FACT_NO_FAULT);
	cr_expect(json_object_get_boolean(json_object_object_get(one, "stops_automatic")));
	cr_expect(!json_object_get_boolean(json_object_object_get(one, "stops_planned")));
}

/* How many lines of the answer to a dry run contain this. */
static size_t dry_lines(bool force, const char *part) {
	struct json_object *answer = json_object_new_object();
	facts_details(answer, &view, force);
	struct json_object *details = json_object_object_get(answer, "details");
	size_t n = 0;
	for (size_t i = 0; i < json_object_array_length(details); i++)
		n += strstr(json_object_get_string(json_object_array_get_idx(details, i)), part) != NULL;
	json_object_put(answer);
	return n;
}

Test(facts, a_dry_run_lists_what_it_is_about) {
	facts.hold = 0;
	facts.forgiven = 1U << FACT_NO_FAULT | 1U << FACT_NO_VETO;
	cr_expect_eq(dry_lines(false, "taking over by plan:"), 1);
	cr_expect_eq(dry_lines(false, "STOP"), 1);
	cr_expect_eq(dry_lines(false, "STOP ha1 does not hear us"), 1);
	cr_expect_eq(dry_lines(false, ""), 1 + (size_t)__builtin_popcount(facts.planned));
	cr_expect_eq(dry_lines(true, "taking over by force:"), 1);
	cr_expect_eq(dry_lines(true, "STOP somebody answers for a shared IP"), 1);
	cr_expect_eq(dry_lines(true, ""), 1 + (size_t)__builtin_popcount(facts.forced));
	become_primary();
	cr_expect_eq(dry_lines(false, "standing down for ha1, by plan:"), 1);
	cr_expect_eq(dry_lines(true, ""), 0, "force asks for nothing");
}

Test(facts, how_well_it_could_serve_stands_against_nothing) {
	core.fitness = 100;
	cr_expect_eq(lines("-    there is no health command (fitness 100)"), 1);
	strcpy(conf.command[RUN_HEALTH], "/bin/true");
	cr_expect_eq(lines("-    the service was not looked at yet (fitness 100)"), 1);
	core.health = HEALTH_WELL;
	cr_expect_eq(lines("-    the service is well (fitness 100)"), 1);
	core.health = HEALTH_ILL;
	core.fitness = 50;
	cr_expect_eq(lines("-    the service is ill (fitness 50): ha2 takes over from a dead primary only"), 1);
	cr_expect_eq(lines("STOP"), 0);
	become_primary();
	cr_expect_eq(lines("-    the service is ill (fitness 50): ha1 is fitter, and may ask for the role"), 1);
	core.peer_fitness = 50;
	cr_expect_eq(lines("-    the service is ill (fitness 50): ha1 gets the role when it is fitter"), 1);
	cr_expect_eq(lines("STOP"), 0);
}

Test(facts, each_is_listed_where_it_is_asked_for) {
	struct json_object *list = json_object_object_get(explained(), "facts");
	cr_assert_eq(json_object_array_length(list), FACT__COUNT);
	for (unsigned i = 0; i < FACT__COUNT; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		cr_expect_eq(json_object_get_boolean(json_object_object_get(one, "automatic")), facts.automatic >> i & 1);
		cr_expect_eq(json_object_get_boolean(json_object_object_get(one, "planned")), facts.planned >> i & 1);
	}
	cr_expect_eq(json_object_array_length(json_object_object_get(reply, "renewal")), 0, "a backup renews nothing");
	cr_expect_eq(lines("ok "), (size_t)__builtin_popcount(facts.automatic) + __builtin_popcount(facts.planned));
}

Test(facts, a_primary_goes_on_by_an_echo) {
	become_primary();
	cr_expect_eq(lines("STOP"), 0);
	cr_expect_eq(lines("ok   the lease is in the kernel: "), 1);
	cr_expect_eq(lines("ok   nobody has shown a higher epoch than ours, 42"), 1);
	cr_expect_eq(lines("ok   ha1 echoed a heartbeat that we sent 7.0 ms ago"), 1);
	cr_expect_eq(lines("-    ha1 is heard"), 1, "alone is not asked for");
	cr_expect_eq(lines("taking over"), 0);
	cr_expect_eq(lines("standing down for ha1, by plan:"), 1);
	cr_expect_str_eq(verdict(), "ha2 (primary); against going on: nothing; against a planned standdown: nothing");
	facts.hold &= ~(1U << FACT_PEER_FIT);
	cr_expect_str_eq(verdict(), "ha2 (primary); against going on: nothing; against a planned standdown: 1 fact");
}

Test(facts, a_primary_goes_on_alone) {
	become_primary();
	core.echo = view.now - timers.echo - 1;
	core.peer_rx = view.now - 2 * SEC;
	core.alone = true;
	cr_expect_eq(lines("ok   ha1 is not heard, and the connectivity tests hold: we go on alone"), 1);
	cr_expect_eq(lines("-    ha1 echoed"), 1);
	conf.alone = ALONE_ALWAYS;
	cr_expect_eq(lines("alone = \"always\""), 1);
}

Test(facts, a_primary_that_may_not_renew_is_told_why) {
	become_primary();
	core.echo = MONO_NEVER;
	core.peer_rx = view.now - 2 * SEC;
	cr_expect_eq(lines("STOP ha1 never echoed a heartbeat of ours"), 1);
	cr_expect_eq(lines("STOP ha1 is not heard, and the connectivity tests fail"), 1);
	core.seen = 44;
	cr_expect_eq(lines("STOP epoch 44 was seen, ours is 42"), 1);
	cr_expect_eq(json_object_array_length(json_object_object_get(explained(), "renewal")), 4);
}

/* Names as long as they may be: nothing is cut off the end. */
Test(facts, the_longest_details_have_room) {
	for (unsigned i = 0; i < CONF_NODES; i++)
		memset(conf.nodes[i].name, 'n', CONF_NAME - 1);
	facts = (struct core_facts){.hold = 0, .automatic = all, .planned = all};
	size_t expected = 2 * FACT__COUNT + 3;
	cr_expect_eq(json_object_array_length(json_object_object_get(explained(), "details")), expected);
	cr_expect_lt(strlen(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN)), CONTROL_REPLY_MAX);
}

/* ---- words ---- */

Test(words, lengths_of_time_are_as_exact_as_somebody_would_say_them) {
	static const struct {
		span_t span;
		const char *text;
	} cases[] = {
		{0, "0.0 ms"},         {700 * USEC, "0.7 ms"}, {450 * MSEC, "450 ms"}, {12345 * MSEC, "12.3 s"},
		{600 * SEC, "10 min"}, {5400 * SEC, "90 min"}, {7200 * SEC, "2 h"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[32];
		struct words w = words_in(text, sizeof text);
		words_span(&w, cases[i].span);
		cr_expect_str_eq(text, cases[i].text);
	}
}

Test(words, are_cut_at_the_end_of_their_buffer) {
	struct {
		char text[8], guard;
	} out = {.guard = 'g'};
	struct words w = words_in(out.text, sizeof out.text);
	words_add(&w, "%s", "seven");
	words_count(&w, 2, "letter");
	words_add(&w, "more");
	cr_expect_str_eq(out.text, "seven2 ");
	cr_expect_eq(out.guard, 'g');
}

Test(words, faults_are_named) {
	char text[64];
	struct words w = words_in(text, sizeof text);
	words_faults(&w, 0);
	cr_expect_str_eq(text, "");
	words_faults(&w, FAULT_CARRIER | FAULT_STRANGER);
	cr_expect_str_eq(text, "carrier, stranger");
}
