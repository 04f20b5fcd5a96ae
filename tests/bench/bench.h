/* The benchmarks of the kernel lease: what its rules cost, and what it is worth. Each returns the exit status: 0 when its
 * bounds were kept; and ends the process when something cannot work at all. */
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

#endif
