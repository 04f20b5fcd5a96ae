/* RULES "Connectivity": the policies, what is fresh, what was unbroken for H, the two rates of the tests, fitness. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

static struct world w;

/* ---- the policies ---- */

struct vote {
	enum policy policy;
	uint16_t tests, answering;
	uint8_t casting;
	bool holds;
};

static const struct vote votes[] = {
	/* nothing to test: connectivity counts as given */
	{POLICY_MAJORITY, 0x0, 0x0, 0, true},
	{POLICY_ANY, 0x0, 0x0, 0, true},
	/* one */
	{POLICY_MAJORITY, 0x1, 0x1, 0, true},
	{POLICY_MAJORITY, 0x1, 0x0, 0, false},
	/* odd: more than half */
	{POLICY_MAJORITY, 0x7, 0x3, 2, true},
	{POLICY_MAJORITY, 0x7, 0x1, 0, false},
	{POLICY_MAJORITY, 0x7, 0x7, 0, true},
	/* even: the first one listed has the casting vote */
	{POLICY_MAJORITY, 0x3, 0x1, 0, true},
	{POLICY_MAJORITY, 0x3, 0x2, 0, false},
	{POLICY_MAJORITY, 0x3, 0x2, 1, true},
	{POLICY_MAJORITY, 0xf, 0x3, 1, true},
	{POLICY_MAJORITY, 0xf, 0x3, 2, false},
	{POLICY_MAJORITY, 0xf, 0x7, 3, true},
	{POLICY_MAJORITY, 0xf, 0x8, 3, false},
	/* slots need not be the first ones */
	{POLICY_MAJORITY, 0x8010, 0x8000, 15, true},
	{POLICY_MAJORITY, 0x8010, 0x8000, 4, false},
	/* any */
	{POLICY_ANY, 0x7, 0x4, 0, true},
	{POLICY_ANY, 0x7, 0x0, 0, false},
};

static void world_of(const struct vote *vote) {
	world_init(&w);
	w.config.policy = vote->policy;
	w.config.tests = vote->tests;
	w.config.casting = vote->casting;
	w.answering = vote->answering;
}

/* FIT and the proof, as the claim by silence needs them. */
Test(core_policy, who_may_claim_by_silence) {
	for (size_t i = 0; i < sizeof votes / sizeof *votes; i++) {
		world_of(&votes[i]);
		world_boot(&w);
		world_pass(&w, 2 * world_timers(&w)->dead);
		cr_assert_eq(world_status(&w)->hold, votes[i].holds, "%s, %x of %x", policy_name(votes[i].policy),
			     votes[i].answering, votes[i].tests);
	}
}

/* The slow verdict, as fitness tells it to the peer. */
Test(core_policy, who_is_fit_by_the_slow_verdict) {
	for (size_t i = 0; i < sizeof votes / sizeof *votes; i++) {
		world_of(&votes[i]);
		world_backup(&w);
		world_pass(&w, 10 * SEC);
		cr_assert_eq(w.said.fitness, votes[i].holds ? 100 : 0, "%s, %x of %x", policy_name(votes[i].policy),
			     votes[i].answering, votes[i].tests);
	}
}

/* Each IP's proof counts for itself: two halves do not make one. */
Test(core_policy, unbroken_is_kept_for_each_ip) {
	world_of(&(struct vote){.policy = POLICY_ANY, .tests = 0x3, .answering = 0x1});
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead - 5 * world_h(&w));
	w.answering = 0x2;
	world_pass(&w, 7 * world_h(&w));
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, world_timers(&w)->test_proof);
	world_expect(&w, STATE_PRIMARY);
}

/* ---- fresh and unbroken ---- */

static void answered(mono_t sent) {
	world_event(&w, &(struct event){.type = EV_TEST_ANSWERED, .answer = {.slot = 0, .sent = sent}});
}

/* Alone, with no tests sent but those that the test answers. */
static void quiet(void) {
	world_init(&w);
	w.answering = 0;
	world_boot(&w);
	w.now += SEC;
	world_event(&w, &(struct event){.type = EV_WAKE});
}

Test(core_tests, fresh_by_the_sending_time_of_the_answered_request) {
	quiet();
	answered(w.now - world_timers(&w)->test_fresh);
	cr_assert(world_status(&w)->test[0].fresh);
	w.now++;
	cr_assert(!world_status(&w)->test[0].fresh);
	cr_assert(world_status(&w)->test[0].slow);
}

Test(core_tests, none_is_never_fresh) {
	quiet();
	cr_assert(!world_status(&w)->test[0].fresh && !world_status(&w)->test[0].slow);
}

Test(core_tests, gaps_of_up_to_f_less_half_an_interval_break_nothing) {
	quiet();
	span_t gap = world_timers(&w)->test_fresh - world_h(&w) / 2;
	mono_t first = w.now - 10 * world_h(&w);
	answered(first);
	answered(first + gap);
	cr_assert_eq(world_status(&w)->test[0].unbroken, first);
	answered(first + 2 * gap + 1);
	cr_assert_eq(world_status(&w)->test[0].unbroken, first + 2 * gap + 1);
}

Test(core_tests, an_answer_out_of_order_takes_nothing_back) {
	quiet();
	answered(w.now - MSEC);
	answered(w.now - 2 * world_h(&w));
	cr_assert_eq(world_status(&w)->test[0].answered, w.now - MSEC);
	cr_assert_eq(world_status(&w)->test[0].unbroken, w.now - MSEC);
}

Test(core_tests, an_answer_of_a_slot_not_in_use_is_nothing) {
	static const unsigned slots[] = {1, CORE_TESTS - 1, CORE_TESTS, UINT32_MAX};

	quiet();
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
		world_event(&w, &(struct event){.type = EV_TEST_ANSWERED, .answer = {.slot = slots[i], .sent = w.now}});
	for (unsigned i = 0; i < CORE_TESTS; i++)
		cr_assert_eq(world_status(&w)->test[i].answered, MONO_NEVER);
}

/* ---- the two rates ---- */

Test(core_tests, one_a_second_while_all_is_well) {
	world_init(&w);
	world_backup(&w);
	world_pass(&w, 10 * SEC);
	size_t n = world_count(&w, ACT_TEST);
	cr_assert(n >= 9 && n <= 11, "%zu", n);
	cr_assert_eq(world_last(&w, ACT_TEST)->tests, w.config.tests);
}

Test(core_tests, one_every_interval_from_the_first_late_heartbeat_on) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	mono_t late = world_status(&w)->peer_rx + 3 * world_h(&w) / 2;
	world_forget(&w);
	while (world_count(&w, ACT_TEST) == 0 || w.now <= late)
		world_pass(&w, USEC * 100);
	cr_assert_leq(w.now - late, MSEC, "begun at once");
	world_forget(&w);
	world_pass(&w, 5 * world_h(&w));
	size_t n = world_count(&w, ACT_TEST);
	cr_assert(n >= 4 && n <= 6, "%zu", n);
}

Test(core_tests, one_every_interval_while_alone) {
	world_init(&w);
	world_primary(&w);
	w.on = false;
	world_pass(&w, SEC);
	cr_assert(world_status(&w)->alone);
	world_forget(&w);
	world_pass(&w, 10 * world_h(&w));
	size_t n = world_count(&w, ACT_TEST);
	cr_assert(n >= 9 && n <= 11, "%zu", n);
}

/* ---- reload ---- */

Test(core_tests, another_ip_in_the_slot_begins_afresh) {
	world_init(&w);
	w.config.tests = 0x3;
	world_backup(&w);
	w.answering = 0;
	w.config.tests_renewed = 0x2;
	world_reload(&w);
	const struct core_status *s = world_status(&w);
	cr_assert_neq(s->test[0].answered, MONO_NEVER);
	cr_assert_eq(s->test[1].answered, MONO_NEVER);
	w.config.tests_renewed = 0;
	w.config.tests = 0x5;
	world_reload(&w);
	s = world_status(&w);
	cr_assert(s->tests == 2 && s->test[2].used && !s->test[1].used);
	world_forget(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(world_count(&w, ACT_TEST), 1, "and is tested at once");
}

Test(core_tests, a_fault_makes_unfit) {
	world_init(&w);
	world_backup(&w);
	cr_assert_eq(world_status(&w)->fitness, 100);
	world_carrier(&w, false);
	cr_assert_eq(world_status(&w)->fitness, 0);
}
