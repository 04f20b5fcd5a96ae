/* Every timer of the pair, derived from the one number that the operator gives (failover within T), and the inequalities
 * that keep two owners apart. Pure arithmetic: what the kernel's tick is, and how far jiffies may lag, is told. */
#ifndef HAMON_CORE_TIMERS_H
#define HAMON_CORE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

#include "hamon/mono.h"

/* Nothing longer is accepted, so that no product below can overflow. */
#define TIMERS_LONGEST (3600 * SEC)
/* The heartbeat intervals that can be asked for, and that are searched. */
#define TIMERS_HEARTBEAT_LEAST MSEC
#define TIMERS_HEARTBEAT_MOST  SEC

/* What the derivation starts from. */
struct timers_ask {
	span_t within;      /* T: time to serve after a clean fault */
	span_t tick;        /* 1/HZ of this kernel */
	span_t jiffies_lag; /* J: how far jiffies may lag: 1 tick on dedicated CPUs, 6 under a hypervisor */
	unsigned addresses; /* shared IPs to be claimed */
	/* Explicit settings; 0: derive. A lease is rounded up to whole ticks: the kernel has no finer ones. */
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
	span_t reaction;   /* delta: from the end of the dead interval to the grant */
	span_t claim;      /* the time to claim so many addresses */
	span_t cover;      /* A + 2 L + J in whole us, announced to the peer */
	span_t least;      /* the least `within` that these numbers keep: D (1 + rho) + h + delta + claim */
};

/* One line of the check: name, what it says, both sides in ns, and whether left >= right. */
struct timers_check {
	const char *name;    /* such as "no overlap" */
	const char *formula; /* such as "D (1 - rho) >= (A + 2 L + J)(1 + rho) + q" */
	span_t left, right;
	bool holds;
};

/* The inequalities, in the order in which timers_check() writes them. */
enum timers_inequality {
	TIMERS_NO_OVERLAP, /* the old primary's lease is over before the new one claims */
	TIMERS_PROOF,      /* the tests were unbroken since before the other's last self-made renewal could have been */
	TIMERS_PROOF_FITS, /* and that proof fits into the dead interval */
	TIMERS_UNHEARD,    /* the peer counts as unheard before our own lease runs out, so a lone primary goes on */
	TIMERS_STALL,      /* a stall of our own is told apart from the peer's silence */
	TIMERS_RENEWAL,    /* one renewal may be lost and the next one late */
	TIMERS_WITHIN,     /* the promise to the operator */
	TIMERS_CHECKS,
};

/* Solves for the largest heartbeat interval that keeps every inequality, to the microsecond. 0, or -ERANGE: no interval
 * does, or the explicit one does not (*out then holds the numbers of the nearest miss, so that timers_check() can say which
 * line breaks and by how much). Explicit settings are positive and at most TIMERS_LONGEST, and so is within. */
int timers_derive(const struct timers_ask *ask, struct timers *out);

/* Evaluates every inequality, in a fixed order. Returns how many break. */
size_t timers_check(const struct timers *t, struct timers_check out[static TIMERS_CHECKS]);

/* The least `within` that any heartbeat interval could keep with this tick, this lag, so many addresses and the explicit
 * settings; ask->within is not looked at. 0: the explicit settings contradict each other, whatever `within` is. */
span_t timers_least(const struct timers_ask *ask);

/* Does our dead interval cover what the peer announced as its A + 2 L + J? */
bool timers_cover(const struct timers *t, span_t peer_cover);

/* Does the lease outlive the worst lag of jiffies (L >= 2 h + J + s)? Else each such lag may cost a lapse, which the peer's
 * consent mends within a round trip: safe, but seen. */
bool timers_outlive_lag(const struct timers *t);

#endif
