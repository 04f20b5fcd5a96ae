/* Every timer of the pair, derived from the one number that the operator gives (failover within T), and the inequalities
 * that keep two owners apart. Pure arithmetic: what the kernel's tick is, and how far jiffies may lag, is told. */
#ifndef HAMON_CORE_TIMERS_H
#define HAMON_CORE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

#include "hamon/mono.h"

/* What the derivation starts from. */
struct timers_ask {
	span_t within;      /* T: time to serve after a clean fault */
	span_t tick;        /* 1/HZ of this kernel */
	span_t jiffies_lag; /* J: how far jiffies may lag: 1 tick on dedicated CPUs, 6 under a hypervisor */
	unsigned addresses; /* shared IPs to be claimed */
	/* Explicit settings; 0: derive. */
	span_t heartbeat, lease, dead;
};

struct timers {
	span_t within; /* T */
	span_t tick, jiffies_lag;
	span_t heartbeat;  /* h  heartbeat interval */
	span_t echo;       /* A  an echo of a frame decided longer ago is not fresh */
	span_t lease;      /* L  length of the lease, whole ticks */
	span_t unheard;    /* W  after this much silence the peer is unheard */
	span_t test_fresh; /* F  a test answer to a request older than this says nothing */
	span_t test_proof; /* H  answers must have been unbroken for this long */
	span_t stall;      /* S  a longer gap between wakes is a stall of our own */
	span_t permit;     /* G  life of a permit */
	span_t dead;       /* D  dead interval */
	span_t lateness;   /* s  worst wake-up lateness counted on */
	span_t queueing;   /* q  data frames' queueing on the wire */
	span_t claim;      /* the time to claim so many addresses */
	span_t cover;      /* A + 2 L + J, announced to the peer */
	span_t least;      /* the least `within` that these numbers keep: D (1 + rho) + h + delta + claim */
};

/* One line of the check: name, what it says, both sides in ns, and whether left >= right. */
struct timers_check {
	const char *name;    /* such as "no overlap" */
	const char *formula; /* such as "D (1 - rho) >= (A + 2 L + J)(1 + rho) + q" */
	span_t left, right;
	bool holds;
};
enum { TIMERS_CHECKS = 6 };

/* Solves for the largest heartbeat interval (1 ms .. 1 s) that keeps every inequality. 0, or -ERANGE: no interval does
 * (*out then holds the numbers of the nearest miss, so that timers_check() can say which line breaks and by how much). */
int timers_derive(const struct timers_ask *ask, struct timers *out);

/* Evaluates every inequality, in a fixed order. Returns how many break. */
size_t timers_check(const struct timers *t, struct timers_check out[static TIMERS_CHECKS]);

/* Does our dead interval cover what the peer announced as its A + 2 L + J? */
bool timers_cover(const struct timers *t, span_t peer_cover);

#endif
