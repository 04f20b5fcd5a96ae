/* Heartbeats as the sniffer saw them, read with the daemon's own decoder: for tests of what it says on the wire, and for
 * frames that are sent again. */
#ifndef NETNS_HEARTBEATS_H
#define NETNS_HEARTBEATS_H

#include "hamon/wire/heartbeat.h"
#include "tests/netns/test.h"

/* False: the frame is no heartbeat. */
bool heartbeats_read(const struct sniffed *frame, struct heartbeat *out);

/* Waits until the host sends a heartbeat, after `since`, of which the function is true; fails the test when none comes.
 * Returns when it left. */
nanos heartbeats_wait(struct scene *scene, enum net_host host, nanos since, bool (*is)(const struct heartbeat *hb));

/* The longest time between two heartbeats of the host in the interval. */
nanos heartbeats_gap(struct scene *scene, enum net_host host, nanos since, nanos until);

/* How many heartbeats of the host since then there are of which the function is true. */
unsigned heartbeats_count(struct scene *scene, enum net_host host, nanos since, bool (*is)(const struct heartbeat *hb));

#endif
