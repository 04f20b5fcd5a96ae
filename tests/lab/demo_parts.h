/* What the files of the demonstration tell one another: demo.c sets the stage and sums up, demo_steps.c plays. */
#ifndef LAB_DEMO_PARTS_H
#define LAB_DEMO_PARTS_H

#include <stdbool.h>

#include "tests/lab/freeze.h"
#include "tests/lab/net.h"
#include "tests/lab/pair.h"
#include "tests/lab/probe.h"
#include "tests/lab/sniff.h"

/* A planned takeover may cost this much, and what the machine stood still. */
#define DEMO_PLANNED (20 * NANOS_MS)

struct demo {
	struct net net;
	struct pair pair;
	struct freeze *freeze;
	struct probe *probe;
	struct sniff *sniff;
	struct frame_ip shared;
	nanos begin, within;
	nanos overlap; /* the worst of all moves, of those that were done again too */
	unsigned reruns;
	bool failed;
};

/* What a step cost, as the witness saw it. */
struct demo_cost {
	nanos outage, frozen; /* frozen: so much of the outage the machine stood still */
	bool held;            /* the step kept its bounds */
	bool excused;         /* a freeze long enough to spoil it fell between fault and recovery */
};

/* One line of the commentary, with the time since the beginning. */
void demo_say(const struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starts both nodes and waits until one serves. */
void demo_cold_start(struct demo *demo);

/* Each begins with a healthy pair and leaves one behind, so that it can be done again. */
typedef struct demo_cost demo_step(struct demo *demo);
demo_step demo_planned_takeover, demo_cut_carrier, demo_cut_frames, demo_kill_all, demo_kill_monitor, demo_freeze,
	demo_split, demo_flush;

#endif
