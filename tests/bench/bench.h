/* The benchmarks: what the kernel lease costs, and what it is worth; how a pair bears a storm, a split, a cut cable. Each
 * returns the exit status: 0 when its bounds were kept; and ends the process when something cannot work at all. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>

#include "tests/lab/clock.h"

/* Traffic through the shared IP, with the rules and without (cost.c). */
int bench_cost(void);

struct bench_lease {
	const char *hamon; /* path of the program */
	unsigned freezes, kills;
	bool lease;   /* false: failover.lease = "off", which must show two owners each time */
	nanos within; /* 0: 100 ms, or what this machine bears */
};

/* Primaries that are frozen and killed, a hundred times (moves.c). */
int bench_lease(const struct bench_lease *options);

struct bench_soak {
	const char *hamon;
	unsigned blocks, seconds; /* so many, each so long */
	unsigned lost, doubled;   /* percent */
	nanos within;             /* 0: 200 ms, or what this machine bears */
};

/* A pair in a storm (soak.c). */
int bench_soak(const struct bench_soak *options);

struct bench_cable {
	const char *hamon;
	unsigned trials;
	bool udp; /* the second link is one over UDP */
	nanos within;
};

/* The cable is cut and a second link carries (cable.c). */
int bench_cable(const struct bench_cable *options);

/* Inside of connectivity-test = { ... }: of three test IPs two are on the gateway, and one on the second gateway. */
#define BENCH_ONE_TEST    "ips = [ \"192.0.2.1\" ]"
#define BENCH_THREE_TESTS "ips = [ \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.4\" ]"

struct bench_split {
	const char *hamon;
	unsigned trials; /* with the gateway on either side */
	unsigned tests;  /* 1 or 3 */
	nanos within;
};

/* The switch splits, and heals (split.c). */
int bench_split(const struct bench_split *options);

#endif
