/* The only link is a cable from node to node: who loses its peer's host loses the carrier of that cable too. */
#include "tests/netns/owners.h"

/* The host dies with everything in it: nothing comes from it by either cable, and that between the nodes is dead. */
static nanos bury(struct scene *scene, enum net_host host) {
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, host);
	net_cut(&scene->net, host, NET_CUT_CARRIER);
	net_second_cable(&scene->net, false);
	return fault;
}

NETNS_TEST(direct_cable, "the backup's host dies, and the only link's carrier with it: the primary serves on") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = bury(scene, NET_HA2);
	scene_wait(scene, NET_HA1, "/links/0/up", "false");
	scene_watch(scene, NET_HA1, fault, 5 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 0, fault, clock_now(), "the lease had to be claimed anew %u times", claims);
}

NETNS_TEST(direct_cable_cut, "the only link, from node to node, is cut, and both live: the primary serves on, alone") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_second_cable(&scene->net, false);
	scene_wait(scene, NET_HA1, "/links/0/up", "false");
	scene_watch(scene, NET_HA1, fault, 5 * scene->within);
	net_second_cable(&scene->net, true);
	scene_wait(scene, NET_HA1, "/links/0/up", "true");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
}

NETNS_TEST(direct_cable_primary,
	   "the primary's host dies, and the only link's carrier with it: the backup serves in time") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = bury(scene, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA2, "/links/0/up", "false");
	scene_watch(scene, NET_HA2, clock_now(), 5 * scene->within);
}
