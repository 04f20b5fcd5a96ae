/* One node of the simulated pair. host.c is its monitor: what node.c does in the daemon, on the world's clock. It wakes,
 * hands the core what came in, lets acts.c carry its actions out one by one, and brings back how they ended. life.c is what
 * surrounds it: start and end, the supervisor, the disk. */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "hamon/core/core.h"
#include "hamon/core/state.h" /* for the size of struct core alone: nothing here looks inside */
#include "tests/sim/kernel.h"

struct world;

enum {
	HOST_ACTS = 64,
	HOST_AGENDA = 32,
	HOST_RESULTS = 32,
	HOST_FRAMES = 40,
	HOST_ANSWERS = 64,
	HOST_MAIL = 48,
};

/* What the process does next, in order. */
struct agenda_item {
	enum { ITEM_CLOCK, ITEM_DRAIN, ITEM_MAIL, ITEM_SETTLE, ITEM_EVENT, ITEM_BELT, ITEM_VALIDATE } kind;
	bool by_timer;      /* ITEM_CLOCK */
	struct event event; /* ITEM_EVENT */
};

/* Work on the addresses, one answer for all that is asked meanwhile. */
struct host_work {
	struct ip_set want;
	bool owe_added, owe_removed, owe_dropped;
	uint64_t id; /* of the happening that ends the piece under way; 0: none is */
};

struct host {
	unsigned index;
	struct core_config config;
	struct core core;
	struct kernel kernel;
	bool alive;
	unsigned life;                     /* of the process: grows with each start and each end */
	mono_t paused_until, frozen_until; /* true times: the monitor does not run; the machine does not */

	/* the supervisor, and the interface of the shared IPs */
	struct {
		bool alive;
		mono_t paused_until; /* true time */
	} supervisor;
	bool named, exists; /* it bears the configured name; there is such an interface, under whatever name */
	bool carrier;       /* as the daemon is told: false without the name as well */

	/* the disk, and the wall clock */
	uint64_t mark;
	uint64_t boots;      /* the boot number */
	uint64_t boots_most; /* the largest that it ever used */
	int64_t years;       /* the wall clock is off by so much */
	bool paused;
	mono_t operator_until;

	/* the process */
	mono_t now;      /* the clock as it last read it */
	bool busy;       /* something is on the agenda */
	bool tempted;    /* the adversary had its chance at the act that is next */
	uint64_t timer;  /* id of the happening that wakes it */
	mono_t timer_at; /* and its true time */
	mono_t asked;    /* when it asked to be woken */
	struct action acts[HOST_ACTS];
	size_t acts_n;
	struct agenda_item agenda[HOST_AGENDA];
	size_t agenda_at, agenda_n;
	struct event results[HOST_RESULTS];
	size_t results_n;
	struct {
		struct heartbeat hb;
		mono_t rx;
		unsigned link;
	} frames[HOST_FRAMES];
	size_t frames_n;
	struct {
		unsigned slot;
		mono_t sent;
	} answers[HOST_ANSWERS];
	size_t answers_n;
	struct event mail[HOST_MAIL];
	size_t mail_n;
	bool reload;         /* the configuration changed */
	bool table_changed;  /* the kernel said so, by others */
	bool table_due;      /* it could not be built */
	bool bare;           /* it was built without an interface to hook the chains to */
	mono_t validate_at;  /* when the addresses are renewed next */
	unsigned unanswered; /* operators' requests */
	struct host_work work;

	/* what its world lets fail, until so many true ns */
	mono_t add_fails_until, permit_refused_until, disk_fails_until, slow_until, netlink_fails_until, starved_until;
	mono_t ill_until;  /* the service */
	mono_t idle_until; /* an operator paused it */
	uint64_t wanted;   /* the request it last said, for the adversary */
};

/* ---- life.c ---- */
/* The daemon starts: what an earlier life left is purged first. */
void host_boot(struct world *w, struct host *host, bool wiped);
/* The monitor ends, with what it had in hand. */
void host_end(struct host *host);
/* The supervisor sees that its monitor died, or stopped: it silences the node a little later, if it lives and runs. */
void host_bury(struct world *w, struct host *host);
/* It does: lease, then addresses. */
void host_silence(struct world *w, struct host *host);
/* Until when the monitor cannot run, or cannot change anything: true time, MONO_FAR: it is dead. */
mono_t host_hindered(const struct world *w, const struct host *host);
/* By when the supervisor could have silenced the node, had it to. MONO_FAR: it is dead. */
mono_t host_unburied(const struct host *host);

/* ---- host.c ---- */
/* A socket became ready, or something else happened to the process: it wakes soon. */
void host_frame(struct world *w, struct host *host, unsigned link, const struct heartbeat *hb);
void host_answer(struct world *w, struct host *host, unsigned slot, mono_t sent);
void host_mail(struct world *w, struct host *host, const struct event *event);
/* Others changed the table. */
void host_table_changed(struct world *w, struct host *host);

/* The table in one transaction, with neither lease nor permit; without an interface of that name, without the chains on it.
 * False: netlink refuses. */
bool host_build_table(struct world *w, struct host *host);
bool host_netlink_fails(const struct world *w, const struct host *host);
/* It has nothing to do until its next wake, which is planned. */
void host_sleep(struct world *w, struct host *host);
/* Its addresses live for a while longer. */
void host_validate(struct world *w, struct host *host);
/* What an action brings back: a later event of the same wake. */
void host_result(struct host *host, const struct event *event);

/* Happenings of its own. */
void host_timer(struct world *w, struct host *host, uint64_t id);
void host_run(struct world *w, struct host *host);

/* The clock it would read now. */
mono_t host_clock(const struct world *w, const struct host *host);

/* ---- acts.c ---- */
void acts_perform(struct world *w, struct host *host, const struct action *act);
/* HAPPEN_WORK. */
void acts_work_done(struct world *w, struct host *host, uint64_t id);

#endif
