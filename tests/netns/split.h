/* The switch splits, and heals: what must hold with the majority of the test IPs on the primary's side, and on the
 * backup's. */
#ifndef NETNS_SPLIT_H
#define NETNS_SPLIT_H

#include "tests/netns/test.h"

/* Inside of connectivity-test = { ... }: two of the three test IPs are on the gateway, one on the second gateway; and one
 * on each, where the first one has the casting vote. */
#define SPLIT_ONE_TEST    "ips = [ \"192.0.2.1\" ]"
#define SPLIT_THREE_TESTS "ips = [ \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.4\" ]"
#define SPLIT_TWO_TESTS   "ips = [ \"192.0.2.1\", \"192.0.2.4\" ]"

/* Opens the scene with the second gateway, and starts with ha1 as the primary. */
void split_open(struct scene *scene, const char *tests);

/* Splits: the gateway and the client with the owner, the second gateway with the other node; heals, and watches. The owner
 * serves in time, the other one is silent; healed, the owner is the one primary and says so within a few heartbeats. */
void split_check(struct scene *scene, enum net_host owner);

#endif
