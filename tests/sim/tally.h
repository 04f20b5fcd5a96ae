/* What a run of the simulator counts: the faults by kind, the promises by name. */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stdint.h>

enum mishap {
	/* drawn one at a time, by the weights of the seed's mood */
	MISHAP_PAUSE,           /* all processes of a node are stopped, for any length */
	MISHAP_PAUSE_BOTH,      /* those of both nodes, and go on together */
	MISHAP_STOP_MONITOR,    /* the monitor alone: its supervisor sees it */
	MISHAP_STOP_SUPERVISOR, /* the supervisor alone */
	MISHAP_STARVED,         /* for a while the process runs late, and slowly */
	MISHAP_FREEZE,          /* a whole machine stands still, and receives nothing */
	MISHAP_FREEZE_JIFFIES,  /* and its jiffies are late after the thaw */
	MISHAP_KILL,            /* all processes of a node die */
	MISHAP_KILL_MONITOR,    /* the monitor dies: its supervisor silences the node, if it can */
	MISHAP_KILL_SUPERVISOR, /* the monitor ends in good order */
	MISHAP_POWER,           /* a machine loses its power */
	MISHAP_STOP,            /* a daemon is told to end */
	MISHAP_TAKEOVER,        /* operators' verbs */
	MISHAP_GIVE,            /* standdown */
	MISHAP_HOLD,            /* pause */
	MISHAP_CARRIER_LOST,    /* the shared IPs' interface */
	MISHAP_DELETED,         /* somebody deletes the addresses */
	MISHAP_RENAMED,         /* their interface is renamed: no chain, and the addresses stay */
	MISHAP_RECREATED,       /* their interface is removed, and made anew later */
	MISHAP_LEASE_DELETED,   /* somebody deletes the lease */
	MISHAP_FLUSHED,         /* somebody deletes the table */
	MISHAP_ADD_FAILS,       /* addresses cannot be added for a while */
	MISHAP_PERMIT_REFUSED,  /* for a while */
	MISHAP_NETLINK_FAILS,   /* nothing can be dropped, removed or announced for a while */
	MISHAP_RELOAD,          /* a shared IP is switched off on one node, or on again */
	MISHAP_DISK_FAILS,      /* epochs cannot be reserved for a while */
	MISHAP_SLOW,            /* addresses and disk are slow for a while */
	MISHAP_CLOCK_RATE,      /* a clock runs at another rate from now on */
	MISHAP_CLOCK_YEARS,     /* a wall clock is years off: boot numbers that are not ordered, if the disk is lost too */
	MISHAP_STRANGER,        /* a third host claims a shared IP */
	MISHAP_HEALTH_ILL,      /* the service is ill for a while */
	MISHAP_DIGEST,          /* one node is told another configuration, or the same again */
	MISHAP_RESOLVE,         /* more verbs */
	MISHAP_CLEAR,
	MISHAP_DRAWN, /* how many of them are drawn so */
	/* befall by themselves */
	MISHAP_LOSS = MISHAP_DRAWN,
	MISHAP_DELAY,
	MISHAP_DUPLICATE,
	MISHAP_ONE_WAY,       /* one direction cut */
	MISHAP_SPLIT,         /* both cut, each test IP on one side or none */
	MISHAP_ONE_LINK,      /* one of several links cut */
	MISHAP_DIRECT_BLOCK,  /* heartbeats blocked on all direct links, one way or both, and nothing else */
	MISHAP_REFLECT_BLOCK, /* those that the test IPs reflect */
	MISHAP_FLAPPING_LINK, /* all links come and go */
	MISHAP_TEST_LOST,     /* a test request or its answer */
	MISHAP_WIPE,          /* a disk is lost with the crash */
	MISHAP_BOOT_LOST,     /* a boot number below one that the peer knows: made anew */
	MISHAP_HOLDER,        /* somebody answered for a shared IP while the peer was silent */
	MISHAP_FENCED,        /* a fence command took the peer's power */
	MISHAP_FENCE_FAIL,
	MISHAP_FENCE_HANG,
	MISHAP_VETO,          /* the before-primary command said no, or did not end in time */
	MISHAP_COUNTDOWN,     /* a takeover waited for the countdown */
	MISHAP_ABORT,         /* which an operator stopped */
	MISHAP_HOLD_DOWN,     /* takeovers followed one another too fast */
	MISHAP_WAIT_FOR_PEER, /* a cold start that waits */
	MISHAP_FAILBACK,      /* the role was asked back by the preferred node */
	MISHAP_REFLECT_OFF,   /* reflected heartbeats never arrived, and were switched off */
	MISHAP_STOOD_DOWN,    /* for a stranger */
	MISHAP_RESOLVED,      /* by hand, though the nodes would have settled it */
	MISHAP_FORCE,         /* standdown, whatever the peer */
	MISHAP_DRY_RUN,
	MISHAP_BEFORE_ACT,      /* frozen between a decision and its act */
	MISHAP_BEFORE_DECISION, /* frozen between the reading of the clock and the decision */
	MISHAP_LAST_RENEWAL,    /* a renewal held to the last moment of the lease */
	MISHAP_LAST_GRANT,      /* a grant held to the last moment of its permit, or just past it */
	MISHAP_LATE_WANT,       /* a request that is heard just before it runs out, or answered late */
	MISHAP_DEAF_HOLDER,     /* the primary hears nobody and reaches nothing */
	MISHAP_IDLE_PAIR,       /* a split in which neither may do anything by itself */
	MISHAP_FORCED_SPLIT,    /* beyond what is promised: a takeover by force in a split */
	MISHAP_N1_BROKEN,       /* beyond what is promised: two owners, to be healed */
	MISHAP_JIFFIES,         /* jiffies stand still */
	MISHAP_FULL_QUEUE,      /* a plain heartbeat refused */
	MISHAP_LATE_WAKE,
	MISHAP_FLUSHED_STOPPED, /* the table is deleted under a process that stands still, or is dead */
	MISHAP_FLUSHED_CLAIM,   /* or between permit and grant */
	MISHAP_FLUSHED_DROP,    /* or as the lease is about to be dropped */
	MISHAP_BLIND_GRANT,     /* a grant that left, and set nothing: there was no table */
	MISHAP_DROP_REFUSED,    /* the kernel was asked to drop the lease, and refused */
	MISHAP_BARE_DROP,       /* dropped without a guard: only addresses that are gone are silent */
	MISHAP_ORPHAN,          /* a monitor died or stopped, and no supervisor was there to act */
	MISHAP_EXPIRED,         /* addresses that no one renewed */
	MISHAP__COUNT,
};
const char *mishap_name(enum mishap mishap);

/* The promises of docs/SAFETY.md, by the same names, and the contract of core.h. */
enum promise {
	PROMISE_P1,
	PROMISE_P2,
	PROMISE_P3,
	PROMISE_P4,
	PROMISE_L1,
	PROMISE_L2,
	PROMISE_L3,
	PROMISE_CORE,
	PROMISE__COUNT
};
const char *promise_name(enum promise promise);

struct tally {
	uint64_t seeds, events, failovers, violations;
	uint64_t silent_claims, told_claims, refused_grants, refused_renewals;
	uint64_t waived;                       /* spells of two speakers while N1 did not hold */
	uint64_t excused;                      /* spells of two speakers that P1 does not promise against: see checker.h */
	int64_t excused_longest, bare_longest; /* one of them; not guarded by a daemon that could run: ns */
	uint64_t broken[PROMISE__COUNT];
	uint64_t mishaps[MISHAP__COUNT];
	int64_t virtual_ns;
};

void tally_add(struct tally *sum, const struct tally *more);

#endif
