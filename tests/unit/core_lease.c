/* RULES "send", "now > est", DEAF, "every wake": when the primary renews, and how it goes silent. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

/* ---- send: the renew mark ---- */

Test(core_send, a_fresh_echo_renews) {
	world_init(&w);
	w.answering = 0;
	world_primary(&w);
	world_pass(&w, 10 * world_timers(&w)->lease);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(w.said.mark, MARK_RENEW);
	cr_assert(w.said.lease);
}

Test(core_send, the_estimate_counts_from_before_the_decision_less_a_tick) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 3 * world_h(&w));
	mono_t decided = w.core.decided[w.said.seq % CORE_DECIDED];
	cr_assert_eq(w.said.mark, MARK_RENEW);
	cr_assert_eq(world_status(&w)->lease_renewed, decided);
	cr_assert_eq(core_lease_until(&w.core), world_status(&w)->lease_until);
	cr_assert_eq(world_status(&w)->lease_until, decided + world_timers(&w)->lease - world_timers(&w)->tick);
}

/* An answer that comes late counts from the decision all the same. */
Test(core_send, an_acceptance_told_late_buys_no_time) {
	world_init(&w);
	world_primary(&w);
	w.mute = 1U << ACT_SEND;
	world_forget(&w);
	while (world_count(&w, ACT_SEND) == 0)
		world_pass(&w, MSEC);
	mono_t decided = w.core.decided[w.said.seq % CORE_DECIDED];
	w.now += 5 * MSEC;
	world_event(&w,
		    &(struct event){.type = EV_SENT, .sent = {.seq = w.said.seq, .mark = MARK_RENEW, .result = SENT_OUT}});
	cr_assert_eq(world_status(&w)->lease_until, decided + world_timers(&w)->lease - world_timers(&w)->tick);
}

Test(core_send, the_least_that_was_left_of_the_lease_is_kept) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 10 * world_h(&w));
	span_t lowest = world_status(&w)->lease_lowest;
	cr_assert(lowest > 0 && lowest < world_timers(&w)->lease);
	world_freeze(&w, world_h(&w) + world_h(&w) / 2);
	cr_assert_lt(world_status(&w)->lease_lowest, lowest);
}

Test(core_send, alone_and_tests_hold_it_renews) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, 3 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
	cr_assert(world_status(&w)->alone);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 0);
}

Test(core_send, alone_and_no_test_answers_it_lapses) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	w.answering = 0;
	world_pass(&w, world_timers(&w)->echo + world_timers(&w)->lease + world_h(&w));
	world_expect(&w, STATE_ISOLATED);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_LAPSED);
}

Test(core_send, alone_always_needs_no_tests) {
	world_init(&w);
	w.config.alone = ALONE_ALWAYS;
	world_primary(&w);
	w.on = false;
	w.answering = 0;
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

/* The peer is heard, and hears us not: only its echo may renew, for there it may be that nobody hears us. */
Test(core_send, heard_but_not_echoed_it_lapses) {
	world_init(&w);
	world_primary(&w);
	w.echoing = false;
	world_pass(&w, world_timers(&w)->echo + world_timers(&w)->lease + world_h(&w));
	world_expect(&w, STATE_ISOLATED);
}

Test(core_send, an_old_echo_repeated_does_not_renew) {
	world_init(&w);
	world_primary(&w);
	struct heartbeat hb = w.says;
	hb.echo_boot = w.memory.boot;
	hb.echo_seq = w.said.seq;
	w.on = false;
	mono_t end = w.now + world_timers(&w)->echo + world_timers(&w)->lease + world_h(&w);
	while (w.now < end) {
		hb.seq = ++w.peer_seq;
		world_hear_frame(&w, &hb, w.now, 0);
		world_pass(&w, world_h(&w));
	}
	world_expect(&w, STATE_ISOLATED);
}

Test(core_send, a_higher_epoch_seen_stops_the_renewal) {
	world_init(&w);
	w.memory.reserved = WORLD_MARK + 2; /* enough for one claim, not for going above the peer's */
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	world_primary(&w);
	w.says.seen = 101;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.mark, MARK_PLAIN);
	cr_assert_eq(w.said.seen, 101);
}

Test(core_send, no_link_took_it_nothing_is_renewed) {
	world_init(&w);
	world_primary(&w);
	w.renew = SENT_FAILED;
	mono_t until = world_status(&w)->lease_until;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_status(&w)->lease_until, until);
	cr_assert(world_status(&w)->hold);
}

Test(core_send, refused_the_lease_is_gone) {
	world_init(&w);
	world_primary(&w);
	w.renew = SENT_REFUSED;
	w.mute = 1U << ACT_PERMIT;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_REMOVE_ADDRESSES), 1);
}

/* ---- now > est ---- */

Test(core_lapse, before_anything_else_in_a_wake) {
	static const enum event_type first[] = {EV_WAKE, EV_TICK, EV_HEARTBEAT, EV_TEST_ANSWERED, EV_STOP};

	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		world_init(&w);
		w.mute = 1U << ACT_DROP_LEASE;
		world_primary(&w);
		uint64_t seen = world_status(&w)->seen;
		w.now = world_status(&w)->lease_until + 1;
		struct event event = {.type = first[i]};
		world_event(&w, &event);
		cr_assert(!world_status(&w)->hold, "%s", event_name(first[i]));
		cr_assert_eq(w.log[0].type, ACT_DROP_LEASE);
		cr_assert_eq(world_status(&w)->seen, seen, "seen stays");
	}
}

Test(core_lapse, not_before_the_estimate) {
	world_init(&w);
	world_primary(&w);
	w.now = world_status(&w)->lease_until;
	world_event(&w, &(struct event){.type = EV_WAKE});
	cr_assert(world_status(&w)->hold);
}

Test(core_lapse, a_lease_lost_in_the_kernel_is_lost) {
	world_init(&w);
	world_primary(&w);
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(core_lease_until(&w.core), MONO_NEVER);
	cr_assert_eq(world_status(&w)->lease_renewed, MONO_NEVER);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
}

Test(core_lapse, it_comes_back_by_consent_within_a_round_trip) {
	world_init(&w);
	world_primary(&w);
	world_freeze(&w, world_timers(&w)->lease + MSEC);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_last(&w, ACT_SEND)->send.hb.seen, w.core.epoch);
}

Test(core_lapse, until_the_kernel_confirms_the_lease_is_said_to_be_held) {
	world_init(&w);
	w.mute = 1U << ACT_DROP_LEASE;
	world_primary(&w);
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_pass(&w, 2 * world_h(&w));
	cr_assert(w.said.lease && w.said.mark == MARK_PLAIN);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0, "and nothing is claimed");
	w.mute = 0;
	world_done(&w, EV_LEASE_DROPPED, 0);
	uint64_t seq = w.said.seq;
	w.says.want = 7; /* or it would be claimed again at once */
	world_hear(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert(w.said.seq > seq && !w.said.lease, "it is said at once");
}

Test(core_lapse, a_drop_that_failed_is_done_again) {
	world_init(&w);
	world_primary(&w);
	w.drop_error = EIO;
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_pass(&w, 2 * world_h(&w));
	cr_assert_geq(world_count(&w, ACT_DROP_LEASE), 3);
	cr_assert(w.said.lease);
	w.drop_error = 0;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

/* ---- DEAF ---- */

/* Backup whose peer falls silent; nothing answers the tests. */
static void unheard_and_unfit(void) {
	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
}

Test(core_deaf, unheard_and_unfit_it_says_so) {
	unheard_and_unfit();
	world_expect(&w, STATE_DEAF);
	cr_assert(w.said.deaf && w.said.mark == MARK_PLAIN);
}

Test(core_deaf, not_while_the_peer_is_heard) {
	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert(!w.said.deaf);
	world_expect(&w, STATE_BACKUP);
}

Test(core_deaf, not_while_eligible) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	world_expect(&w, STATE_COUNTDOWN);
	cr_assert(!w.said.deaf);
}

Test(core_deaf, whatever_keeps_it_from_taking_over) {
	world_init(&w);
	w.config.automatic = false;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert(w.said.deaf, "automatic failover off");

	world_init(&w);
	world_backup(&w);
	world_pause(&w, 0);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert(w.said.deaf, "paused");

	world_init(&w);
	world_backup(&w);
	world_carrier(&w, false);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert(w.said.deaf, "no carrier");
	world_expect(&w, STATE_FAULT);
}

/* Else two that may not take over would stay deaf to one another after a split. */
Test(core_deaf, not_while_the_peers_own_deafness_is_received) {
	unheard_and_unfit();
	cr_assert(w.said.deaf);
	mono_t rx = world_status(&w)->peer_rx;
	w.on = true;
	w.says.deaf = true;
	w.says.lease = false;
	world_pass(&w, 3 * world_h(&w));
	cr_assert(!w.said.deaf);
	cr_assert_eq(world_status(&w)->peer_rx, rx, "it counts for nothing else");
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert(w.said.deaf);
}

Test(core_deaf, a_stall_of_our_own_is_no_deafness) {
	world_init(&w);
	w.answering = 0;
	world_backup(&w);
	w.on = false;
	world_freeze(&w, 2 * world_timers(&w)->unheard);
	world_pass(&w, world_timers(&w)->unheard - world_h(&w));
	cr_assert(!w.said.deaf);
	world_pass(&w, 3 * world_h(&w));
	cr_assert(w.said.deaf);
}

/* Each time that we said it the peer did not count us as heard, so it may have begun anew. */
Test(core_deaf, the_dead_interval_begins_when_it_was_said_last) {
	unheard_and_unfit();
	world_pass(&w, 2 * world_timers(&w)->dead);
	mono_t last = w.core.last_deaf;
	cr_assert_leq(w.now - last, world_h(&w));
	w.answering = UINT16_MAX;
	world_forget(&w);
	while (world_count(&w, ACT_PERMIT) == 0 && w.now < last + 2 * world_timers(&w)->dead)
		world_pass(&w, MSEC);
	cr_assert_geq(w.now, w.core.last_deaf + world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

/* ---- every wake: our own stall ---- */

Test(core_stall, the_dead_interval_begins_anew) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_freeze(&w, 2 * world_timers(&w)->dead);
	mono_t thawed = w.now;
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, world_timers(&w)->dead - MSEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * MSEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
	cr_assert_geq(w.now, thawed + world_timers(&w)->dead);
}

Test(core_stall, it_is_noted_with_its_length_and_kept_as_the_worst) {
	world_init(&w);
	world_backup(&w);
	mono_t last = w.core.last_wake;
	world_freeze(&w, 480 * MSEC);
	cr_assert_eq(world_notes(&w, NOTE_STALL), 1);
	cr_assert_eq(world_note(&w, NOTE_STALL)->value, w.now - last);
	cr_assert_eq(world_status(&w)->worst_gap, w.now - last);
	cr_assert_eq(world_status(&w)->worst_gap_at, w.now);
}

Test(core_stall, a_gap_of_s_is_none) {
	world_init(&w);
	world_backup(&w);
	world_freeze(&w, w.core.last_wake + world_timers(&w)->stall - w.now);
	cr_assert_eq(world_notes(&w, NOTE_STALL), 0);
	world_freeze(&w, world_timers(&w)->stall + 1);
	cr_assert_eq(world_notes(&w, NOTE_STALL), 1);
}

Test(core_stall, the_worst_lateness_is_kept) {
	world_init(&w);
	world_backup(&w);
	world_event(&w, &(struct event){.type = EV_WAKE, .wake.late = 3 * MSEC});
	world_event(&w, &(struct event){.type = EV_WAKE, .wake.late = MSEC});
	cr_assert_eq(world_status(&w)->worst_late, 3 * MSEC);
}
