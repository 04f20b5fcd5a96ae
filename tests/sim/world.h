/* The simulated world: one virtual clock, one heap of happenings, one random stream. It owns what lies between the two
 * nodes (wires, test IPs, operators, faults) and the adversary that picks the worst moment; the nodes are host.c's. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "hamon/mono.h"
#include "hamon/wire/heartbeat.h"
#include "tests/sim/checker.h"
#include "tests/sim/host.h"
#include "tests/sim/tally.h"

typedef mono_t true_t; /* the world's own time, ns; a node's clock drifts from it */

/* WORLD_LINKS: direct ones; the reflecting one comes after them. */
enum { WORLD_NODES = 2, WORLD_LINKS = 3, WORLD_TESTS = 5 };

enum happening_type {
	HAPPEN_BOOT,     /* a node's daemon starts */
	HAPPEN_RUN,      /* a node's process goes on with what it is doing */
	HAPPEN_TIMER,    /* a node's process wakes by its timer, or because a socket is ready */
	HAPPEN_FRAME,    /* a heartbeat reaches a node */
	HAPPEN_REQUEST,  /* a test request reaches a test IP */
	HAPPEN_ANSWER,   /* a test answer reaches a node */
	HAPPEN_PROBE,    /* a node's question who has a shared IP reaches the other */
	HAPPEN_HOLDER,   /* the other's claim of a shared IP reaches a node */
	HAPPEN_STRANGER, /* a third host claims a shared IP */
	HAPPEN_RAN,      /* a command of a node's configuration ended */
	HAPPEN_HEALTH,   /* a node's health command did */
	HAPPEN_WORK,     /* a node's piece of work on addresses ends */
	HAPPEN_RESERVED, /* a node's disk answers */
	HAPPEN_PURGE,    /* a node's supervisor silences it after its monitor died or stopped */
	HAPPEN_THAW,     /* a monitor that was stopped alone goes on */
	HAPPEN_JIFFIES,  /* a node's jiffies stand still for a while */
	HAPPEN_CARRIER,  /* a node's carrier comes back, and its interface */
	HAPPEN_OPERATOR, /* the adversary's operator asks at a moment of his choice */
	HAPPEN_UNCUT,    /* a cut that the adversary made for a moment ends */
	HAPPEN_TOPOLOGY, /* the wires change */
	HAPPEN_FAULT,
	HAPPEN_WATCH, /* is anybody serving? */
	HAPPEN_CALM,  /* no faults from here on, on wires that stay as they are */
	HAPPEN_HEAL,  /* and now the wires are whole */
	HAPPEN_REARM, /* if two were owners beyond what is promised, they were it until here */
	HAPPEN_QUIET, /* now everything must be settled, and stay so */
	HAPPEN_END,
};

struct happening {
	true_t at;
	uint64_t id; /* order among equals; set by world_post() */
	enum happening_type type;
	unsigned node;
	unsigned life; /* of the node's process: what an earlier life began does not happen */
	union {
		struct {
			unsigned link;
			true_t sent;
			struct heartbeat hb;
		} frame;
		struct {
			unsigned slot;
			mono_t sent;
		} test;
		struct {
			uint64_t epoch;
			bool fails;
		} reserve;
		struct {
			enum run run;
			uint32_t id;
			bool ok;
		} ran;
		enum verb verb;   /* HAPPEN_OPERATOR */
		bool wiped;       /* HAPPEN_BOOT */
		unsigned drawing; /* HAPPEN_UNCUT: of this topology */
	};
};

/* How rough this seed is: drawn once, so that seeds differ in kind and not only in order. */
struct mood {
	int64_t loss, slow, duplicate; /* permille */
	int64_t adversary;             /* permille: freeze before an act */
	int64_t hunt;                  /* permille: hold a renewal or a grant to its last moment */
	int64_t stalls;                /* permille: jiffies stand still as a lease is about to end */
	int64_t misfire;               /* permille: a plain frame refused by a full queue */
	int64_t flush;                 /* permille: the table deleted under a claim, or a process that stands still */
	int64_t fail, hang;            /* permille: a command that a claim waits for fails, or does not end */
	bool clears;                   /* in the end operators clear what alarms are left */
	bool guard;                    /* the network never lets reflected heartbeats pass */
	bool idle;                     /* in the end automatic failover is paused on both nodes, and stays so */
	bool storm;                    /* operators ask again and again, on wires that are mostly whole */
	span_t fault_gap, dwell;       /* at most so long between two faults, two topologies */
	int64_t weight[MISHAP__COUNT];
};

struct wires {
	bool cut[WORLD_NODES][WORLD_LINKS]; /* [from]: of the heartbeats */
	bool lan_cut[WORLD_NODES];          /* [from]: of ARP in the shared IPs' network */
	bool guard[WORLD_NODES];            /* [from]: what bears another's source address is dropped */
	int64_t loss[WORLD_NODES];          /* permille */
	bool slow[WORLD_NODES];
	struct happening pending[WORLD_NODES]; /* the newest of the missed frames */
	unsigned missed[WORLD_NODES]; /* frames in a row that did not arrive in good time though the wire was whole */
	true_t arrived[WORLD_NODES];  /* when the newest frame that arrived was sent */
	bool to[WORLD_NODES][WORLD_TESTS], back[WORLD_NODES][WORLD_TESTS]; /* the ways to a test IP and back */
	unsigned drawing;                                                  /* counts the topologies */
	unsigned flaps;                                                    /* so many more ups and downs of all links */
};

struct world {
	uint64_t seed, random;
	true_t now;
	struct happening *heap;
	size_t heap_n, heap_max;
	uint64_t ids;

	bool trace;
	unsigned links, tests;  /* direct links; test IPs */
	unsigned preferred;     /* the node whose preference is the higher one */
	bool reflects;          /* the test IPs reflect heartbeats */
	span_t command, health; /* deadline of commands; interval of the health command */
	span_t patience;        /* how much longer than without countdown, hold-down and commands L1 may take */
	struct mood mood;
	struct wires wires;
	bool calm, healed;
	unsigned bait;  /* 1 + the node whose request the adversary plays with; 0: none */
	bool covered;   /* each node's dead interval covers the other's numbers */
	span_t h, dead; /* the larger of the two nodes' */
	true_t n1_from; /* N1 holds from here on; MONO_FAR: it does not now */
	true_t stranger_until;
	true_t disturbed;  /* when a fault last began, or will end */
	uint64_t boots;    /* the wall clock's part in boot numbers: ordered over both nodes and wiped disks */
	uint32_t requests; /* operators' tokens */
	struct host host[WORLD_NODES];
	struct checker checker;
	struct tally *tally;
};

/* Runs one seed to its end or its first violation; returns whether it was kept from violating anything. Everything random
 * comes from the seed. *w is the caller's and is reused from seed to seed; w->heap is taken once. */
bool world_run(struct world *w, uint64_t seed, bool trace, struct tally *tally);

/* A number from low to high, both included. */
int64_t world_between(struct world *w, int64_t low, int64_t high);
bool world_chance(struct world *w, int64_t permille);

void world_post(struct world *w, true_t at, struct happening happening);

void world_trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- wires.c ---- */

/* A node sent this heartbeat on these links. Returns whether its own queue took it. */
bool wires_send(struct world *w, struct host *from, const struct heartbeat *hb, uint8_t links);
/* The wires are about to change. */
void wires_keep_n1(struct world *w);
/* A node sent a test request. */
void wires_test(struct world *w, struct host *from, unsigned slot, mono_t decided);
/* Do requests of this node to the test IP reach it, and the answers the node? */
bool wires_reach(const struct world *w, unsigned node, unsigned slot);
/* Does the test IP hand this node's reflected heartbeats to the other? */
bool wires_reflect(const struct world *w, unsigned from, unsigned slot);
/* HAPPEN_FRAME, _REQUEST, _ANSWER. */
void wires_happen(struct world *w, const struct happening *it);

/* ---- lan.c ---- */

/* A node asks who has these shared IPs. */
void lan_probe(struct world *w, struct host *from, const struct ip_set *ips);
/* A node announced its shared IPs. */
void lan_announced(struct world *w, struct host *from);
/* Would the peer of this node answer its probe now, and the answer be received? */
bool lan_answers(struct world *w, const struct host *asking);
void lan_stranger(struct world *w);
/* HAPPEN_PROBE, _HOLDER, _STRANGER. */
void lan_happen(struct world *w, const struct happening *it);

/* ---- commands.c ---- */

/* A node runs a command that its claim waits for. */
void commands_run(struct world *w, struct host *host, enum run run, uint32_t id);
/* Its health command begins to run, again and again. */
void commands_health(struct world *w, struct host *host);
/* HAPPEN_RAN, _HEALTH. */
void commands_happen(struct world *w, const struct happening *it);

#endif
