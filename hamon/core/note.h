/* Notes: what the history and the log will say. The core writes those about decisions, node.c those about the world; the
 * report worker turns them into sentences. A note is plain data of fixed size: it crosses a pipe as it is. */
#ifndef HAMON_CORE_NOTE_H
#define HAMON_CORE_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "hamon/mono.h"

/* The states, as people see them. */
enum state {
	STATE_INIT,      /* just started: listening before it says a word */
	STATE_BACKUP,    /* the peer is heard and holds the lease */
	STATE_WAITING,   /* nobody is known to hold it, and no rule lets us claim */
	STATE_SUSPECT,   /* the peer is late */
	STATE_COUNTDOWN, /* the peer is unheard, the tests hold: the dead interval runs */
	STATE_CLAIMING,  /* permit, grant, addresses, announcement under way */
	STATE_PRIMARY,   /* holds the lease and serves */
	STATE_YIELDING,  /* released, the peer does not hold it yet */
	STATE_ASKING,    /* asked the peer for the role */
	STATE_ISOLATED,  /* was primary, lost the lease, reaches nobody who would confirm it */
	STATE_DEAF,      /* hears nobody and may not take over */
	STATE_FAULT,     /* cannot serve: faults say why */
	STATE_LEAVING,   /* ending in good order */
	STATE__COUNT,
};
const char *state_name(enum state state);

/* Why a node cannot serve: bits. */
enum fault {
	FAULT_CARRIER = 1 << 0,   /* an interface of the shared IPs has no carrier, or is gone */
	FAULT_ADDRESSES = 1 << 1, /* the addresses could not be added: tried again after a while */
	FAULT_EPOCHS = 1 << 2,    /* the reserve of epochs is used up, and the state directory cannot be written */
	FAULT_STANDDOWN = 1 << 3, /* an operator forced it down: until takeover, or until the peer serves */
	FAULT_PERMIT = 1 << 4,    /* the kernel refused the permit: tried again after a while */
	FAULT_VETO = 1 << 5,      /* the before-primary command said no: asked again after a while */
	FAULT_STRANGER = 1 << 6,  /* a stranger claims a shared IP, and the policy is to stand down */
};
enum { FAULTS = 7 };
/* The name of one bit. */
const char *fault_name(enum fault fault);

/* What made a state change. */
enum cause {
	CAUSE_NONE,
	CAUSE_START,
	CAUSE_HEARD,      /* the peer's heartbeat */
	CAUSE_LATE,       /* the peer's heartbeat is late */
	CAUSE_SILENCE,    /* silence for the dead interval, tests unbroken */
	CAUSE_CONSENT,    /* we own the highest epoch, the peer echoes and holds nothing */
	CAUSE_RELEASE,    /* the peer released it to our request */
	CAUSE_FAREWELL,   /* the peer left */
	CAUSE_LAPSED,     /* neither a fresh echo nor passed tests, or we stood still: the lease ran out */
	CAUSE_REFUSED,    /* the kernel refused a marked heartbeat: its lease, or its permit, was there no more */
	CAUSE_LEASE_GONE, /* others took the kernel's lease away: they removed or changed its table */
	CAUSE_CONFLICT,   /* the peer holds the lease with a higher epoch */
	CAUSE_ASKED,      /* the peer asked for the role */
	CAUSE_OPERATOR,   /* a verb on this node */
	CAUSE_OFFER,      /* the peer offered the role */
	CAUSE_ILL,        /* the primary is ill and we are fit */
	CAUSE_CARRIER,    /* carrier of a shared IP's interface */
	CAUSE_ADDRESSES,  /* the addresses could not be added */
	CAUSE_EPOCHS,     /* the reserve of epochs */
	CAUSE_PERMIT,     /* the kernel refused the permit */
	CAUSE_STALL,      /* our own stall */
	CAUSE_GUARD,      /* the claim's guard did not hold a second time */
	CAUSE_SERVING,    /* addresses are in place and announced */
	CAUSE_TESTS,      /* the connectivity tests began to hold, or ceased to */
	CAUSE_TIMEOUT,    /* the peer did not answer the request */
	CAUSE_STOP,       /* the daemon was told to end */
	CAUSE_HOLDER,     /* somebody answers for a shared IP: the peer lives, though its heartbeats do not come */
	CAUSE_STRANGER,   /* another host claims a shared IP */
	CAUSE_FENCE,      /* the fence command failed, or did not end in time */
	CAUSE_VETO,       /* the before-primary command */
	CAUSE_FAILBACK,   /* the role goes back to the node of higher preference */
	CAUSE__COUNT,
};
const char *cause_name(enum cause cause);

enum note_type {
	/* from the core */
	NOTE_TRANSITION,     /* from, to, cause, and the facts it rested on */
	NOTE_STALL,          /* value: how long nothing of ours ran, ns */
	NOTE_CONFLICT,       /* value: the peer's epoch; detail: 1 we win, 0 we lose */
	NOTE_PEER_RESTARTED, /* value: its new boot number */
	NOTE_PEER_UNCOVERED, /* value: the peer's A + 2 L + J, ns: our dead interval does not cover it */
	NOTE_EPOCH,          /* value: the primary raised its epoch to this */
	NOTE_PAUSED,         /* detail: 1 paused, 0 resumed; value: for how long, ns, 0 without end */
	NOTE_ADDRESSES_LOST, /* value: how many addresses somebody else deleted; restored */
	NOTE_RESERVE,        /* detail: errno; value: how many epochs are left */
	NOTE_LINK,           /* detail: 1 up, 0 down; value: the link's slot */
	NOTE_REQUEST,        /* an operator's request ended: value: verb; detail: outcome */
	NOTE_HOLDER,         /* somebody answered for a shared IP while the peer was silent; value: the slot */
	NOTE_FENCE,          /* detail: enum fence_state */
	NOTE_VETO,           /* detail: 1 the before-primary command said no, 0 it agreed */
	NOTE_HEALTH,         /* the service: detail: enum health */
	NOTE_DIGEST,         /* the nodes' configurations: detail: 1 they differ, 0 they are equal again */
	NOTE_HOLD_DOWN,      /* value: how much longer the next automatic takeover waits, ns; detail: failovers counted */
	NOTE_ABORTED,        /* an operator stopped the countdown */
	NOTE_REFLECT, /* detail: 0 reflected heartbeats never reach the peer and are switched off, 1 they are tried again */
	NOTE_BOOT,    /* value: the peer knows a later boot number of ours: this one was lost, and is made anew */
	/* from node.c and the processes; text says which interface, address or program */
	NOTE_LEASE_CHANGED, /* text: what others did to the lease's table, and who; detail: errno of restoring it, 0: restored */
	NOTE_STRANGER,      /* text: who claims which shared IP, and where; detail: 1 it began, 0 it is over */
	NOTE_COMMAND,       /* text: what a command of the configuration said, or how it ended; detail: enum run */
	NOTE_TEST,          /* text: what is odd about which test IP */
	NOTE_WRONG_KEY, /* a node of this cluster is there, but its key differs */
	NOTE_REJECTED,  /* value: reason; first of its kind */
	NOTE_INTERFACE, /* text: what happened to which interface */
	NOTE_WARNING,   /* text: something is worse than it should be, and hamon goes on */
	NOTE_ERROR,     /* text, detail: errno */
	NOTE_INFO,      /* text */
	NOTE__COUNT,
};
const char *note_name(enum note_type type);

enum { NOTE_TEXT = 160 };

/* The facts a transition rested on, as they were at that moment. */
struct facts {
	span_t silent;   /* since the peer's last heartbeat; -1: it was never heard */
	span_t echo_age; /* of the newest heartbeat of ours that it echoed; -1: none */
	span_t late;     /* the worst lateness of our own wakes in the dead interval */
	uint64_t epoch;  /* held or last seen */
	uint64_t peer_seq;
	uint16_t tests, tests_fresh, tests_proven; /* masks: configured, answered within F, unbroken for H */
	uint16_t links, links_up;
	uint16_t faults;
	uint16_t addresses;
};

struct note {
	uint64_t event; /* number of the transition; the same for notes that belong to it */
	mono_t at;
	enum note_type type;
	enum state from, to;
	enum cause cause;
	struct facts facts;
	int64_t value;
	int32_t detail;
	char text[NOTE_TEXT];
};

#endif
