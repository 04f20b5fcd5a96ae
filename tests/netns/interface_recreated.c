/* The primary's interface disappears and comes back under its old name. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/owners.h"
#include "tests/netns/repair.h"

NETNS_TEST(interface_recreated,
	   "the primary's interface is deleted and made anew: the backup serves, the node comes back") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	char *before = repair_listing(scene, NET_HA1);
	nanos begin = clock_now();
	net_unplug(&scene->net, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, begin, scene->within);
	net_replug(&scene->net, NET_HA1);
	nanos back = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its interface came back");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	char *now = repair_listing(scene, NET_HA1);
	scene_check(scene, strcmp(before, now) == 0, "ha1's table was\n%s\nand is now\n%s", before, now);
	free(before);
	free(now);

	nanos fault = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, fault, SCENE_PLANNED, true);
	owners_check(scene, PAIR_SHARED, NET_HA1, begin);
}
