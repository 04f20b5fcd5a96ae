/* The demonstration: real failovers between two real daemons, with a running commentary, measured by a client. */
#ifndef LAB_DEMO_H
#define LAB_DEMO_H

#include <stdbool.h>

#include "tests/lab/clock.h"

struct demo_options {
	const char *hamon; /* path of the program */
	nanos within;      /* 0: 500 ms, or what this machine bears */
	bool keep;         /* leave it running at the end, until Ctrl-C */
};

/* Returns the exit status: 0 when every bound was kept. Ends the process when something cannot work at all. */
int demo_run(const struct demo_options *options);

#endif
