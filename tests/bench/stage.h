/* What the benchmarks with two daemons share: the net, the pair, the client, the freeze meter, and the time that this
 * machine bears. One a process; shell_die() shows its logs. */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include <stdbool.h>

#include "tests/lab/freeze.h"
#include "tests/lab/net.h"
#include "tests/lab/pair.h"
#include "tests/lab/probe.h"
#include "tests/lab/sniff.h"

struct stage {
	struct net net;
	struct pair pair;
	struct freeze *freeze;
	struct probe *probe;
	struct frame_ip shared;
	nanos begin, within;
};

struct stage_order {
	const char *hamon;
	nanos within;  /* as asked for; 0: `usual`, or the least scale that this machine bears, which is said */
	nanos usual;   /* where it bears that */
	bool gateway2; /* a second gateway */
	bool second_cable;
	struct pair_conf conf; /* its `within` and `failover` are filled in */
};

/* Everything is built, and both daemons were started. Dies when this machine cannot run it. */
struct stage *stage_open(const struct stage_order *order);

/* A point in time until which a final state must be reached. */
nanos stage_patience(const struct stage *stage);

/* Waits until one node is primary and the other its backup; dies when that does not come, or a daemon died. */
enum net_host stage_settled(struct stage *stage);

/* How often the text stands in both nodes' logs so far. */
unsigned stage_logged(const struct stage *stage, const char *text);

/* The freeze meter's summary, in a line. */
void stage_say_freezes(const struct stage *stage);

#endif
