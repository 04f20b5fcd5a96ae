/* A write that is under way while the role moves: a client whose ARP cache still names the old node. */
#include "tests/netns/inflight.h"
#include "tests/netns/owners.h"
#include "tests/netns/thawed.h"

NETNS_TEST(inflight_udp,
	   "a stale client writes to the stopped primary's MAC: nothing is taken in once the other node speaks") {
	scene_open(scene, NULL);
	struct inflight inflight = inflight_begin(scene);
	scene_start(scene, NET_HA1);
	inflight_wait(scene, &inflight, NET_HA1, scene->begin);
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	nanos moved = owners_first(scene, PAIR_SHARED, NET_HA2, fault);
	inflight_wait(scene, &inflight, NET_HA2, moved);
	scene_watch(scene, NET_HA2, moved, scene->within);

	nanos thaw = clock_now();
	pair_continue_all(&scene->pair, NET_HA1);
	thawed_check(scene, NET_HA1, thaw);
	inflight_check(scene, &inflight, NET_HA1, moved);
}
