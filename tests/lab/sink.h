/* A UDP service on a node: a process that binds a port on the wildcard addresses, as a database or a name server would,
 * and records when each datagram came in. */
#ifndef LAB_SINK_H
#define LAB_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lab/clock.h"

struct sink;

/* Starts it, IPv4 and IPv6, and waits until it listens; with `echo` it sends back what it gets, from the address that was
 * asked. It ends with its starter. */
struct sink *sink_start(const char *ns, uint16_t port, bool echo);

/* How many datagrams it received in [since, until), by the kernel's time. Dies when it lost one, or ended. */
size_t sink_count(const struct sink *sink, nanos since, nanos until);

void sink_stop(struct sink *sink);

#endif
