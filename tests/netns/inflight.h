/* Clients with a stale ARP or neighbour cache, who write to a shared IP at each node's own MAC all the time, as the prober
 * does; and the service that takes it in. */
#ifndef NETNS_INFLIGHT_H
#define NETNS_INFLIGHT_H

#include "tests/lab/sink.h"
#include "tests/netns/test.h"

struct inflight {
	struct sink *service[NET_NODES];
};

/* Starts the service on both nodes. */
struct inflight inflight_begin(struct scene *scene);

/* Waits until the host's service took something in since then, or fails the test. */
void inflight_wait(struct scene *scene, const struct inflight *inflight, enum net_host host, nanos since);

/* Since then nothing may have been taken in by the host. */
void inflight_check(struct scene *scene, const struct inflight *inflight, enum net_host host, nanos since);

#endif
