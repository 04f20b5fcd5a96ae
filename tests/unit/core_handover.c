/* RULES "pm.want", "takeover asked", "pm.offer", "ill primary", "stop"; the operator's verbs and how they end. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

/* ---- pm.want ---- */

/* Primary; the peer's next heartbeat asks for the role. */
static void asked(void) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_h(&w) / 2);
	w.says.want = 77;
	world_forget(&w);
}

Test(core_release, the_lease_is_dropped_and_the_release_said_by_its_number) {
	asked();
	world_hear(&w);
	tick();
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	tick();
	cr_assert_eq(w.said.rel, 77);
	cr_assert(!w.said.lease);
	world_expect(&w, STATE_YIELDING);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_ASKED);
}

Test(core_release, not_said_before_the_kernel_confirmed) {
	asked();
	w.mute = 1U << ACT_DROP_LEASE;
	world_hear(&w);
	world_pass(&w, 2 * world_h(&w));
	cr_assert(w.said.lease && w.said.rel == 0);
	world_done(&w, EV_LEASE_DROPPED, EIO);
	world_pass(&w, world_h(&w));
	cr_assert(w.said.lease && w.said.rel == 0, "a drop that failed confirms nothing");
	world_done(&w, EV_LEASE_DROPPED, 0);
	tick();
	cr_assert(!w.said.lease && w.said.rel == 77, "then at once");
}

static void echo_is_stale(void) {
	w.core.decided[w.said.seq % CORE_DECIDED] = w.now - world_timers(&w)->echo - 1;
}

static void peer_holds(void) {
	w.says.lease = true;
}

static void peer_asks_nothing(void) {
	w.says.want = 0;
}

static void nothing(void) {
}

Test(core_release, only_to_a_peer_that_echoes_freshly_and_holds_nothing) {
	static const struct {
		const char *what;
		void (*out)(void);
	} knocks[] = {{"nothing is missing", nothing},
		      {"no want", peer_asks_nothing},
		      {"the echo is not fresh", echo_is_stale},
		      {"pm.lease", peer_holds}};

	for (size_t i = 0; i < sizeof knocks / sizeof *knocks; i++) {
		asked();
		knocks[i].out();
		world_hear(&w);
		tick();
		cr_assert_eq(!world_status(&w)->hold, knocks[i].out == nothing, "%s", knocks[i].what);
	}
}

Test(core_release, not_by_a_backup_that_does_not_own_the_epoch) {
	world_init(&w);
	world_backup(&w);
	w.says.lease = false;
	w.says.want = 77;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.rel, 0);
}

Test(core_release, by_the_owner_of_the_epoch_that_does_not_hold) {
	asked();
	world_carrier(&w, false);
	w.says.want = 77;
	world_hear(&w);
	tick();
	tick();
	cr_assert_eq(w.said.rel, 77);
}

Test(core_release, not_while_a_claim_is_under_way) {
	asked();
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	w.says.want = 0;
	w.mute = 1U << ACT_PERMIT;
	world_hear(&w);
	tick();
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
	w.says.want = 77;
	world_hear(&w);
	tick();
	cr_assert_eq(w.core.rel, 0);
}

Test(core_release, void_once_the_peer_asks_no_more_and_reclaimed_by_consent_only) {
	asked();
	world_hear(&w);
	tick();
	world_pass(&w, world_timers(&w)->unheard / 2);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0, "never by time-out");
	w.says.want = 0;
	world_hear(&w);
	tick();
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(w.core.rel, 0);
}

Test(core_release, said_once_at_once_then_with_every_heartbeat) {
	asked();
	w.on = true;
	world_pass(&w, 10 * world_h(&w));
	size_t n = world_count(&w, ACT_SEND);
	cr_assert(n >= 10 && n <= 13, "%zu", n);
	cr_assert_eq(w.said.rel, 77);
}

Test(core_release, a_newer_request_is_answered_anew) {
	asked();
	world_hear(&w);
	world_pass(&w, world_h(&w));
	w.says.want = 78;
	world_hear(&w);
	world_pass(&w, world_h(&w));
	cr_assert_eq(w.said.rel, 78);
}

Test(core_release, a_peer_that_dies_meanwhile_is_outlived_by_silence) {
	asked();
	world_hear(&w);
	tick();
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
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

/* ---- pm.offer, ill primary ---- */

Test(core_offer, wanted_at_once_by_a_fit_node_even_without_automatic_failover) {
	world_init(&w);
	w.config.automatic = false;
	world_backup(&w);
	w.says.offer = true;
	world_hear(&w);
	tick();
	cr_assert_neq(w.said.want, 0);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_OFFER);
}

Test(core_offer, not_by_one_that_is_unfit_or_not_echoed) {
	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	w.says.offer = true;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.want, 0, "unfit");

	world_init(&w);
	world_backup(&w);
	world_carrier(&w, false);
	w.says.offer = true;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.want, 0, "a fault");

	world_init(&w);
	backup_not_echoed();
	w.says.offer = true;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.want, 0, "not echoed");
}

/* Three dead intervals, and longer than the slow verdicts of two nodes may differ: two and a half seconds. */
static span_t ill_time(void) {
	return mono_max(3 * world_timers(&w)->dead, 5 * SEC / 2);
}

Test(core_ill, a_primary_that_stays_less_fit_is_relieved) {
	world_init(&w);
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, ill_time());
	cr_assert_eq(w.said.want, 0);
	world_pass(&w, 6 * world_h(&w));
	cr_assert_neq(w.said.want, 0);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_ILL);
}

Test(core_ill, one_better_heartbeat_begins_anew) {
	world_init(&w);
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, ill_time() - 2 * world_h(&w));
	w.says.fitness = 100;
	world_pass(&w, 2 * world_h(&w));
	w.says.fitness = 0;
	world_pass(&w, ill_time() - 2 * world_h(&w));
	cr_assert_eq(w.said.want, 0);
}

Test(core_ill, not_without_automatic_failover_and_not_by_one_equally_ill) {
	world_init(&w);
	w.config.automatic = false;
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, 2 * ill_time());
	cr_assert_eq(w.said.want, 0);

	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, 2 * ill_time());
	cr_assert_eq(w.said.want, 0);
}

/* ---- stop ---- */

Test(core_stop, drops_the_lease_says_three_farewells_ends) {
	world_init(&w);
	world_primary(&w);
	world_stop(&w);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	world_expect(&w, STATE_LEAVING);
	mono_t stopped = w.now;
	while (world_count(&w, ACT_END) == 0 && w.now < stopped + SEC)
		world_pass(&w, MSEC);
	cr_assert_leq(w.now - stopped, 20 * MSEC, "a few ms apart");
	size_t farewells = 0;
	for (size_t i = 0; i < w.log_n; i++)
		if (w.log[i].type == ACT_SEND) {
			const struct heartbeat *hb = &w.log[i].send.hb;
			cr_assert(hb->leaving && !hb->lease && hb->want == 0 && hb->rel == 0 && hb->mark == MARK_PLAIN);
			farewells++;
		}
	cr_assert_eq(farewells, 3);
	world_pass(&w, SEC);
	cr_assert_eq(world_count(&w, ACT_END), 1);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
}

Test(core_stop, no_farewell_before_the_kernel_confirmed) {
	world_init(&w);
	w.mute = 1U << ACT_DROP_LEASE;
	world_primary(&w);
	world_stop(&w);
	world_pass(&w, 200 * MSEC);
	cr_assert_eq(world_count(&w, ACT_SEND), 0);
	world_done(&w, EV_LEASE_DROPPED, 0);
	world_pass(&w, 20 * MSEC);
	cr_assert_eq(world_count(&w, ACT_SEND), 3);
	cr_assert_eq(world_count(&w, ACT_END), 1);
}

/* In every phase it ends, and holds nothing then. */
Test(core_stop, in_every_phase) {
	static const struct {
		const char *what;
		void (*ready)(void);
	} rows[] = {{"primary", primary},
		    {"backup", backup},
		    {"asking", backup_that_asks},
		    {"fault", backup_without_carrier},
		    {"standing down", primary_that_stands_down},
		    {"alone", primary_alone},
		    {"stopping already", primary_leaving},
		    {"listening", NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		if (rows[i].ready)
			rows[i].ready();
		else
			world_boot(&w);
		world_stop(&w);
		world_pass(&w, 50 * MSEC);
		cr_assert_eq(world_count(&w, ACT_END), 1, "%s", rows[i].what);
		cr_assert(!world_status(&w)->hold && !w.said.lease, "%s", rows[i].what);
	}
}

Test(core_stop, with_a_permit_asked_for_it_is_dropped) {
	world_init(&w);
	w.mute = 1U << ACT_PERMIT;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
	world_stop(&w);
	cr_assert_eq(world_count(&w, ACT_DROP_PERMIT), 1);
	world_done(&w, EV_PERMITTED, 0);
	world_pass(&w, 50 * MSEC);
	cr_assert_eq(world_count(&w, ACT_END), 1);
	cr_assert_neq(w.said.mark, MARK_GRANT);
}

/* The grant may have left: only the kernel's word on it ends the claim, and what it gave is given up again. */
Test(core_stop, with_the_grant_on_its_way_it_waits_for_it) {
	world_init(&w);
	w.mute = 1U << ACT_SEND;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	cr_assert_eq(w.core.claim, CLAIM_GRANT);
	uint64_t seq = w.said.seq;
	world_stop(&w);
	world_pass(&w, 50 * MSEC);
	cr_assert(w.said.seq == seq && world_count(&w, ACT_END) == 0);
	world_event(&w, &(struct event){.type = EV_SENT, .sent = {.seq = seq, .mark = MARK_GRANT, .result = SENT_OUT}});
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
	world_pass(&w, 50 * MSEC);
	cr_assert_eq(world_count(&w, ACT_END), 1);
}

Test(core_stop, a_leaving_node_neither_yields_nor_says_deaf_and_answers_who_waits) {
	world_init(&w);
	w.mute = 1U << ACT_DROP_LEASE;
	world_primary(&w);
	standdown(false, false);
	world_stop(&w);
	w.says.want = 5;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_LEAVING);
	w.on = false;
	w.answering = 0;
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_done(&w, EV_LEASE_DROPPED, 0);
	world_pass(&w, 20 * MSEC);
	cr_assert(w.said.leaving && w.said.rel == 0 && !w.said.deaf && !w.said.offer);
}
