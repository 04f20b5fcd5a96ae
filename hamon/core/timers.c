/* The arithmetic of the pair's times. What each one is for stands in timers.h and docs/SAFETY.md; here is how it follows
 * from the heartbeat interval, and the search for the largest interval that keeps `within`. Integers only, in ns. */
#include "hamon/core/timers.h"

#include <assert.h>
#include <errno.h>

/* s: SCHED_FIFO with every CPU kept busy wakes 1.3 ms late at worst on a quiet host. */
#define LATENESS (1500 * USEC)
/* q: a data frame of the old primary may still stand in a queue of its own when its lease ends. */
#define QUEUEING MSEC
/* delta, besides an h: the permit takes a round trip to the kernel. The h is for a machine that stands still now and then:
 * the wake that finds the dead interval over, or the tests due, may come late by a freeze. */
#define REACTION (2 * MSEC)
/* claim: the grant and the first chunk cost about 2 ms, and an address about 40 us: netlink, then its announcements. */
#define CLAIM_BASE    (2 * MSEC)
#define CLAIM_ADDRESS (40 * USEC)

/* rho: two clocks drift apart by at most 0.1 % each. Both round up: what is computed here is waited for. */
static span_t times_1_plus_rho(span_t x) {
	return x + (x + 999) / 1000;
}

static span_t divided_by_1_minus_rho(span_t x) {
	return (x * 1000 + 998) / 999;
}

/* Rounds down, so that a bound that holds here holds. */
static span_t times_1_minus_rho(span_t x) {
	return x * 999 / 1000;
}

static span_t round_up(span_t x, span_t unit) {
	return (x + unit - 1) / unit * unit;
}

/* Both bounds have a 2 L: a freeze between a decision and its send is bounded only by the lease that was running, so a
 * marked frame may leave late and buy one more L. */
static span_t overlap_bound(span_t cover) {
	return times_1_plus_rho(cover) + QUEUEING;
}

static span_t proof_bound(const struct timers *t) {
	span_t from_test_to_silence = t->test_fresh + mono_max(t->permit, t->lease) + t->lease + t->jiffies_lag;
	return divided_by_1_minus_rho(times_1_plus_rho(from_test_to_silence)) + QUEUEING;
}

static span_t within_bound(const struct timers *t) {
	return times_1_plus_rho(t->dead) + t->heartbeat + t->reaction + t->claim;
}

/* Every number from a given heartbeat interval. */
static struct timers timers_at(const struct timers_ask *ask, span_t h) {
	struct timers t = {
		.within = ask->within,
		.tick = ask->tick,
		.jiffies_lag = ask->jiffies_lag,
		.heartbeat = h,
		.lateness = LATENESS,
		.queueing = QUEUEING,
		.reaction = REACTION + h,
		.claim = CLAIM_BASE + (span_t)ask->addresses * CLAIM_ADDRESS,
	};
	t.echo = 11 * h / 2;
	t.lease = round_up(ask->lease ? ask->lease : mono_max(3 * h, 2 * h + t.tick + t.lateness), t.tick);
	t.unheard = mono_max(5 * h, t.lease);
	t.test_fresh = 4 * h;
	t.stall = t.unheard - 2 * h;
	t.permit = mono_min(mono_max(h, 2 * t.tick), t.lease); /* one that outlived L would let stale tests through */
	t.cover = round_up(t.echo + 2 * t.lease + t.jiffies_lag, USEC); /* announced in whole us */
	t.test_proof = round_up(proof_bound(&t), USEC);
	t.dead = ask->dead ? ask->dead
			   : round_up(mono_max(divided_by_1_minus_rho(overlap_bound(t.cover)), t.test_proof + 3 * h / 2),
				      USEC);
	t.least = within_bound(&t);
	return t;
}

static struct timers_check check(const char *name, const char *formula, span_t left, span_t right) {
	return (struct timers_check){
		.name = name, .formula = formula, .left = left, .right = right, .holds = left >= right};
}

size_t timers_check(const struct timers *t, struct timers_check out[static TIMERS_CHECKS]) {
	span_t h = t->heartbeat;
	out[TIMERS_NO_OVERLAP] = check("no overlap", "D (1 - rho) >= (A + 2 L + J)(1 + rho) + q",
				       times_1_minus_rho(t->dead), overlap_bound(t->cover));
	out[TIMERS_PROOF] =
		check("tests prove", "H >= (F + max(G, L) + L + J)(1 + rho)/(1 - rho) + q", t->test_proof, proof_bound(t));
	out[TIMERS_PROOF_FITS] = check("proof fits", "D - 1.5 h >= H", t->dead - 3 * h / 2, t->test_proof);
	out[TIMERS_UNHEARD] = check("alone in time", "A + L - 3 h >= W", t->echo + t->lease - 3 * h, t->unheard);
	out[TIMERS_STALL] = check("own stall", "S >= h/2 + 2 s", t->stall, h / 2 + 2 * t->lateness);
	out[TIMERS_RENEWAL] = check("renewal", "L >= 2 h + tick + s", t->lease, 2 * h + t->tick + t->lateness);
	out[TIMERS_WITHIN] = check("promise", "T >= D (1 + rho) + h + delta + claim", t->within, within_bound(t));

	size_t broken = 0;
	for (size_t i = 0; i < TIMERS_CHECKS; i++)
		broken += !out[i].holds;
	return broken;
}

/* Once one of these breaks, it stays broken for every longer interval: that is what makes a bisection find the largest. The
 * one that is left out, TIMERS_STALL, breaks only for the very shortest. */
static bool not_too_long(const struct timers *t) {
	struct timers_check checks[TIMERS_CHECKS];
	return timers_check(t, checks) == !checks[TIMERS_STALL].holds;
}

static span_t largest_interval(const struct timers_ask *ask) {
	span_t fits = TIMERS_HEARTBEAT_LEAST / USEC, too_long = TIMERS_HEARTBEAT_MOST / USEC + 1;
	while (too_long - fits > 1) {
		span_t middle = (fits + too_long) / 2;
		struct timers t = timers_at(ask, middle * USEC);
		if (not_too_long(&t))
			fits = middle;
		else
			too_long = middle;
	}
	return fits * USEC; /* the least one, when none fits: the nearest miss */
}

int timers_derive(const struct timers_ask *ask, struct timers *out) {
	assert(ask->tick > 0 && ask->jiffies_lag >= 0);
	assert(ask->within > 0 && ask->within <= TIMERS_LONGEST && ask->heartbeat <= TIMERS_HEARTBEAT_MOST);
	assert(ask->lease <= TIMERS_LONGEST && ask->dead <= TIMERS_LONGEST);

	*out = timers_at(ask, ask->heartbeat ? ask->heartbeat : largest_interval(ask));
	struct timers_check checks[TIMERS_CHECKS];
	return timers_check(out, checks) ? -ERANGE : 0;
}

span_t timers_least(const struct timers_ask *ask) {
	/* The promise needs the less, the shorter the interval is: so the first one at which the rest holds is it. */
	span_t from = ask->heartbeat ? ask->heartbeat : TIMERS_HEARTBEAT_LEAST;
	span_t to = ask->heartbeat ? ask->heartbeat : TIMERS_HEARTBEAT_MOST;
	for (span_t h = from; h <= to; h += 10 * USEC) {
		struct timers t = timers_at(ask, h);
		t.within = t.least;
		struct timers_check checks[TIMERS_CHECKS];
		if (!timers_check(&t, checks))
			return t.least;
	}
	return 0;
}

bool timers_cover(const struct timers *t, span_t peer_cover) {
	return times_1_minus_rho(t->dead) >= overlap_bound(peer_cover);
}

bool timers_outlive_lag(const struct timers *t) {
	return t->lease >= 2 * t->heartbeat + t->jiffies_lag + t->lateness;
}
