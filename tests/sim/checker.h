/* The judge. It sees what the world sees (frames that left, what daemons asked of their kernels, what was handed to them) and
 * shares no code with the core. Of each lease it keeps its own account, from permits, grants and renewals. Only for "both
 * agree" does it ask the nodes what they believe.
 *
 * What is excused of P1, and what is demanded instead:
 * - A node whose guard others took away (the table deleted, the interface renamed and its chains with it) speaks by its
 *   addresses until its daemon has read the notice of that. P3 bounds it twice. By the daemon: one that can run and change
 *   things for a heartbeat interval has put the guard back, or the addresses away. By the kernel: addresses that nobody
 *   renewed are gone when their time is up. Two speakers at once are excused only while one of them is not guarded and its
 *   daemon was kept from mending that: it stood still, was starved, was dead, or its netlink calls failed, since then or until
 *   less than a heartbeat interval before; or it is still taking addresses away, as it was when the guard went. That takes
 *   two faults within one interval. The longest such spell is counted.
 * - A machine that stood still as a whole may, as it goes on, have a CPU that runs before the one that counts the jiffies:
 *   for up to J its kernel cannot know that the lease is over. Two speakers are excused for that J, and no longer.
 * - A node whose state was lost, and whose wall clock is behind, cannot be told from its own earlier life until it hears so: that
 *   clocks order the lives is assumed (docs/SAFETY.md).
 * - While N1 does not hold (docs/SAFETY.md), and for two dead intervals after, or until one of the two gave in: `waived`. */
#ifndef SIM_CHECKER_H
#define SIM_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "hamon/core/core.h"
#include "tests/sim/tally.h"

enum { CHECKER_NODES = 2 };

/* Of one node's lease: what its kernel may have at most. Times are of the node's clock. */
struct account {
	bool table, guarded; /* the table stands; and its chains are on the interface of the shared IPs */
	mono_t permit_until, lease_until;
	mono_t valid_until; /* of the addresses */
	bool told_gone;     /* the daemon knows that it has no lease: it may renew none before its next grant */
	/* While it is not guarded, in true times: */
	mono_t bare;     /* since when */
	mono_t hindered; /* until when its daemon could not mend that */
	bool removing;   /* it is taking addresses away */
	bool leftover;   /* and was when the guard went */
};

struct checker_node {
	struct core_config config; /* that its core was told last */
	struct account account;
	mono_t silent_from;   /* true time: its supervisor has silenced it by then; MONO_FAR */
	mono_t lagging_until; /* true time: its jiffies may be late after a thaw */
	uint64_t known;       /* the highest epoch that this node sent, or was told by a frame that is not old */
	uint64_t granted;     /* its own newest epoch */
	bool disordered;      /* it lost its boot number, and its clock is behind: it passes for an earlier life */
	uint64_t boot, seq;   /* of the newest frame handed to it */
	mono_t booted, core_time;
	mono_t heard;          /* receive time of the newest frame handed to it that was not deaf */
	mono_t answered;       /* sending time of the newest answered test request */
	mono_t claimed;        /* by somebody else: a shared IP; receive time of the newest such frame */
	mono_t fenced;         /* it was told that its peer is; MONO_NEVER: not since it started */
	uint32_t forced;       /* token of the takeover by force that is under way: it skips tests and delays; 0: none is */
	struct heartbeat peer; /* the newest frame handed to it; says nothing if that was deaf */
	uint64_t want;         /* the newest request for the role that it sent */
	mono_t aborted;        /* an operator stopped its countdown */
	uint64_t peer_digest;  /* 0: not told since it started */
	mono_t held_since;     /* true time: since when it is silent, and could ask and be answered; MONO_FAR */
	mono_t clock;          /* when it was looked at last */
	bool held;             /* it had the lease since it started */
	bool met;              /* its daemon heard the other */
	bool emits;
	mono_t announced, emitted; /* true times: the last announcement; the last time it was found emitting */
	mono_t since;              /* of the state it showed when quiet began */
};

struct checker {
	struct checker_node node[CHECKER_NODES];
	struct tally *tally;
	mono_t when;          /* of the newest look */
	int holder;           /* who emitted last; -1: nobody yet */
	mono_t unserved;      /* since when nobody serves though somebody could; MONO_FAR: it is served */
	bool waived;          /* P1 is not promised now, nor P4 where an operator forces it */
	bool quiet;           /* from now on every change is a violation of L3 */
	bool two;             /* speak at once */
	mono_t excused_since; /* two speak at once, and are excused; MONO_FAR */
	bool broken;
	enum promise promise;
	char why[200];
};

void checker_init(struct checker *checker, struct tally *tally);

/* The first violation is kept. */
void checker_fail(struct checker *checker, enum promise promise, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A monitor starts. `mark`: what its disk says that no epoch lies above; wiped: its disk knows nothing any more; restarted:
 * its supervisor lived, and remembers whether the other was heard. */
void checker_boot(struct checker *checker, unsigned node, mono_t now, uint64_t mark, bool wiped, bool restarted);

/* Is its boot number larger than any that it used before? */
void checker_ordered(struct checker *checker, unsigned node, bool ordered);
/* The configuration that its core goes by from now on. */
void checker_configured(struct checker *checker, unsigned node, const struct core_config *config);
/* A probe of the node was lost. */
void checker_unasked(struct checker *checker, unsigned node);

/* What the core was handed. */
void checker_step(struct checker *checker, unsigned node, mono_t now);
void checker_heard(struct checker *checker, unsigned node, const struct heartbeat *hb, mono_t rx);
/* A verb, an answer on the wire, the end of a command. */
void checker_told(struct checker *checker, unsigned node, mono_t now, const struct event *event);
/* ACT_ANSWER: the operator was answered. */
void checker_replied(struct checker *checker, unsigned node, const struct action *answer);
void checker_answered(struct checker *checker, unsigned node, mono_t sent);

/* ---- what the node's kernel was asked for and did; `clock` is the node's ---- */

void checker_permit(struct checker *checker, unsigned node, mono_t clock, span_t life);
void checker_unpermit(struct checker *checker, unsigned node);
/* The kernel said that the lease is gone. */
void checker_dropped(struct checker *checker, unsigned node);
/* The daemon is told that it has no lease. */
void checker_told_gone(struct checker *checker, unsigned node);
/* Addresses were added, or renewed: they expire by this time of the clock at the latest. */
void checker_validated(struct checker *checker, unsigned node, mono_t until);
/* The table was built, without lease and permit; `guarded`: on the interface of the shared IPs as well. */
void checker_built(struct checker *checker, unsigned node, mono_t when, bool guarded);
/* Others removed the table, or only the chains on that interface. */
void checker_bared(struct checker *checker, unsigned node, mono_t when, bool table_gone);
/* The monitor cannot serve and its supervisor knows it: from `when` on no frame may leave. MONO_FAR: it serves again. */
void checker_silenced(struct checker *checker, unsigned node, mono_t when);
/* The machine stood still with its jiffies, which may stand until `until` of its clock, `when` of true time. */
void checker_lags(struct checker *checker, unsigned node, mono_t until, mono_t when);

/* ---- what left it ---- */

/* A heartbeat left, or its mark was refused. `mark_on_disk`: of the sender, now. */
void checker_sent(struct checker *checker, unsigned node, mono_t clock, const struct heartbeat *hb, bool passed,
		  uint64_t mark_on_disk);
void checker_announced(struct checker *checker, unsigned node, mono_t when, mono_t clock);

/* What was seen of a node after a happening. */
struct sight {
	bool emits; /* a frame of a shared IP left */
	mono_t clock;
	mono_t ran_out;  /* true time at which its last lease ran out of itself */
	mono_t hindered; /* true time until which its monitor cannot run, or cannot change anything; MONO_FAR: it is dead */
	bool removing;   /* it is taking addresses away */
	bool answered;   /* the other would answer its probe, and it could read the answer at once */
	mono_t unburied; /* the same of its supervisor, and the time that it takes to silence the node */
};
void checker_emission(struct checker *checker, mono_t when, const struct sight sights[CHECKER_NODES]);

/* L1: is it served, and if not, could somebody have served for `limit`, nothing having happened since `disturbed`? */
void checker_service(struct checker *checker, mono_t when, bool served, bool could, mono_t disturbed, span_t limit);

/* L2, L3: quiet begins, and has lasted until the end. serves: all of the shared IPs. */
void checker_settled(struct checker *checker, const bool serves[CHECKER_NODES],
		     const struct core_status status[CHECKER_NODES]);
void checker_stayed(struct checker *checker, const struct core_status status[CHECKER_NODES]);

#endif
