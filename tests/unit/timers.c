/* The pair's times: over a grid of promises and machines, every inequality is computed once more, in exact fractions, and
 * the interval that was found must be the largest. */
#include "hamon/core/timers.h"

#include <criterion/criterion.h>
#include <errno.h>

/* rho in exact arithmetic: (1 + rho) = 1001/1000, (1 - rho) = 999/1000; both sides are multiplied out. */
static bool covers(span_t dead, span_t cover, span_t q) {
	return (__int128)dead * 999 >= (__int128)cover * 1001 + (__int128)q * 1000;
}

static bool proves(const struct timers *t) {
	span_t span = t->test_fresh + mono_max(t->permit, t->lease) + t->lease + t->jiffies_lag;
	return ((__int128)t->test_proof - t->queueing) * 999 >= (__int128)span * 1001;
}

static bool keeps(const struct timers *t, span_t within) {
	return ((__int128)within - t->heartbeat - t->reaction - t->claim) * 1000 >= (__int128)t->dead * 1001;
}

static void expect_rules(const struct timers *t) {
	span_t h = t->heartbeat;
	cr_expect_eq(t->echo, 11 * h / 2);
	cr_expect_eq(t->lease % t->tick, 0, "a lease of whole ticks");
	cr_expect_geq(t->lease, 3 * h);
	cr_expect_geq(t->lease, 2 * h + t->tick + t->lateness);
	cr_expect(t->lease - t->tick < 3 * h || t->lease - t->tick < 2 * h + t->tick + t->lateness, "and no tick more");
	cr_expect_eq(t->unheard, mono_max(5 * h, t->lease));
	cr_expect_eq(t->test_fresh, 4 * h);
	cr_expect_geq(t->stall, h / 2 + 2 * t->lateness);
	cr_expect_eq(t->permit, mono_min(mono_max(h, 2 * t->tick), t->lease));
	cr_expect_geq(t->cover, t->echo + 2 * t->lease + t->jiffies_lag);
	cr_expect_eq(t->cover % USEC, 0, "the wire carries microseconds");
	cr_expect(covers(t->dead, t->cover, t->queueing));
	cr_expect(proves(t));
	cr_expect_leq(t->test_proof, t->dead - 3 * h / 2);
	cr_expect_leq(t->unheard, t->echo + t->lease - 3 * h);
	cr_expect_eq(t->stall, t->unheard - 2 * h, "as long as is safe");
	cr_expect(keeps(t, t->within));
	cr_expect(keeps(t, t->least) && !keeps(t, t->least - USEC), "least is the least");
}

/* Every promise on every kernel, bare and virtual, with few and many shared IPs. */
Test(timers, every_promise_keeps_every_rule_with_the_largest_interval) {
	static const span_t withins[] = {30 * MSEC, 60 * MSEC, 100 * MSEC, 200 * MSEC, 500 * MSEC,    SEC,
					 2 * SEC,   5 * SEC,   10 * SEC,   60 * SEC,   TIMERS_LONGEST};
	static const span_t ticks[] = {MSEC, SEC / 300, 4 * MSEC, 10 * MSEC};
	static const unsigned lags[] = {1, 6}, addresses[] = {1, 1000};
	unsigned derived = 0;
	for (size_t w = 0; w < sizeof withins / sizeof *withins; w++)
		for (size_t i = 0; i < 16; i++) {
			struct timers_ask ask = {.within = withins[w],
						 .tick = ticks[i / 4],
						 .jiffies_lag = lags[i / 2 % 2] * ticks[i / 4],
						 .addresses = addresses[i % 2]};
			struct timers t, longer;
			if (timers_derive(&ask, &t)) {
				cr_expect_gt(timers_least(&ask), ask.within, "it could have been kept");
				continue;
			}
			derived++;
			expect_rules(&t);
			cr_expect_leq(timers_least(&ask), t.least);
			ask.heartbeat = t.heartbeat + USEC;
			if (ask.heartbeat <= TIMERS_HEARTBEAT_MOST)
				cr_expect_eq(timers_derive(&ask, &longer), -ERANGE, "a longer interval keeps it, too");
		}
	cr_expect_gt(derived, 100);
}

/* The figures that the manual page names. */
Test(timers, the_figures_people_are_told) {
	struct timers_ask ask = {.within = 500 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 24 * MSEC, .addresses = 1};
	struct timers t;
	cr_assert_eq(timers_derive(&ask, &t), 0);
	cr_expect(t.heartbeat > 34 * MSEC && t.heartbeat < 35 * MSEC);
	cr_expect(timers_outlive_lag(&t));
	cr_expect_eq(timers_least(&ask) / MSEC, 52, "on a virtual machine");

	ask.within = 100 * MSEC;
	cr_assert_eq(timers_derive(&ask, &t), 0);
	cr_expect(t.heartbeat > 5 * MSEC && t.heartbeat < 6 * MSEC);
	cr_expect_not(timers_outlive_lag(&t), "a lag of jiffies may cost a lapse");

	ask.jiffies_lag = 4 * MSEC;
	cr_expect_eq(timers_least(&ask) / MSEC, 32, "on bare metal");
}

/* What is missed, is missed by the numbers of the nearest miss. */
Test(timers, too_short_a_promise_is_refused_with_its_numbers) {
	struct timers_ask ask = {.within = 20 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 24 * MSEC, .addresses = 1};
	struct timers t;
	struct timers_check checks[TIMERS_CHECKS];
	cr_assert_eq(timers_derive(&ask, &t), -ERANGE);
	cr_expect_eq(t.heartbeat, TIMERS_HEARTBEAT_LEAST);
	cr_expect_eq(timers_check(&t, checks), 1);
	cr_expect_not(checks[TIMERS_WITHIN].holds);
	cr_expect_eq(checks[TIMERS_WITHIN].left, ask.within);
	cr_expect_eq(checks[TIMERS_WITHIN].right, t.least);
	ask.within = timers_least(&ask);
	cr_expect_eq(timers_derive(&ask, &t), 0);
	ask.within -= USEC;
	cr_expect_eq(timers_derive(&ask, &t), -ERANGE);
}

/* Explicit settings override, one at a time, and break what they break. */
Test(timers, explicit_settings_are_obeyed_or_named) {
	static const struct {
		span_t heartbeat, lease, dead;
		int breaks; /* enum timers_inequality, or -1 */
	} cases[] = {
		{.heartbeat = 30 * MSEC, .breaks = -1},
		{.heartbeat = 60 * MSEC, .breaks = TIMERS_WITHIN},
		{.lease = 101 * MSEC, .breaks = -1}, /* 104 ms */
		{.lease = 300 * MSEC, .breaks = TIMERS_WITHIN},
		{.heartbeat = 30 * MSEC, .lease = 64 * MSEC, .breaks = TIMERS_UNHEARD},
		{.heartbeat = 2 * MSEC, .lease = 8 * MSEC, .breaks = TIMERS_RENEWAL},
		{.dead = 400 * MSEC, .breaks = -1},
		{.dead = 490 * MSEC, .breaks = -1},
		{.dead = 498 * MSEC, .breaks = TIMERS_WITHIN},
		{.dead = 20 * MSEC, .breaks = TIMERS_NO_OVERLAP},
		{.heartbeat = 37 * MSEC, .dead = 440 * MSEC, .breaks = TIMERS_NO_OVERLAP},
		{.heartbeat = 34 * MSEC, .lease = 104 * MSEC, .dead = 425 * MSEC, .breaks = -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct timers_ask ask = {.within = 500 * MSEC,
					 .tick = 4 * MSEC,
					 .jiffies_lag = 24 * MSEC,
					 .addresses = 1,
					 .heartbeat = cases[i].heartbeat,
					 .lease = cases[i].lease,
					 .dead = cases[i].dead};
		struct timers t;
		struct timers_check checks[TIMERS_CHECKS];
		int error = timers_derive(&ask, &t);
		cr_expect_eq(error, cases[i].breaks < 0 ? 0 : -ERANGE, "case %zu", i);
		cr_expect_eq(timers_check(&t, checks) > 0, error != 0, "case %zu", i);
		if (cases[i].breaks >= 0)
			cr_expect_not(checks[cases[i].breaks].holds, "case %zu", i);
		if (ask.heartbeat)
			cr_expect_eq(t.heartbeat, ask.heartbeat, "case %zu", i);
		if (ask.lease)
			cr_expect(t.lease >= ask.lease && t.lease < ask.lease + ask.tick, "case %zu", i);
		if (ask.dead)
			cr_expect_eq(t.dead, ask.dead, "case %zu", i);
		if (!error)
			cr_expect(covers(t.dead, t.cover, t.queueing) && proves(&t) && keeps(&t, t.within), "case %zu", i);
	}
}

/* A dead interval too short for any interval is not mended by a longer promise. */
Test(timers, contradictions_have_no_least) {
	struct timers_ask ask = {
		.within = SEC, .tick = 4 * MSEC, .jiffies_lag = 24 * MSEC, .addresses = 1, .dead = 20 * MSEC};
	cr_expect_eq(timers_least(&ask), 0);
	ask.dead = 900 * MSEC;
	cr_expect(timers_least(&ask) > ask.dead && timers_least(&ask) < SEC);
}

Test(timers, the_peers_numbers_must_be_covered) {
	struct timers_ask ask = {.within = 500 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 24 * MSEC, .addresses = 1};
	struct timers t, slower;
	cr_assert_eq(timers_derive(&ask, &t), 0);
	cr_expect(timers_cover(&t, t.cover));
	ask.jiffies_lag = 60 * MSEC;
	ask.tick = 10 * MSEC;
	cr_assert_eq(timers_derive(&ask, &slower), 0);
	cr_expect_eq(timers_cover(&t, slower.cover), covers(t.dead, slower.cover, t.queueing));
	for (span_t cover = t.dead - 10 * MSEC; cover < t.dead; cover += 100 * USEC)
		cr_expect_eq(timers_cover(&t, cover), covers(t.dead, cover, t.queueing));
}
