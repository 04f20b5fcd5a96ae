/* RULES "every claim", the four claims and CLAIM: each guard is tried whole, then with each of its parts knocked out. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

/* What is knocked out of a guard, before the claim could be made. */
struct knock {
	const char *what;
	void (*out)(void);
};

static void nothing(void) {
}

/* ---- knocks that every claim feels ---- */

static void we_leave(void) {
	world_stop(&w);
}

static void we_have_a_fault(void) {
	world_carrier(&w, false);
}

static void no_epoch_in_reserve(void) {
	w.reserve_error = EIO;
	w.core.reserved = w.core.seen;
}

/* A lease given up, of which the kernel has not told yet that it is gone. */
static void a_drop_is_under_way(void) {
	w.core.dropping = true;
}

/* The permit of another claim is under way. */
static void a_claim_is_under_way(void) {
	w.core.claim = CLAIM_PERMIT;
}

/* ---- what the peer says ---- */

static void peer_holds_the_lease(void) {
	w.says.lease = true;
	w.says.leaving = false;
}

static void peer_does_not_echo(void) {
	w.echoing = false;
}

/* It echoes one that we decided longer than A ago. */
static void peer_echoes_late(void) {
	w.core.decided[w.said.seq % CORE_DECIDED] = w.now - world_timers(&w)->echo - 1;
}

static void peer_is_deaf(void) {
	w.says.deaf = true;
}

static void peer_asks(void) {
	w.says.want = 5;
}

/* One more heartbeat, then the rules. Was a permit asked for, and for this reason? */
static bool claims(enum cause ground) {
	world_forget(&w);
	world_hear(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	return world_count(&w, ACT_PERMIT) == 1 && w.core.claim_ground == ground;
}

static void try_all(const struct knock *knocks, size_t n, void (*ready)(void), enum cause ground) {
	for (size_t i = 0; i < n; i++) {
		ready();
		w.mute = 1U << ACT_PERMIT | 1U << ACT_DROP_LEASE;
		knocks[i].out();
		cr_assert_eq(claims(ground), knocks[i].out == nothing, "%s", knocks[i].what);
	}
}

#define TRY(knocks, ready, ground) try_all(knocks, sizeof(knocks) / sizeof *(knocks), ready, ground)

/* ---- claim by release ---- */

/* Asked for the role; the peer's next heartbeat releases it to this request. */
static void released(void) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	w.answering = 0; /* neither FIT ... */
	world_verb(&w, VERB_TAKEOVER, false, false);
	world_wake(&w);
	world_pause(&w, 0); /* ... nor automatic failover is needed */
	cr_assert_neq(w.said.want, 0);
	w.says.rel = w.said.want;
	w.says.lease = false;
}

static void never_asked(void) {
	w.core.want = 0;
}

static void released_to_an_older_request(void) {
	w.says.rel = w.said.want - 1;
}

static void not_released(void) {
	w.says.rel = 0;
}

/* It asks for the role in its turn, and we own the epoch: that is answered first. */
static void we_released_too(void) {
	w.says.want = 5;
	w.says.seen = w.core.seen + 1;
}

Test(core_claim, by_release) {
	static const struct knock knocks[] = {
		{"nothing is missing", nothing},
		{"want = 0", never_asked},
		{"pm.rel is another request's", released_to_an_older_request},
		{"pm.rel = 0", not_released},
		{"rel != 0", we_released_too},
		{"pm.lease", peer_holds_the_lease},
		{"no echo", peer_does_not_echo},
		{"an echo that is not fresh", peer_echoes_late},
		{"pm is deaf", peer_is_deaf},
		{"leaving", we_leave},
		{"a fault", we_have_a_fault},
		{"no epoch", no_epoch_in_reserve},
		{"a drop not confirmed", a_drop_is_under_way},
		{"pend", a_claim_is_under_way},
	};
	TRY(knocks, released, CAUSE_RELEASE);
}

/* ---- claim by farewell ---- */

static void farewell(void) {
	world_init(&w);
	w.config.automatic = false;
	w.answering = 0;
	world_backup(&w);
	w.on = false;
	w.says.lease = false;
	w.says.leaving = true;
}

static void peer_stays(void) {
	w.says.leaving = false;
}

Test(core_claim, by_farewell) {
	static const struct knock knocks[] = {
		{"nothing is missing", nothing},
		{"pm is not leaving", peer_stays},
		{"pm.lease", peer_holds_the_lease},
		{"no echo", peer_does_not_echo},
		{"an echo that is not fresh", peer_echoes_late},
		{"pm is deaf", peer_is_deaf},
		{"leaving", we_leave},
		{"a fault", we_have_a_fault},
		{"no epoch", no_epoch_in_reserve},
		{"a drop not confirmed", a_drop_is_under_way},
		{"pend", a_claim_is_under_way},
	};
	TRY(knocks, farewell, CAUSE_FAREWELL);
}

/* ---- claim by consent ---- */

/* The peer held; now it does not, and we own what both have seen. */
static void consent(void) {
	world_init(&w);
	w.config.automatic = false;
	w.answering = 0;
	world_backup(&w);
	w.on = false;
	w.says.lease = false;
	w.says.seen++;
}

static void peer_owns_the_epoch(void) {
	w.says.seen++;
}

Test(core_claim, by_consent) {
	static const struct knock knocks[] = {
		{"nothing is missing", nothing},
		{"the peer owns seen", peer_owns_the_epoch},
		{"pm.lease", peer_holds_the_lease},
		{"pm.want", peer_asks},
		{"no echo", peer_does_not_echo},
		{"an echo that is not fresh", peer_echoes_late},
		{"pm is deaf", peer_is_deaf},
		{"leaving", we_leave},
		{"a fault", we_have_a_fault},
		{"no epoch", no_epoch_in_reserve},
		{"a drop not confirmed", a_drop_is_under_way},
		{"pend", a_claim_is_under_way},
	};
	TRY(knocks, consent, CAUSE_CONSENT);
}

/* W is shorter than A: what was heard last may still be fresh when the peer is unheard. */
Test(core_claim, by_consent_only_within_w) {
	static const struct {
		span_t before; /* the end of W */
		size_t permits;
	} rows[] = {{MSEC, 1}, {-MSEC, 0}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		consent();
		world_carrier(&w, false);
		w.core.decided[w.said.seq % CORE_DECIDED] = w.now;
		world_hear(&w);
		world_pass(&w, world_timers(&w)->unheard - rows[i].before);
		cr_assert(w.now - w.core.peer.echo <= world_timers(&w)->echo, "the echo is fresh still");
		world_forget(&w);
		world_carrier(&w, true);
		world_event(&w, &(struct event){.type = EV_TICK});
		cr_assert_eq(world_count(&w, ACT_PERMIT), rows[i].permits);
	}
}

/* ---- claim by silence ---- */

/* The peer has been silent for all but a little of D. */
static void silence(void) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_status(&w)->peer_rx + world_timers(&w)->dead - MSEC - w.now);
	w.mute = 1U << ACT_PERMIT | 1U << ACT_DROP_LEASE;
}

static void it_speaks(void) {
	world_hear(&w);
}

static void it_was_paused(void) {
	world_pause(&w, 0);
}

static void it_has_no_automatic_failover(void) {
	w.config.automatic = false;
	world_reload(&w);
}

static void it_has_no_backup_operations(void) {
	w.config.backup_operations = false;
	world_reload(&w);
}

/* Answers in time, but one was missing within H. */
static void a_test_was_broken(void) {
	w.core.tests[0].unbroken = w.now + 2 * MSEC - world_timers(&w)->test_proof;
}

static void no_test_answers_now(void) {
	w.core.tests[0].answered = w.now + MSEC - world_timers(&w)->test_fresh - 1;
	w.answering = 0;
}

static void the_test_ip_is_another_one(void) {
	w.config.tests_renewed = 1;
	world_reload(&w);
}

/* A node of the cluster whose key differs was heard: somebody lives there. */
static void a_stranger_speaks(void) {
	world_event(&w, &(struct event){.type = EV_WRONG_KEY});
}

static void not_covered(void) {
	w.core.peer.cover = world_timers(&w)->dead;
}

static void we_said_deaf(void) {
	w.core.last_deaf = w.now - MSEC;
}

static void we_stood_still(void) {
	w.core.stall = w.now - MSEC;
}

static void we_just_started(void) {
	w.core.start = w.now - world_timers(&w)->dead + 2 * MSEC;
}

static void told_another_configuration(void) {
	w.config.digest = 1;
	world_reload(&w);
	w.core.peer.digest = 2;
}

/* Never heard since the start, and it should have been. */
static void never_met(void) {
	w.config.wait_for_peer = true;
	world_reload(&w);
	w.core.met = false;
}

static void somebody_answers(void) {
	world_claimed(&w, EV_HOLDER);
}

static void a_countdown_is_set(void) {
	w.config.countdown = SEC;
	world_reload(&w);
}

static void too_many_takeovers_lately(void) {
	w.config.hold_down = w.config.hold_down_most = SEC;
	world_reload(&w);
	w.core.failovers = 4;
	w.core.decay_at = w.now + SEC;
}

static void an_operator_stopped_it(void) {
	world_verb(&w, VERB_ABORT, false, false);
}

static void the_fence_runs(void) {
	w.config.fence = FENCE_BEST_EFFORT;
	w.hanging = 1U << RUN_FENCE;
	world_reload(&w);
}

static void the_fence_failed(void) {
	w.config.fence = FENCE_REQUIRED;
	w.failing = 1U << RUN_FENCE;
	world_reload(&w);
}

static void before_primary_runs(void) {
	w.config.gate = true;
	w.hanging = 1U << RUN_BEFORE_PRIMARY;
	world_reload(&w);
}

static void vetoed(void) {
	w.config.gate = true;
	w.failing = 1U << RUN_BEFORE_PRIMARY;
	world_reload(&w);
}

#define FACT(name) (UINT32_C(1) << FACT_##name)

/* What is knocked out is what the facts name, and nothing else. */
Test(core_claim, by_silence) {
	static const struct {
		const char *what;
		void (*out)(void);
		uint32_t missing;
	} rows[] = {
		{"nothing is missing", nothing, 0},
		{"the peer speaks", it_speaks, FACT(SILENT)},
		{"it began to be silent at our start", we_just_started, FACT(SILENT)},
		{"our own stall", we_stood_still, FACT(SILENT)},
		{"deaf", we_said_deaf, FACT(SILENT)},
		{"paused", it_was_paused, FACT(AUTOMATIC)},
		{"automatic failover off", it_has_no_automatic_failover, FACT(AUTOMATIC)},
		{"backup operations off", it_has_no_backup_operations, FACT(AUTOMATIC)},
		{"a fault", we_have_a_fault, FACT(NO_FAULT)},
		{"a wrong key heard", a_stranger_speaks, FACT(KEY)},
		{"the configurations differ", told_another_configuration, FACT(DIGEST)},
		{"the peer's times not covered", not_covered, FACT(COVERED)},
		{"tests not fresh", no_test_answers_now, FACT(TESTS) | FACT(PROVEN)},
		{"tests not unbroken for H", a_test_was_broken, FACT(PROVEN)},
		{"another test IP in the slot", the_test_ip_is_another_one, FACT(PROVEN)},
		{"an answer for a shared IP", somebody_answers, FACT(NO_HOLDER)},
		{"never met", never_met, FACT(MET)},
		{"hold-down", too_many_takeovers_lately, FACT(HOLD_DOWN)},
		{"countdown", a_countdown_is_set, FACT(COUNTDOWN)},
		{"aborted", an_operator_stopped_it, FACT(NO_ABORT)},
		{"the fence runs", the_fence_runs, FACT(FENCED)},
		{"the fence failed", the_fence_failed, FACT(FENCED)},
		{"before-primary runs", before_primary_runs, FACT(NO_VETO)},
		{"vetoed", vetoed, FACT(NO_VETO) | FACT(NO_FAULT)},
		{"no epoch", no_epoch_in_reserve, FACT(EPOCHS) | FACT(NO_FAULT)},
		{"leaving", we_leave, 0},
		{"a drop not confirmed", a_drop_is_under_way, 0},
		{"pend", a_claim_is_under_way, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		silence();
		rows[i].out();
		world_forget(&w);
		world_pass(&w, MSEC - USEC);
		cr_assert_eq(world_count(&w, ACT_PERMIT), 0, "%s: before D", rows[i].what);
		world_pass(&w, 2 * USEC);
		cr_assert_eq(world_count(&w, ACT_PERMIT), rows[i].out == nothing, "%s", rows[i].what);
		/* Who may not take over says deaf, and the silence begins anew. */
		uint32_t missing = world_missing_automatic(&w), deaf = w.said.deaf ? FACT(SILENT) : 0;
		cr_assert_eq(missing & ~deaf, rows[i].missing & ~deaf, "%s: %x", rows[i].what, missing);
	}
}

/* The peer's deafness ends no silence, and a heartbeat of its older life neither. */
Test(core_claim, by_silence_counts_from_the_last_normal_heartbeat) {
	silence();
	w.says.deaf = true;
	w.says.lease = false;
	world_hear(&w);
	world_pass(&w, 2 * MSEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

Test(core_claim, by_silence_without_test_ips_needs_none) {
	world_init(&w);
	w.config.tests = 0;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_count(&w, ACT_TEST), 0);
}

/* ---- CLAIM ---- */

/* The permit for a claim by silence was asked for and has not been answered. */
static void permit_asked(void) {
	silence();
	world_forget(&w);
	world_pass(&w, MSEC + USEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
	cr_assert_eq(world_last(&w, ACT_PERMIT)->permit.life, world_timers(&w)->permit);
	world_expect(&w, STATE_CLAIMING);
	world_forget(&w);
}

Test(core_claim, in_order_permit_grant_permit_dropped_addresses_announcements) {
	permit_asked();
	w.mute = 0;
	uint64_t seen = world_status(&w)->seen;
	world_done(&w, EV_PERMITTED, 0);
	cr_assert_eq(w.log[0].type, ACT_SEND);
	cr_assert_eq(w.log[1].type, ACT_DROP_PERMIT);
	cr_assert_eq(w.log[2].type, ACT_ADD_ADDRESSES);
	const struct heartbeat *hb = &w.log[0].send.hb;
	cr_assert(hb->mark == MARK_GRANT && hb->lease && !hb->deaf && hb->want == 0 && hb->rel == 0);
	cr_assert_eq(hb->seen, seen + 1, "the next epoch of ours");
	cr_assert_eq(hb->seen & 1, w.config.parity);
	cr_assert_eq(ip_set_count(&w.log[2].ips), ip_set_count(&w.config.ips));
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
	cr_assert_eq(world_status(&w)->epoch, seen + 1);
	world_expect(&w, STATE_PRIMARY);
}

Test(core_claim, nothing_is_held_until_the_grant_was_accepted) {
	permit_asked();
	w.mute |= 1U << ACT_SEND;
	world_done(&w, EV_PERMITTED, 0);
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
	world_pass(&w, 3 * world_h(&w));
	cr_assert_eq(world_count(&w, ACT_SEND), 1, "no other frame while the grant is on its way");
}

/* The clock was read and the sockets were drained since the permit: what then came to light ends the claim. */
Test(core_claim, the_guard_is_evaluated_again) {
	static const struct knock knocks[] = {
		{"nothing came to light", nothing},
		{"the peer spoke", it_speaks},
		{"paused", it_was_paused},
		{"automatic failover off", it_has_no_automatic_failover},
		{"the tests grew stale", no_test_answers_now},
		{"somebody answers for a shared IP", somebody_answers},
		{"the configurations differ", told_another_configuration},
		{"aborted", an_operator_stopped_it},
		{"deaf", we_said_deaf},
		{"a fault", we_have_a_fault},
		{"leaving", we_leave},
	};

	for (size_t i = 0; i < sizeof knocks / sizeof *knocks; i++) {
		permit_asked();
		knocks[i].out();
		w.now += 2 * MSEC;
		world_done(&w, EV_PERMITTED, 0);
		bool granted = w.said.mark == MARK_GRANT;
		cr_assert_eq(granted, knocks[i].out == nothing, "%s", knocks[i].what);
		cr_assert_geq(world_count(&w, ACT_DROP_PERMIT), 1, "%s", knocks[i].what);
	}
}

Test(core_claim, another_ground_is_another_claim) {
	permit_asked();
	w.says.lease = false;
	w.says.leaving = true;
	world_hear(&w);
	world_done(&w, EV_PERMITTED, 0);
	cr_assert_neq(w.said.mark, MARK_GRANT);
	w.mute = 0;
	world_event(&w, &(struct event){.type = EV_TICK});
	world_expect(&w, STATE_PRIMARY);
}

Test(core_claim, our_own_stall_abandons_it) {
	permit_asked();
	world_freeze(&w, world_timers(&w)->stall + MSEC);
	cr_assert_eq(world_count(&w, ACT_DROP_PERMIT), 1);
	world_done(&w, EV_PERMITTED, 0);
	cr_assert_neq(w.said.mark, MARK_GRANT, "the permit's answer comes too late");
	cr_assert_eq(w.core.claim, CLAIM_NONE);
}

/* The second guard covers it without a wake between. */
Test(core_claim, too_long_between_decision_and_permit_abandons_it) {
	permit_asked();
	w.now += world_timers(&w)->stall + 1;
	w.core.tests[0].answered = w.now;
	world_done(&w, EV_PERMITTED, 0);
	cr_assert_neq(w.said.mark, MARK_GRANT);
}

Test(core_claim, a_permit_that_fails_is_a_fault_forgiven_later) {
	permit_asked();
	w.mute = 0;
	world_done(&w, EV_PERMITTED, EPERM);
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_PERMIT);
	world_pass(&w, 4 * world_timers(&w)->dead - MSEC);
	cr_assert_eq(world_status(&w)->faults, FAULT_PERMIT);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

/* The permit expired, or no link took the frame: no lease, and the epoch is spent all the same. */
Test(core_claim, a_grant_that_did_not_leave_holds_nothing) {
	static const enum sent results[] = {SENT_REFUSED, SENT_FAILED};

	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		permit_asked();
		uint64_t seen = world_status(&w)->seen;
		w.grant = results[i];
		world_done(&w, EV_PERMITTED, 0);
		cr_assert(!world_status(&w)->hold);
		cr_assert_eq(world_status(&w)->seen, seen + 1, "seen stays");
		cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
		cr_assert_eq(world_count(&w, ACT_DROP_PERMIT), 1);
		w.mute = 0;
		w.grant = SENT_OUT;
		world_forget(&w);
		world_pass(&w, world_h(&w));
		world_expect(&w, STATE_PRIMARY);
		cr_assert_eq(world_status(&w)->epoch, seen + 3, "and the next claim takes another");
	}
}

/* Each trial takes an epoch: so one that fails again and again is made less and less often. */
Test(core_claim, a_grant_that_fails_again_and_again_is_tried_ever_less_often) {
	silence();
	w.mute = 0;
	w.grant = SENT_FAILED;
	mono_t last = MONO_NEVER;
	span_t gap = world_h(&w), most = 4 * world_timers(&w)->dead;
	for (int trial = 0; trial < 10; trial++) {
		world_forget(&w);
		for (mono_t end = w.now + 2 * most; world_count(&w, ACT_PERMIT) == 0 && w.now < end;)
			world_pass(&w, MSEC);
		if (trial > 0) {
			span_t waited = w.now - last;
			cr_assert(waited >= gap && waited <= gap + world_h(&w), "%d: %ld us", trial, (long)(waited / USEC));
			gap = mono_min(2 * gap, most);
		}
		last = w.now;
	}
	cr_assert_eq(gap, most);

	w.grant = SENT_OUT;
	world_pass(&w, 2 * most);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(w.core.claim_failures, 0, "one that succeeds begins it anew");
}

Test(core_claim, the_request_ends_with_the_grant_whatever_comes_of_it) {
	released();
	w.grant = SENT_REFUSED;
	world_hear(&w);
	w.mute = 1U << ACT_SEND;
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert(w.said.mark == MARK_GRANT && w.said.want == 0 && w.said.rel == 0);
	cr_assert_eq(w.core.want, 0);
}

Test(core_claim, a_release_is_answered_by_one_claim_only) {
	released();
	world_hear(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	world_expect(&w, STATE_PRIMARY);
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	w.says.seen = w.core.seen + 1;
	world_pass(&w, world_h(&w) / 4);
	world_hear(&w); /* still says the old release */
	world_forget(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
}

/* The peer claimed too, and its frame came in while the grant was on its way. */
Test(core_claim, a_higher_claim_of_the_peer_meanwhile_wins) {
	permit_asked();
	w.mute = 1U << ACT_SEND;
	world_done(&w, EV_PERMITTED, 0);
	w.says.seen = w.core.seen + 1;
	w.says.lease = true;
	world_hear(&w);
	world_event(&w,
		    &(struct event){.type = EV_SENT, .sent = {.seq = w.said.seq, .mark = MARK_GRANT, .result = SENT_OUT}});
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
}
