/* The daemon's own timers, and bounds that follow from them. */
#ifndef NETNS_TIMES_H
#define NETNS_TIMES_H

#include "tests/netns/test.h"

/* `name` as the node's status has it, such as "lease_ms". */
nanos times_of(struct scene *scene, enum net_host host, const char *name);

/* So long at most a primary may speak for a shared IP that renews its lease no more: L, by a clock that may lag by J. */
nanos times_lease(struct scene *scene, enum net_host host);

/* So long after its peer echoes nothing new: what it sent before counts for A, and the last renewal then for L. */
nanos times_unechoed(struct scene *scene, enum net_host host);

/* The host's last frame since the fault that asserts the shared IP must have come by then. */
void times_check_silent(struct scene *scene, const char *shared, enum net_host host, nanos fault, nanos by);

#endif
