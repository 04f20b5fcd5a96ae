/* The only place that knows both sides: it turns what the adapters report into events for the core, and the core's actions
 * into calls of the adapters. Runs in the monitor process, until told to end. */
#ifndef HAMON_NODE_NODE_H
#define HAMON_NODE_NODE_H

#include "hamon/conf/conf.h"
#include "hamon/wire/message.h"

struct node_start {
	const struct conf *conf;            /* checked; node.c keeps its own copy */
	const struct message_start *memory; /* from the supervisor */
	const char *run_dir;                /* the control socket's folder, which exists: RUN/control.sock */
	int supervisor;                     /* SOCK_SEQPACKET to the supervisor, non-blocking */
	bool realtime, locked;              /* what the system granted */
};

/* Returns the process's exit status. */
int node_run(const struct node_start *start);

#endif
