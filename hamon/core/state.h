/* All that a node knows and has decided: one struct, no pointers, nothing elsewhere. Only hamon/core/ looks inside; others
 * need its size. The letters in the comments are those of docs/DESIGN.md's rules. */
#ifndef HAMON_CORE_STATE_H
#define HAMON_CORE_STATE_H

#include "hamon/core/core.h"

/* So many of our last heartbeats can be recognised when they are echoed. */
enum { CORE_DECIDED = 1024 };

struct peer {
	bool known;              /* a heartbeat of it was ever accepted */
	uint64_t boot, seq;      /* newest accepted, deaf ones included */
	uint64_t accepted;       /* seq of the newest that was not deaf: what we echo; 0: none of this boot */
	mono_t old_rx;           /* of the newest frame, not deaf, of a boot number below its newest; MONO_NEVER */
	mono_t rx;               /* prx: kernel's receive time of that one; our own start at first */
	mono_t deaf_rx;          /* of its newest deaf one; MONO_NEVER */
	bool says;               /* `frame` is valid: the newest heartbeat was not deaf */
	struct heartbeat frame;  /* pm */
	mono_t echo;             /* pecho: when we decided the heartbeat that `frame` echoes; MONO_NEVER */
	mono_t echo_newest;      /* necho */
	mono_t accepted_rx;      /* receive time of the frame that we echo */
	mono_t direct_rx;        /* newest receive time on a link of our own; our own start at first */
	uint64_t digest, loaded; /* of its configuration; 0: not told yet */
	bool digest_noted;       /* that it differs from ours */
	span_t cover;            /* its A + 2 L + J; 0: not told yet */
	span_t interval;         /* its heartbeat interval; 0: not told yet */
	bool uncovered_noted;
	uint64_t received, duplicates, old_boot;
};

struct link {
	bool up;
	mono_t rx;
	uint64_t seq, received, lost;
	span_t gap_max, rtt, jitter; /* smoothed; -1: not known yet */
	uint64_t sent_us;            /* of the newest, by the peer's clock */
};

struct test {
	mono_t answered; /* sending time of the newest request that was answered */
	mono_t unbroken; /* since when answers came without a gap */
};

enum claim {
	CLAIM_NONE,
	CLAIM_PERMIT, /* ACT_PERMIT is under way */
	CLAIM_GRANT,  /* the heartbeat with the grant mark is under way */
};

/* The before-primary command's word. */
enum gate {
	GATE_UNKNOWN, /* not asked, or too long ago */
	GATE_ASKED,
	GATE_OPEN,
};

/* An operator's request that waits for its end. */
struct request {
	bool open;
	enum verb verb;
	uint32_t token;
	bool force;
	enum keep keep; /* VERB_RESOLVE */
	mono_t until;
};

struct core {
	struct core_config config;
	mono_t now; /* of the last step, which time may not fall behind */

	/* epochs */
	uint64_t boot;     /* bootno */
	bool raising;      /* a larger one was asked for */
	uint64_t seen;     /* the highest epoch known */
	uint64_t reserved; /* we may use epochs up to this */
	bool reserving;
	mono_t reserve_at; /* after a failure: not before */

	/* the lease */
	bool hold;
	bool held;          /* since boot */
	bool dropping;      /* ACT_DROP_LEASE is not confirmed yet: to the peer we still hold it */
	mono_t drop_at;     /* it failed: again then; MONO_FAR: it did not */
	uint64_t epoch;     /* b: held */
	mono_t lease_until; /* est: own estimate of its end */
	span_t lease_lowest;

	/* the claim under way */
	enum claim claim;
	enum cause claim_ground;
	mono_t claim_at;         /* the last grant failed: not before */
	unsigned claim_failures; /* in a row */
	mono_t claim_decided;
	bool claim_moves; /* the role was not ours before */

	/* hand-over */
	uint64_t want; /* our request's number */
	mono_t want_until;
	uint32_t wants;     /* requests made since boot */
	uint64_t rel;       /* the peer's request that we released to */
	mono_t offer_until; /* planned standdown: offering the role until then */
	mono_t force_until; /* forced takeover: silence needs no tests until then */
	mono_t ill_since;   /* since when the primary shows lower fitness */
	mono_t fit_since;   /* since when this preferred backup could have the role back; MONO_FAR */
	bool ask_pending;   /* an operator's request that waits for the before-primary command */
	struct request request;

	/* ourselves */
	bool met; /* the peer was heard in this life of the daemon */
	mono_t start, stall, last_deaf, last_wake;
	mono_t wrong_key; /* newest frame of this cluster that did not verify */
	span_t worst_late, worst_gap, late_since_rx;
	mono_t worst_gap_at;
	uint16_t faults;
	mono_t retry_at; /* when FAULT_ADDRESSES and FAULT_PERMIT are forgiven */
	bool paused;
	mono_t paused_until;
	unsigned leaving; /* farewells still to be said, plus one for the end; 0: not leaving */
	mono_t farewell_at;

	/* what speaks against a claim by silence */
	mono_t holder_at;   /* newest sign on the wire that somebody bears a shared IP; MONO_NEVER */
	bool holder_noted;  /* in this silence */
	mono_t probe_at;    /* next question who bears them */
	mono_t stranger_at; /* newest claim of a host that is neither node; MONO_NEVER */
	bool aborted;       /* by an operator, until the peer is heard */
	unsigned failovers; /* by silence, lately: the flap damping */
	mono_t decay_at;    /* one of them is forgotten; MONO_FAR */
	enum fence_state fence;
	uint32_t fence_run;
	mono_t fence_at; /* DELAYED: it runs; DONE: worth nothing any more; FAILED: again */
	enum gate gate;
	uint32_t gate_run;
	mono_t gate_at;    /* OPEN: worth nothing any more; MONO_FAR */
	mono_t veto_until; /* when FAULT_VETO is forgiven */
	uint32_t runs;     /* commands asked for since the start */

	/* the service's health */
	enum health health;
	unsigned health_streak; /* results in a row that differ from it */

	/* reflected heartbeats */
	mono_t reflect_at;    /* the next one */
	bool reflect_full;    /* at the rate of heartbeats */
	mono_t reflect_rx;    /* newest of the peer's; MONO_NEVER */
	mono_t reflect_proof; /* since when it is waited for the peer's word that ours arrive */
	bool reflect_off;     /* they never do */

	/* heartbeats out */
	uint64_t seq;
	mono_t heartbeat_at;
	bool heartbeat_now; /* something happened that the peer should hear at once */
	mono_t decided[CORE_DECIDED];

	/* serving */
	bool adding;            /* ACT_ADD_ADDRESSES under way */
	mono_t restore_at;      /* when addresses that could not be put back are tried again */
	bool served;            /* all shared IPs are in place */
	mono_t remove_at;       /* ACT_REMOVE_ADDRESSES failed: again then; MONO_FAR: it did not */
	bool announcing;        /* ACT_ANNOUNCE under way */
	bool announced;         /* since the claim */
	mono_t announced_at;    /* the newest, of a single address, too; MONO_NEVER */
	unsigned announcements; /* steps of the back-off done */
	mono_t announce_at;
	bool conflict; /* won; not announced again yet */

	/* connectivity */
	struct test tests[CORE_TESTS];
	mono_t test_at;
	bool test_burst;

	struct peer peer;
	struct link links[CORE_LINKS];

	/* what people see */
	enum state state;
	mono_t state_since;
	enum cause state_cause;
	enum cause cause; /* of what this step did, CAUSE_NONE so far */
	uint64_t events;
};

#endif
