/* RULES "takeover asked", and the other verbs of an operator: what is refused, what force overrides, how each ends. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

/* ---- takeover ---- */

static enum outcome takeover(bool force, bool dry_run) {
	world_forget(&w);
	world_verb(&w, VERB_TAKEOVER, force, dry_run);
	return world_outcome(&w);
}

Test(core_takeover, the_peer_releases_we_serve_done) {
	world_init(&w);
	world_backup(&w);
	cr_assert_eq(takeover(false, false), OUTCOME__COUNT, "not answered yet");
	tick();
	cr_assert_neq(w.said.want, 0, "asked at once");
	world_expect(&w, STATE_ASKING);
	w.says.rel = w.said.want;
	w.says.lease = false;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert_eq(world_last(&w, ACT_ANSWER)->answer.token, 1);
	cr_assert_eq(w.said.want, 0);
}

Test(core_takeover, each_request_has_a_number_never_used_before) {
	world_init(&w);
	world_backup(&w);
	takeover(false, false);
	tick();
	uint64_t first = w.said.want;
	world_pass(&w, 3 * world_timers(&w)->dead + 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_TIMEOUT);
	cr_assert_eq(w.said.want, 0);
	world_expect(&w, STATE_BACKUP);
	takeover(false, false);
	tick();
	cr_assert(w.said.want != 0 && w.said.want != first);

	world_init(&w);
	w.memory.boot++;
	world_backup(&w);
	takeover(false, false);
	tick();
	cr_assert_neq(w.said.want, first, "in another life");
}

Test(core_takeover, dry_run_changes_nothing) {
	world_init(&w);
	world_backup(&w);
	cr_assert_eq(takeover(false, true), OUTCOME_WOULD);
	world_pass(&w, world_h(&w));
	cr_assert_eq(w.said.want, 0);
	world_expect(&w, STATE_BACKUP);
}

static void primary(void) {
	world_primary(&w);
}

static void backup(void) {
	world_backup(&w);
}

static void backup_that_asks(void) {
	world_backup(&w);
	takeover(false, false);
}

static void backup_without_carrier(void) {
	world_backup(&w);
	world_carrier(&w, false);
}

static void backup_not_echoed(void) {
	world_backup(&w);
	w.echoing = false;
	world_pass(&w, world_timers(&w)->echo + world_h(&w));
}

static void backup_without_tests(void) {
	w.answering = 0;
	world_backup(&w);
}

static void backup_leaving(void) {
	world_backup(&w);
	world_stop(&w);
}

static void backup_told_otherwise(void) {
	w.config.digest = 1;
	w.says.digest = 2;
	world_backup(&w);
}

static void backup_without_epochs(void) {
	world_backup(&w);
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	w.core.reserved = w.core.seen;
}

static void backup_paused(void) {
	world_backup(&w);
	world_pause(&w, 0);
}

Test(core_takeover, refusals_and_what_force_overrides) {
	static const struct {
		const char *what;
		void (*ready)(void);
		enum outcome plain, forced;
	} rows[] = {
		{"primary", primary, OUTCOME_ALREADY, OUTCOME_ALREADY},
		{"backup", backup, OUTCOME_WOULD, OUTCOME_WOULD},
		{"paused", backup_paused, OUTCOME_WOULD, OUTCOME_WOULD},
		{"asking", backup_that_asks, OUTCOME_BUSY, OUTCOME_BUSY},
		{"no carrier", backup_without_carrier, OUTCOME_FAULT, OUTCOME_FAULT},
		{"not echoed", backup_not_echoed, OUTCOME_PEER_UNHEARD, OUTCOME_WOULD},
		{"no tests", backup_without_tests, OUTCOME_UNFIT, OUTCOME_WOULD},
		{"the configurations differ", backup_told_otherwise, OUTCOME_DIFFERS, OUTCOME_WOULD},
		{"no epoch in reserve", backup_without_epochs, OUTCOME_EPOCHS, OUTCOME_EPOCHS},
		{"leaving", backup_leaving, OUTCOME_LEAVING, OUTCOME_LEAVING},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		rows[i].ready();
		enum outcome plain = takeover(false, true), forced = takeover(true, true);
		cr_assert_eq(plain, rows[i].plain, "%s: %s", rows[i].what, outcome_name(plain));
		cr_assert_eq(forced, rows[i].forced, "%s by force: %s", rows[i].what, outcome_name(forced));
	}
}

/* Force skips FIT and automatic failover, never the dead interval; and what it may not do it does not call deafness. */
Test(core_takeover, force_needs_no_tests_but_the_dead_interval) {
	world_init(&w);
	world_backup(&w);
	world_pause(&w, 0);
	w.on = false;
	w.answering = 0;
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_DEAF);
	mono_t deaf = w.core.last_deaf;
	takeover(true, false);
	world_pass(&w, deaf + world_timers(&w)->dead - MSEC - w.now);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 3 * MSEC);
	world_expect(&w, STATE_PRIMARY);
	tick();
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
}

Test(core_takeover, force_ends_with_the_request) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	w.answering = 0;
	world_pass(&w, world_timers(&w)->unheard);
	takeover(true, false);
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_forget(&w);
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0, "the next claim is not forced");
}

Test(core_takeover, rolled_back_when_the_addresses_fail) {
	world_init(&w);
	world_backup(&w);
	w.add_error = EPERM;
	takeover(false, false);
	tick();
	w.says.rel = w.said.want;
	w.says.lease = false;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_ROLLED_BACK);
	world_expect(&w, STATE_FAULT);
}

/* The peer shall not wait for us to take what it released. */
Test(core_takeover, a_fault_withdraws_the_request) {
	world_init(&w);
	world_backup(&w);
	takeover(false, false);
	tick();
	cr_assert_neq(w.said.want, 0);
	world_carrier(&w, false);
	tick();
	cr_assert_eq(w.said.want, 0);
	cr_assert_eq(world_outcome(&w), OUTCOME_FAULT);
}

/* ---- standdown ---- */

static enum outcome standdown(bool force, bool dry_run) {
	world_forget(&w);
	world_verb(&w, VERB_STANDDOWN, force, dry_run);
	return world_outcome(&w);
}

Test(core_standdown, offers_until_the_peer_asks_then_releases_done_when_it_serves) {
	world_init(&w);
	world_primary(&w);
	cr_assert_eq(standdown(false, false), OUTCOME__COUNT);
	tick();
	cr_assert(w.said.offer && w.said.lease, "it serves meanwhile");
	w.says.want = 9;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(w.said.rel == 9 && !w.said.lease && w.said.offer);
	w.says.want = 0; /* claimed */
	w.says.lease = true;
	w.says.seen = w.core.seen + 1;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_BACKUP);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert(!w.said.offer);
	world_pass(&w, 5 * world_timers(&w)->dead);
	world_expect(&w, STATE_BACKUP);
}

Test(core_standdown, a_peer_that_does_not_ask_changes_nothing) {
	world_init(&w);
	world_primary(&w);
	standdown(false, false);
	world_pass(&w, 3 * world_timers(&w)->dead + 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_TIMEOUT);
	world_expect(&w, STATE_PRIMARY);
	cr_assert(!w.said.offer);
}

Test(core_standdown, force_goes_down_in_the_end_though_nobody_takes_it) {
	world_init(&w);
	world_primary(&w);
	standdown(true, false);
	world_pass(&w, 3 * world_timers(&w)->dead + 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_STANDDOWN);
	cr_assert(w.said.offer);
}

Test(core_standdown, force_with_nobody_there_goes_down_at_once_and_stays) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + world_timers(&w)->echo);
	cr_assert_eq(standdown(true, false), OUTCOME_DONE);
	cr_assert(!world_status(&w)->hold);
	world_pass(&w, 3 * world_timers(&w)->dead);
	world_expect(&w, STATE_FAULT);
	w.on = true; /* the peer is back and holds nothing: it stays with the operator's word */
	w.says.seen = w.core.seen;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_FAULT);
	w.says.seen = w.core.seen + 1; /* it serves */
	w.says.lease = true;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_BACKUP);
	cr_assert_eq(world_status(&w)->faults, 0);
}

Test(core_standdown, takeover_takes_the_forced_one_back) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + world_timers(&w)->echo);
	standdown(true, false);
	takeover(true, false);
	cr_assert_eq(world_status(&w)->faults, 0);
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

static void primary_whose_peer_is_unfit(void) {
	world_primary(&w);
	w.says.fitness = 0;
	world_pass(&w, world_h(&w));
}

static void primary_told_otherwise(void) {
	w.config.digest = 1;
	w.says.digest = 2;
	world_primary(&w);
}

static void primary_alone(void) {
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
}

static void primary_that_stands_down(void) {
	world_primary(&w);
	standdown(false, false);
}

static void primary_leaving(void) {
	world_primary(&w);
	world_stop(&w);
}

Test(core_standdown, refusals_and_what_force_overrides) {
	static const struct {
		const char *what;
		void (*ready)(void);
		enum outcome plain, forced;
	} rows[] = {
		{"backup", backup, OUTCOME_ALREADY, OUTCOME_ALREADY},
		{"primary", primary, OUTCOME_WOULD, OUTCOME_WOULD},
		{"alone", primary_alone, OUTCOME_PEER_UNHEARD, OUTCOME_WOULD},
		{"the peer is unfit", primary_whose_peer_is_unfit, OUTCOME_PEER_UNFIT, OUTCOME_WOULD},
		{"the configurations differ", primary_told_otherwise, OUTCOME_DIFFERS, OUTCOME_WOULD},
		{"under way", primary_that_stands_down, OUTCOME_BUSY, OUTCOME_BUSY},
		{"leaving", primary_leaving, OUTCOME_LEAVING, OUTCOME_LEAVING},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		rows[i].ready();
		enum outcome plain = standdown(false, true), forced = standdown(true, true);
		cr_assert_eq(plain, rows[i].plain, "%s: %s", rows[i].what, outcome_name(plain));
		cr_assert_eq(forced, rows[i].forced, "%s by force: %s", rows[i].what, outcome_name(forced));
		cr_assert_eq(w.core.offer_until != MONO_NEVER, rows[i].ready == primary_that_stands_down, "it is dry");
	}
}

/* ---- pause ---- */

Test(core_pause, until_resume) {
	world_init(&w);
	world_backup(&w);
	world_pause(&w, 0);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	const struct action *saved = world_last(&w, ACT_SAVE_PAUSE);
	cr_assert(saved && saved->pause.paused && saved->pause.until == MONO_FAR);
	cr_assert_eq(world_notes(&w, NOTE_PAUSED), 1);
	w.on = false;
	world_pass(&w, 3 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_verb(&w, VERB_RESUME, false, false);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert(!world_last(&w, ACT_SAVE_PAUSE)->pause.paused);
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_pause, for_so_long) {
	world_init(&w);
	world_backup(&w);
	mono_t end = w.now + 2 * SEC;
	world_pause(&w, 2 * SEC);
	cr_assert_eq(world_last(&w, ACT_SAVE_PAUSE)->pause.until, end);
	world_pass(&w, 2 * SEC - MSEC);
	cr_assert(world_status(&w)->paused);
	world_pass(&w, world_h(&w));
	cr_assert(!world_status(&w)->paused);
	cr_assert(!world_last(&w, ACT_SAVE_PAUSE)->pause.paused);
}

Test(core_pause, resume_of_what_is_not_paused_is_nothing) {
	world_init(&w);
	world_backup(&w);
	world_verb(&w, VERB_RESUME, false, false);
	cr_assert_eq(world_outcome(&w), OUTCOME_ALREADY);
	cr_assert_eq(world_count(&w, ACT_SAVE_PAUSE), 0);
}

Test(core_pause, a_primary_serves_on) {
	world_init(&w);
	world_primary(&w);
	world_pause(&w, 0);
	world_pass(&w, 5 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

/* ---- resolve ---- */

static enum outcome resolve(enum keep keep) {
	world_forget(&w);
	world_resolve(&w, keep);
	return world_outcome(&w);
}

/* Both hold; our epoch is the higher one. */
static void both_primary(void) {
	world_init(&w);
	world_primary(&w);
	w.says.lease = true;
	w.says.seen = w.core.epoch - 1;
	world_hear(&w);
	cr_assert(world_status(&w)->conflict);
}

/* Neither holds: the peer owns the epoch, and does not claim. */
static void both_backup(void) {
	world_init(&w);
	world_backup(&w);
	w.says.lease = false;
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_WAITING);
}

Test(core_resolve, without_a_conflict_there_is_nothing_to_settle) {
	world_init(&w);
	world_backup(&w);
	cr_assert_eq(resolve(KEEP_EITHER), OUTCOME_SETTLED);

	world_init(&w);
	world_primary(&w);
	cr_assert_eq(resolve(KEEP_PEER), OUTCOME_SETTLED);
	world_expect(&w, STATE_PRIMARY);
}

Test(core_resolve, refusals) {
	both_backup();
	w.echoing = false;
	world_pass(&w, world_timers(&w)->echo + world_h(&w));
	cr_assert_eq(resolve(KEEP_SELF), OUTCOME_PEER_UNHEARD);

	both_backup();
	takeover(false, false);
	cr_assert_eq(resolve(KEEP_SELF), OUTCOME_BUSY);

	both_backup();
	world_stop(&w);
	cr_assert_eq(resolve(KEEP_SELF), OUTCOME_LEAVING);
}

Test(core_resolve, dry_run_changes_nothing) {
	both_primary();
	struct event event = {.type = EV_OPERATOR, .asked = {.verb = VERB_RESOLVE, .keep = KEEP_PEER, .dry_run = true}};
	world_event(&w, &event);
	cr_assert_eq(world_outcome(&w), OUTCOME_WOULD);
	cr_assert(world_status(&w)->hold && !w.core.request.open);
}

Test(core_resolve, both_primary_the_one_that_is_not_kept_drops_its_lease) {
	both_primary();
	cr_assert_eq(resolve(KEEP_PEER), OUTCOME__COUNT);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert(!world_status(&w)->hold);
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	world_expect(&w, STATE_BACKUP);
}

Test(core_resolve, both_primary_the_one_that_is_kept_serves_on_until_the_other_gave_in) {
	static const enum keep keeps[] = {KEEP_SELF, KEEP_EITHER};

	for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
		both_primary();
		world_pass(&w, 10 * SEC);
		cr_assert_eq(resolve(keeps[i]), OUTCOME__COUNT);
		world_pass(&w, world_h(&w));
		cr_assert_eq(world_outcome(&w), OUTCOME__COUNT);
		cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 0);
		w.says.lease = false;
		world_pass(&w, 2 * world_h(&w));
		cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
		cr_assert_geq(world_count(&w, ACT_ANNOUNCE), 1, "the winner announces again");
		world_expect(&w, STATE_PRIMARY);
	}
}

Test(core_resolve, neither_primary_the_one_that_is_kept_asks) {
	both_backup();
	cr_assert_eq(resolve(KEEP_SELF), OUTCOME__COUNT);
	tick();
	cr_assert_neq(w.said.want, 0);
	w.says.rel = w.said.want;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
}

/* A standdown by force, while the peer could not be contacted; united again, this node is to serve after all. */
Test(core_resolve, neither_primary_the_one_that_is_kept_forgets_its_standdown) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + world_h(&w));
	standdown(true, false);
	cr_assert(world_status(&w)->faults & FAULT_STANDDOWN);
	w.on = true;
	w.says.fitness = 0;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(!world_status(&w)->hold);
	resolve(KEEP_SELF);
	world_pass(&w, 2 * world_h(&w));
	w.says.rel = w.said.want;
	world_pass(&w, 4 * world_h(&w));
	cr_assert_eq(world_status(&w)->faults, 0);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE, "%s", outcome_name(world_outcome(&w)));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_resolve, neither_primary_the_other_is_offered_the_role) {
	both_backup();
	w.says.want = 7; /* or we would claim, as owner of the epoch */
	w.says.seen = w.core.seen + 1;
	w.config.gate = true;
	w.hanging = 1U << RUN_BEFORE_PRIMARY;
	world_reload(&w);
	world_pass(&w, world_h(&w));
	cr_assert_eq(resolve(KEEP_PEER), OUTCOME__COUNT);
	tick();
	cr_assert(w.said.offer);
	w.says.lease = true;
	w.says.want = 0;
	w.says.seen += 1;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert(!w.said.offer);
}

/* Nobody named one: the fitter, else the owner of the epoch. */
Test(core_resolve, neither_primary_and_none_named) {
	static const struct {
		const char *what;
		uint16_t fitness;
		bool asks;
	} rows[] = {{"the peer is less fit", 50, true}, {"both are fit, and the peer owns the epoch", 100, false}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		both_backup();
		w.says.fitness = rows[i].fitness;
		world_hear(&w);
		resolve(KEEP_EITHER);
		tick();
		cr_assert_eq(w.said.want != 0, rows[i].asks, "%s", rows[i].what);
	}
}

Test(core_resolve, a_peer_that_does_not_answer_is_told_of) {
	both_backup();
	resolve(KEEP_SELF);
	world_pass(&w, 3 * world_timers(&w)->dead + 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_TIMEOUT);
	cr_assert_eq(w.said.want, 0);
}

/* ---- abort ---- */

/* The peer is silent, and a countdown of a second runs. */
static void counting_down(void) {
	world_init(&w);
	w.config.countdown = SEC;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
	world_expect(&w, STATE_COUNTDOWN);
}

static enum outcome abort_countdown(void) {
	world_forget(&w);
	world_verb(&w, VERB_ABORT, false, false);
	return world_outcome(&w);
}

Test(core_abort, a_countdown_delays_the_claim_by_that_much_and_is_shown) {
	counting_down();
	mono_t due = world_status(&w)->peer_rx + world_timers(&w)->dead + SEC;
	cr_assert_eq(world_status(&w)->dead_at, due);
	world_pass(&w, due - USEC - w.now);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * USEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

Test(core_abort, it_is_stopped_until_the_peer_is_heard_again) {
	counting_down();
	cr_assert_eq(abort_countdown(), OUTCOME_DONE);
	cr_assert_eq(world_notes(&w, NOTE_ABORTED), 1);
	cr_assert(world_status(&w)->aborted);
	world_pass(&w, 10 * SEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_hear(&w);
	cr_assert(!world_status(&w)->aborted);
	world_pass(&w, world_timers(&w)->dead + SEC + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_abort, a_permit_asked_for_is_dropped) {
	counting_down();
	w.mute = 1U << ACT_PERMIT;
	world_pass(&w, SEC + world_h(&w));
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
	cr_assert_eq(abort_countdown(), OUTCOME_DONE);
	cr_assert_eq(world_count(&w, ACT_DROP_PERMIT), 1);
	world_done(&w, EV_PERMITTED, 0);
	cr_assert_neq(w.said.mark, MARK_GRANT);
}

Test(core_abort, where_nothing_runs_down_there_is_nothing_to_stop) {
	world_init(&w);
	w.config.tests = 0;
	world_backup(&w);
	cr_assert_eq(abort_countdown(), OUTCOME_ALREADY, "the peer is heard");
	cr_assert(!world_status(&w)->aborted);

	world_init(&w);
	world_primary(&w);
	cr_assert_eq(abort_countdown(), OUTCOME_ALREADY, "we serve");

	counting_down();
	abort_countdown();
	cr_assert_eq(abort_countdown(), OUTCOME_ALREADY, "stopped already");

	counting_down();
	world_pause(&w, 0);
	cr_assert_eq(abort_countdown(), OUTCOME_ALREADY, "paused");
}

Test(core_abort, an_operator_may_still_take_over_by_force) {
	counting_down();
	abort_countdown();
	world_pass(&w, 2 * world_timers(&w)->dead);
	takeover(true, false);
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
}

/* On a machine that freezes now and then it would else never end. */
Test(core_abort, a_stall_of_ours_does_not_begin_the_countdown_anew) {
	counting_down();
	mono_t due = world_status(&w)->dead_at;
	world_freeze(&w, world_timers(&w)->stall + MSEC);
	cr_assert_eq(world_status(&w)->dead_at, due);
	world_pass(&w, due + MSEC - w.now);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

/* ---- wait for the peer ---- */

/* The monitor was started anew; the daemon had met it. */
Test(core_cold_start, whom_the_daemon_met_before_need_not_be_met_again) {
	world_init(&w);
	w.config.wait_for_peer = true;
	w.memory.met = true;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_cold_start, who_is_to_wait_for_its_peer_claims_nothing_before_it_was_met) {
	world_init(&w);
	w.config.wait_for_peer = true;
	world_boot(&w);
	world_pass_long(&w, 10 * SEC);
	cr_assert(!world_status(&w)->hold);
	w.on = true;
	w.says.lease = true;
	w.says.seen = WORLD_MARK + 1;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_BACKUP);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

/* What was stopped is that countdown, not what an operator orders later. */
Test(core_operator, who_takes_over_by_force_after_an_abort_regains_its_lease) {
	world_init(&w);
	w.config.countdown = 60 * SEC;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
	world_verb(&w, VERB_ABORT, false, false);
	world_pass(&w, SEC);
	cr_assert(world_status(&w)->aborted);
	world_verb(&w, VERB_TAKEOVER, true, false);
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_not(world_status(&w)->aborted);
	world_freeze(&w, world_timers(&w)->lease + 5 * MSEC);
	world_pass_long(&w, 600 * SEC);
	world_expect(&w, STATE_PRIMARY);
}
