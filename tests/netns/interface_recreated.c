/* The primary's interface disappears and comes back under its old name. */
#include "tests/netns/test.h"

NETNS_TEST(interface_recreated,
	   "the primary's interface is deleted and made anew: the backup serves, the node comes back") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_unplug(&scene->net, NET_HA1);
	scene_served(scene, NET_HA2, fault, scene->within, false);
	net_replug(&scene->net, NET_HA1);
	nanos back = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its interface came back");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);

	fault = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, fault, SCENE_PLANNED, true);
}
