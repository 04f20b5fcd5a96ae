/* RULES "pm.want", "pm.offer", "ill primary", "stop", and failback: the role changes hands by agreement. */
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
	world_backup(&w);
	w.echoing = false;
	world_pass(&w, world_timers(&w)->echo + world_h(&w));
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

/* A service that is ill is no test: no two verdicts of it can differ. */
Test(core_ill, an_ill_service_is_relieved_after_three_dead_intervals) {
	world_init(&w);
	world_backup(&w);
	w.says.fitness = 50;
	world_pass(&w, 3 * world_timers(&w)->dead);
	cr_assert_eq(w.said.want, 0);
	world_pass(&w, 4 * world_h(&w));
	cr_assert_neq(w.said.want, 0);
}

/* Two that were told different things do not decide alone which of them is right. */
Test(core_ill, not_while_the_configurations_differ) {
	world_init(&w);
	w.config.digest = 1;
	w.says.digest = 2;
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, ill_time() + 6 * world_h(&w));
	cr_assert_eq(w.said.want, 0);
	w.says.digest = 1;
	world_pass(&w, ill_time() + 6 * world_h(&w));
	cr_assert_neq(w.said.want, 0);
}

Test(core_ill, not_without_automatic_failover_and_not_by_one_equally_ill) {
	world_init(&w);
	w.config.automatic = false;
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, ill_time() + 6 * world_h(&w));
	cr_assert_eq(w.said.want, 0);

	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	w.says.fitness = 0;
	world_pass(&w, ill_time() + 6 * world_h(&w));
	cr_assert_eq(w.said.want, 0);
}

/* ---- failback ---- */

static const span_t failback = 60 * SEC;

static void preferred(void) {
	world_init(&w);
	w.config.failback = failback;
	w.config.preferred = true;
	world_backup(&w);
	tick();
}

Test(core_failback, the_preferred_node_asks_once_it_was_fit_for_so_long) {
	preferred();
	mono_t due = world_status(&w)->failback_at;
	cr_assert(due > w.now && due <= w.now + failback);
	world_pass_long(&w, due - MSEC - w.now);
	cr_assert_eq(w.said.want, 0);
	world_pass(&w, world_h(&w));
	cr_assert_neq(w.said.want, 0);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_FAILBACK);
}

static void not_configured(void) {
	w.config.failback = 0;
	world_reload(&w);
}

static void not_preferred(void) {
	w.config.preferred = false;
	world_reload(&w);
}

static void paused(void) {
	world_pause(&w, 0);
}

static void ill(void) {
	w.config.health = true;
	w.config.health_fall = w.config.health_rise = 1;
	world_reload(&w);
	world_health(&w, false);
}

static void not_echoed(void) {
	w.echoing = false;
}

static void nobody_serves(void) {
	w.says.lease = false;
}

static void told_another_configuration(void) {
	w.config.digest = 1;
	w.says.digest = 2;
	world_reload(&w);
}

Test(core_failback, not_by_one_that_is_not_meant_or_not_ready) {
	static const struct {
		const char *what;
		void (*out)(void);
	} rows[] = {{"nothing is missing", nothing},
		    {"not configured", not_configured},
		    {"not preferred", not_preferred},
		    {"paused", paused},
		    {"ill", ill},
		    {"not echoed", not_echoed},
		    {"nobody serves", nobody_serves},
		    {"the configurations differ", told_another_configuration}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		preferred();
		rows[i].out();
		world_pass_long(&w, failback + SEC);
		cr_assert_eq(w.said.want != 0, rows[i].out == nothing, "%s", rows[i].what);
	}
}

Test(core_failback, what_comes_between_begins_it_anew) {
	preferred();
	world_pass_long(&w, failback / 2);
	world_carrier(&w, false);
	world_pass(&w, SEC);
	cr_assert_eq(world_status(&w)->failback_at, MONO_FAR);
	world_carrier(&w, true);
	tick();
	cr_assert_eq(world_status(&w)->failback_at, w.now + failback);
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

static void primary(void) {
	world_primary(&w);
}

static void backup(void) {
	world_backup(&w);
}

static void listening(void) {
	world_boot(&w);
}

static void backup_that_asks(void) {
	world_backup(&w);
	world_verb(&w, VERB_TAKEOVER, false, false);
}

static void backup_without_carrier(void) {
	world_backup(&w);
	world_carrier(&w, false);
}

static void primary_alone(void) {
	world_primary(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
}

static void primary_that_stands_down(void) {
	world_primary(&w);
	world_verb(&w, VERB_STANDDOWN, false, false);
}

static void primary_leaving(void) {
	world_primary(&w);
	world_stop(&w);
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
		    {"listening", listening}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		rows[i].ready();
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
	world_verb(&w, VERB_STANDDOWN, false, false);
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
