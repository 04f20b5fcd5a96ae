/* The decisions. An event and the time go in, actions come out: no I/O, no memory taken, no clock, no randomness, no log.
 * The daemon, the simulator and the unit tests run this same object code.
 *
 * docs/DESIGN.md holds the state table and says which function is which rule; core/state.h the one struct of state. */
#ifndef HAMON_CORE_CORE_H
#define HAMON_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/core/note.h"
#include "hamon/core/timers.h"
#include "hamon/mono.h"
#include "hamon/wire/heartbeat.h"

enum { CORE_IPS = 1024, CORE_LINKS = 8, CORE_TESTS = 16 };

/* Shared IPs are slots of a table that node.c keeps; the core moves them as sets. */
struct ip_set {
	uint64_t bits[CORE_IPS / 64];
};

enum policy { POLICY_MAJORITY, POLICY_ANY, POLICY__COUNT };
const char *policy_name(enum policy policy);

/* When may a primary that hears nobody go on? */
enum alone { ALONE_TESTED, ALONE_ALWAYS, ALONE__COUNT };
const char *alone_name(enum alone alone);

/* Who must have been made harmless before the role is taken by silence? */
enum fence_mode { FENCE_OFF, FENCE_BEST_EFFORT, FENCE_REQUIRED, FENCE__COUNT };
const char *fence_mode_name(enum fence_mode mode);

/* The commands that a configuration may name. The core asks for the two that it waits for. */
enum run {
	RUN_PRIMARY,        /* this node became primary */
	RUN_BACKUP,         /* it is backup */
	RUN_FAULT,          /* it cannot serve */
	RUN_QUIESCE,        /* it begins to hand over */
	RUN_UNQUIESCE,      /* and did not, after all */
	RUN_BEFORE_PRIMARY, /* it is about to become primary: may veto */
	RUN_FENCE,          /* the peer is to be made harmless */
	RUN_HEALTH,         /* is the service well? */
	RUN__COUNT,
};
const char *run_name(enum run run);

struct core_config {
	unsigned parity; /* of our own epochs: 0 for the node whose name sorts first, 1 for the other */
	struct timers timers;
	enum policy policy;
	enum alone alone;
	uint16_t tests;         /* mask of the test IPs' slots in use; 0: nothing to test, connectivity counts as given */
	uint16_t tests_renewed; /* core_reload(): slots that hold another test IP than before */
	uint8_t casting;        /* slot of the test IP that was listed first */
	bool automatic;         /* automatic failover */
	bool backup_operations; /* off: a backup that does nothing by itself */
	unsigned links;         /* heartbeat links, slots 0 .. links - 1 */
	uint8_t links_reflect;  /* mask: heartbeats that the test IPs reflect */
	struct ip_set ips;      /* slots of the configured shared IPs, less those switched off on this node */
	bool stand_down;        /* a stranger that claims a shared IP: stand down, rather than defend it */
	bool lease_off;         /* no kernel keeps a lease: who answers for a shared IP may be dead all the same */
	bool wait_for_peer;     /* after the start nothing is claimed by silence before the peer was heard once */
	bool preferred;         /* this node's preference is the higher one */
	span_t failback;        /* the preferred node asks for the role after it was fit for so long; 0: never */
	span_t countdown;       /* an automatic takeover by silence waits for so much longer */
	span_t hold_down, hold_down_most; /* flap damping: the first delay, and the longest; 0: none */
	enum fence_mode fence;
	span_t fence_delay;                /* before the fence command runs */
	bool gate;                         /* there is a before-primary command, which may veto */
	bool health;                       /* there is a health command */
	unsigned health_fall, health_rise; /* so many results in a row make the service ill, or well */
	uint64_t digest;                   /* of the configuration's shared part */
	uint64_t loaded;                   /* when it was loaded: wall clock, s */
};

/* What the supervisor kept for us on disk. */
struct core_memory {
	uint64_t boot;       /* this start's boot number: already on disk, larger than any before */
	uint64_t epoch_mark; /* no epoch above this was ever used: `seen` begins here */
	uint64_t reserved;   /* claims may use epochs up to this without asking again */
	bool met;            /* the peer was heard before, in this life of the daemon */
	bool paused;         /* an operator's pause that outlives restarts */
	mono_t paused_until; /* MONO_FAR: until resume */
};

/* ---- what goes in ---- */

enum event_type {
	EV_WAKE,      /* first in every wake, before the sockets are drained */
	EV_TICK,      /* last in every wake: the timers, and the rules */
	EV_HEARTBEAT, /* verified */
	EV_WRONG_KEY, /* a frame of this cluster whose MAC does not verify, or in our own name: only that it came is believed */
	EV_LINK,      /* a heartbeat link came up or went down */
	EV_CARRIER,           /* an interface that carries shared IPs got or lost its carrier (or vanished) */
	EV_SENT,              /* ACT_SEND was carried out */
	EV_PERMITTED,         /* ACT_PERMIT was carried out, and the sockets were drained since */
	EV_LEASE_DROPPED,     /* ACT_DROP_LEASE was carried out: the kernel confirmed */
	EV_LEASE_LOST,        /* somebody else took the lease away: the kernel has none of ours any more */
	EV_ADDRESSES_ADDED,   /* all that ACT_ADD_ADDRESSES asked for so far ended */
	EV_ADDRESSES_REMOVED, /* ACT_REMOVE_ADDRESSES ended */
	EV_ADDRESSES_LOST,    /* somebody else deleted addresses of ours */
	EV_ANNOUNCED,         /* ACT_ANNOUNCE ended */
	EV_MOVED,             /* an interface got another MAC: its addresses are reached elsewhere now */
	EV_TEST_ANSWERED,     /* a test IP answered */
	EV_EPOCHS_RESERVED,   /* ACT_RESERVE_EPOCHS ended */
	EV_HOLDER,            /* the peer, or somebody who may be the peer, claims a shared IP on the wire */
	EV_STRANGER,          /* a host that is neither node claims a shared IP on the wire */
	EV_RAN,               /* ACT_RUN ended */
	EV_HEALTH,            /* the health command ended */
	EV_OPERATOR,          /* a verb */
	EV_STOP,              /* end in good order */
	EV__COUNT,
};
const char *event_name(enum event_type type);

enum verb {
	VERB_TAKEOVER,
	VERB_STANDDOWN,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_RESOLVE, /* a role conflict */
	VERB_ABORT,   /* a countdown */
	VERB_CLEAR,   /* hold-down, and alarms that are over */
	VERB__COUNT,
};
const char *verb_name(enum verb verb);

/* VERB_RESOLVE: which node is to be primary? */
enum keep { KEEP_EITHER, KEEP_SELF, KEEP_PEER };

/* How ACT_SEND ended. */
enum sent {
	SENT_OUT,     /* it left on one link at least; a mark did its work in the kernel */
	SENT_REFUSED, /* the kernel found no lease (or no permit) for its mark, and dropped it: the send tells */
	SENT_FAILED,  /* no link took it, for another reason: a mark did nothing */
};

struct event {
	enum event_type type;
	union {
		struct {
			span_t late; /* how much later than asked for this wake came */
		} wake;
		struct {
			struct heartbeat hb;
			mono_t rx; /* kernel's receive time */
			unsigned link;
		} heartbeat;
		struct {
			unsigned link;
			bool up;
		} link;
		struct {
			bool up; /* of all interfaces that carry shared IPs */
		} carrier;
		struct {
			uint64_t seq;
			enum heartbeat_mark mark;
			enum sent result;
		} sent;
		struct {
			int error; /* 0, or an errno */
		} done;            /* EV_PERMITTED, EV_LEASE_DROPPED, EV_ADDRESSES_*, EV_ANNOUNCED */
		struct ip_set lost;
		struct {
			unsigned slot;
			mono_t sent; /* when the answered request was decided */
		} answer;
		struct {
			int error;
			uint64_t reserved; /* claims may use epochs up to this */
		} epochs;
		struct {
			unsigned slot;
			mono_t rx; /* kernel's receive time */
		} claimed;         /* EV_HOLDER, EV_STRANGER */
		struct {
			enum run run; /* RUN_FENCE, RUN_BEFORE_PRIMARY */
			uint32_t id;  /* of the ACT_RUN */
			bool ok;      /* it ended with status 0, in time */
		} ran;
		struct {
			bool ok;
		} health;
		struct {
			enum verb verb;
			bool force, dry_run;
			span_t pause;   /* VERB_PAUSE: for so long; 0: until resume */
			enum keep keep; /* VERB_RESOLVE */
			uint32_t token; /* comes back in ACT_ANSWER */
		} asked;
	};
};

/* ---- what comes out ---- */

enum action_type {
	ACT_SEND,             /* this heartbeat, on these links → EV_SENT */
	ACT_PERMIT,           /* set the kernel's permit, for G → drain, then EV_PERMITTED */
	ACT_DROP_PERMIT,      /* no answer */
	ACT_DROP_LEASE,       /* silence the shared IPs → EV_LEASE_DROPPED when the kernel confirmed */
	ACT_ADD_ADDRESSES,    /* → EV_ADDRESSES_ADDED */
	ACT_REMOVE_ADDRESSES, /* → EV_ADDRESSES_REMOVED */
	ACT_ANNOUNCE,         /* gratuitous ARP, unsolicited neighbour advertisement → EV_ANNOUNCED */
	ACT_TEST,             /* send an echo request to each test IP in the mask */
	ACT_RESERVE_EPOCHS,   /* raise the mark on disk → EV_EPOCHS_RESERVED */
	ACT_SAVE_PAUSE,       /* keep the operator's pause across restarts */
	ACT_PROBE,            /* ask the network who has these shared IPs: EV_HOLDER or EV_STRANGER may follow */
	ACT_RUN,              /* run a command of the configuration → EV_RAN, within its deadline or soon after it */
	ACT_RAISE_BOOT,       /* start anew with a boot number above this one */
	ACT_ANSWER,           /* to the operator's verb with this token */
	ACT_NOTE,             /* for history and log */
	ACT_END,              /* EV_STOP was carried out */
	ACT__COUNT,
};
const char *action_name(enum action_type type);

/* How an operator's request ended. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_ALREADY,      /* nothing to do */
	OUTCOME_WOULD,        /* dry run: nothing stands against it */
	OUTCOME_PEER_UNHEARD, /* refused: the peer cannot be contacted (force overrides) */
	OUTCOME_PEER_UNFIT,   /* refused: the peer could not serve (force overrides) */
	OUTCOME_UNFIT,        /* refused: this node's connectivity tests fail (force overrides) */
	OUTCOME_FAULT,        /* refused: this node has a fault */
	OUTCOME_BUSY,         /* refused: another hand-over is under way */
	OUTCOME_LEAVING,      /* refused: the daemon is ending */
	OUTCOME_TIMEOUT,      /* the peer did not answer in time; nothing changed hands */
	OUTCOME_ROLLED_BACK,  /* the claim failed and was rolled back */
	OUTCOME_DIFFERS,      /* refused: the nodes' configurations differ (force overrides) */
	OUTCOME_VETOED,       /* the before-primary command said no */
	OUTCOME_SETTLED,      /* VERB_RESOLVE: there is no conflict */
	OUTCOME_EPOCHS,       /* refused: no epoch is in reserve */
	OUTCOME__COUNT,
};
const char *outcome_name(enum outcome outcome);

struct action {
	enum action_type type;
	union {
		struct {
			struct heartbeat hb; /* all but cluster, key number and addresses, which node/links.c fills */
			uint8_t links;       /* mask */
		} send;
		struct {
			span_t life;
		} permit;
		struct ip_set ips; /* ACT_ADD_ADDRESSES, ACT_REMOVE_ADDRESSES, ACT_ANNOUNCE, ACT_PROBE */
		uint16_t tests;    /* ACT_TEST */
		uint64_t epoch;    /* ACT_RESERVE_EPOCHS: at least up to this */
		uint64_t boot;     /* ACT_RAISE_BOOT: above this */
		struct {
			enum run run; /* RUN_FENCE, RUN_BEFORE_PRIMARY */
			uint32_t id;
		} run;
		struct {
			bool paused;
			mono_t until;
		} pause;
		struct {
			uint32_t token;
			enum verb verb;
			enum outcome outcome;
		} answer;
		struct note note;
	};
};

enum { CORE_ACTIONS = 24 }; /* more cannot come out of one step: asserted */
struct actions {
	size_t n;
	struct action list[CORE_ACTIONS];
};

struct core; /* core/state.h */

void core_init(struct core *core, const struct core_config *config, const struct core_memory *memory, mono_t now);

/* The only way state changes. Appends to *actions, which the caller empties (n = 0) before. `now` never goes back. */
void core_step(struct core *core, mono_t now, const struct event *event, struct actions *actions);

/* When the core next wants EV_WAKE and EV_TICK; at most h/2 after the last wake. */
mono_t core_deadline(const struct core *core);

/* The lease's end by our own estimate, which the kernel's never precedes; MONO_NEVER without a lease. */
mono_t core_lease_until(const struct core *core);

/* A new configuration while it runs: shared IPs, test IPs, policy, automatic failover, backup operations. Parity, links and
 * timers stay as they were at core_init(): a restart's business, which conf names. */
void core_reload(struct core *core, mono_t now, const struct core_config *config, struct actions *actions);

/* ---- what is shown ---- */

/* How far the fence is, in the present silence. */
enum fence_state { FENCE_IDLE, FENCE_DELAYED, FENCE_RUNNING, FENCE_DONE, FENCE_FAILED, FENCE_STATE__COUNT };
const char *fence_state_name(enum fence_state state);

enum health { HEALTH_UNKNOWN, HEALTH_WELL, HEALTH_ILL, HEALTH__COUNT };
const char *health_name(enum health health);

/* What must hold before this node may become primary, each by itself: `explain now` and dry runs list them all. */
enum fact {
	FACT_SILENT,    /* the peer has been silent on all links for the dead interval */
	FACT_AUTOMATIC, /* automatic failover is on, not paused; backup operations are on */
	FACT_NO_FAULT,  /* nothing keeps this node from serving */
	FACT_KEY,       /* nobody speaks for the peer with another key, or under our name */
	FACT_DIGEST,    /* both nodes were told the same */
	FACT_COVERED,   /* our dead interval covers the peer's times */
	FACT_TESTS,     /* the connectivity policy holds by fresh answers */
	FACT_PROVEN,    /* and held unbroken for H */
	FACT_NO_HOLDER, /* nobody answers for a shared IP */
	FACT_MET,       /* the peer was heard since the start, or need not have been */
	FACT_HOLD_DOWN, /* no hold-down runs */
	FACT_COUNTDOWN, /* the countdown is over */
	FACT_NO_ABORT,  /* no operator stopped the countdown */
	FACT_FENCED,    /* the peer was fenced, as far as is asked for */
	FACT_NO_VETO,   /* the before-primary command agrees */
	FACT_EPOCHS,    /* an epoch is in reserve */
	FACT_CONTACT,   /* the peer is heard, and hears us */
	FACT_PEER_FIT,  /* and could serve */
	FACT__COUNT,
};
const char *fact_name(enum fact fact);

/* Bits of 1 << enum fact. Of the facts that a takeover asks for, those that do not hold stand against it, unless it is only
 * that nobody was asked yet, and, of an operator's takeover, unless that forgives it. */
struct core_facts {
	uint32_t hold;      /* now */
	uint32_t automatic; /* a takeover by silence asks for them, */
	uint32_t planned;   /* a planned one, */
	uint32_t forced;    /* and one by force, beside the dead interval, which it waits for */
	uint32_t ahead;     /* a command, or a test IP, is asked on the way: it was not yet, or is just being asked */
	uint32_t forgiven;  /* an operator's takeover ends a standdown, and asks anew who said no */
};
void core_facts(const struct core *core, mono_t now, struct core_facts *facts);

struct link_status {
	bool up;
	bool reflect;
	mono_t rx;               /* kernel's receive time of the newest heartbeat on this link; MONO_NEVER */
	uint64_t received, lost; /* heartbeats by sequence, of the peer's present boot number */
	span_t gap_max;          /* the longest time between two heartbeats on this link */
	span_t rtt, jitter;      /* smoothed; -1: not known yet (docs/PROTOCOL.md) */
};

struct test_status {
	bool used;
	mono_t answered; /* when the newest answered request was sent; MONO_NEVER */
	mono_t unbroken; /* since when answers came without a gap; MONO_NEVER */
	bool fresh;      /* answered within F: the burst's verdict */
	bool slow;       /* the slow verdict, which fitness rests on */
};

/* A plain snapshot, for every output. */
struct core_status {
	enum state state;
	mono_t since;     /* of the state */
	uint64_t events;  /* transitions so far: the number of the newest */
	enum cause cause; /* why it is in this state: a primary, because of what made it claim */
	bool hold;        /* the lease */
	bool alone;       /* primary that hears nobody, and whose tests hold */
	bool conflict;    /* won, not yet announced again */
	bool paused, automatic, backup_operations;
	mono_t paused_until;
	uint64_t boot, epoch, seen, reserved;
	bool reserve_fails; /* no more can be reserved just now */
	uint16_t faults;    /* bits of enum fault */
	uint16_t fitness;
	mono_t lease_until;   /* own estimate, MONO_NEVER without a lease */
	mono_t lease_renewed; /* when the newest renewal (or the grant) that the kernel accepted was decided; MONO_NEVER */
	span_t lease_lowest;  /* the least that was left of it at a renewal; the lease's length when none yet */
	mono_t dead_at;       /* SUSPECT, COUNTDOWN: when silence makes us claim; MONO_FAR otherwise */
	struct ip_set serving, wanted;
	bool announced;
	/* the peer */
	bool met;        /* the peer was heard in this life of the daemon */
	bool peer_known; /* a heartbeat of it was ever accepted */
	mono_t peer_rx;
	uint64_t peer_boot, peer_seen;
	bool peer_lease, peer_deaf, peer_leaving;
	uint16_t peer_fitness;
	span_t peer_cover;
	bool peer_covered; /* our dead interval covers what the peer announced */
	mono_t echo;       /* when the newest heartbeat that the peer echoed was decided */
	uint64_t sent, received, duplicates, old_boot;
	span_t worst_late, worst_gap; /* of our own wakes */
	mono_t worst_gap_at;
	mono_t holder_at;   /* the newest answer for a shared IP that was not ours; MONO_NEVER */
	mono_t stranger_at; /* the newest claim of a stranger; MONO_NEVER */
	bool stranger;      /* it still stands */
	enum fence_state fence;
	bool vetoed; /* the before-primary command said no, lately */
	enum health health;
	unsigned failovers; /* counted by the flap damping */
	span_t hold_down;   /* how much longer than D the next automatic takeover waits */
	bool aborted;       /* an operator stopped the countdown; until the peer is heard again */
	mono_t failback_at; /* when the role is asked back; MONO_FAR: not */
	bool digest_differs;
	uint64_t digest, loaded, peer_digest, peer_loaded;
	bool reflecting;  /* at full rate */
	bool reflect_off; /* it never arrives at the peer */
	unsigned links, tests;
	struct link_status link[CORE_LINKS];
	struct test_status test[CORE_TESTS];
};

void core_status(const struct core *core, mono_t now, struct core_status *status);

/* ip_set, small enough to be inline */
static inline bool ip_set_has(const struct ip_set *set, unsigned slot) {
	return (set->bits[slot / 64] >> (slot % 64)) & 1;
}
static inline void ip_set_add(struct ip_set *set, unsigned slot) {
	set->bits[slot / 64] |= UINT64_C(1) << (slot % 64);
}
static inline void ip_set_remove(struct ip_set *set, unsigned slot) {
	set->bits[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}
static inline bool ip_set_empty(const struct ip_set *set) {
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		if (set->bits[i])
			return false;
	return true;
}
/* a without b */
static inline struct ip_set ip_set_less(struct ip_set a, const struct ip_set *b) {
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		a.bits[i] &= ~b->bits[i];
	return a;
}
/* what is in both */
static inline struct ip_set ip_set_both(struct ip_set a, const struct ip_set *b) {
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		a.bits[i] &= b->bits[i];
	return a;
}
static inline unsigned ip_set_count(const struct ip_set *set) {
	unsigned n = 0;
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		n += (unsigned)__builtin_popcountll(set->bits[i]);
	return n;
}

#endif
