/* Writes to the old owner: see inflight.h. */
#include "tests/netns/inflight.h"

struct inflight inflight_begin(struct scene *scene) {
	struct inflight inflight;
	for (unsigned host = 0; host < NET_NODES; host++)
		inflight.service[host] = sink_start(scene->net.ns[host], PROBE_UDP_PORT, true);
	return inflight;
}

void inflight_wait(struct scene *scene, const struct inflight *inflight, enum net_host host, nanos since) {
	for (nanos end = scene_patience(scene); sink_count(inflight->service[host], since, clock_now()) == 0;) {
		scene_check(scene, clock_now() < end, "%s took in nothing that was written to the shared IP",
			    net_host_name(host));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
}

void inflight_check(struct scene *scene, const struct inflight *inflight, enum net_host host, nanos since) {
	size_t n = sink_count(inflight->service[host], since, clock_now());
	scene_safe(scene, n == 0, "%s took in %zu datagrams after the other node had the shared IP", net_host_name(host),
		   n);
}
