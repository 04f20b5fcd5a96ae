/* The kernel lease as a primary keeps it, without the rest of a daemon: the table, and a thread that sends real heartbeats
 * with their marks. What the cost of the rules is measured with. */
#ifndef BENCH_GUARD_H
#define BENCH_GUARD_H

#include <stdbool.h>

#include "hamon/conf/conf.h"

enum guard_state {
	GUARD_ABSENT, /* no table; the heartbeats go on */
	GUARD_SHUT,   /* the table, and no lease: nothing of the shared IPs may pass */
	GUARD_OPEN,   /* the table, and a lease that each heartbeat renews */
};

struct guard;

/* For the calling thread's network namespace and an interface of it; timers as hamon derives them from `within` here.
 * Begins absent. Dies when it cannot. */
struct guard *guard_open(const char *interface, span_t within);

/* The table guards these from the next guard_set() on; 1 to CORE_IPS of them. */
void guard_addresses(struct guard *guard, const struct ip_address *addresses, unsigned n);

/* Dies when the kernel refuses, and when the lease does not come to stand. */
void guard_set(struct guard *guard, enum guard_state state);

/* Did the lease hold without a break since guard_set(GUARD_OPEN)? It does not on a machine that froze for longer. */
bool guard_held(struct guard *guard);

#endif
