/* One node starts, and nobody else is there. */
#include <stdlib.h>

#include "tests/netns/test.h"

/* When the node's first heartbeat left. */
static nanos first_heartbeat(struct scene *scene, enum net_host host) {
	size_t n;
	struct sniffed *frames = sniff_take(scene->sniff, scene->begin, clock_now(), &n);
	nanos first = 0;
	for (size_t i = 0; i < n && first == 0; i++)
		if (frames[i].host == host && sniff_view(&frames[i]).kind == FRAME_HEARTBEAT)
			first = frames[i].packet.at;
	free(frames);
	return first;
}

NETNS_TEST(cold_boot_alone, "a node that starts alone waits for its dead interval, tests, and serves") {
	scene_open(scene, NULL);
	nanos start = clock_now();
	fault_count();
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, start, scene_patience(scene)),
		    "ha1 never served the client");
	nanos served = clock_now(), spoke = first_heartbeat(scene, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_wait(scene, NET_HA1, "/alone", "true");

	nanos dead = (nanos)(pair_number(&scene->pair, NET_HA1, "/timers/dead_ms") * (double)NANOS_MS);
	scene_check(scene, spoke > 0 && served - start >= dead,
		    "ha1 served %.1f ms after its start, before %.1f ms of silence", clock_ms(served - start),
		    clock_ms(dead));
	scene_bound(scene, served - spoke <= scene->within, start, served, "ha1 served %.1f ms after its first heartbeat",
		    clock_ms(served - spoke));
	scene_watch(scene, NET_HA1, served, 3 * scene->within);
}
