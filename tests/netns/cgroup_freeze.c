/* The freezer of a cgroup stops all of the primary's processes, as a container's pause does: no signal, nobody is told. */
#include "tests/netns/owners.h"
#include "tests/netns/thawed.h"

NETNS_TEST(cgroup_freeze,
	   "the primary is frozen by its cgroup: the backup serves; thawed, it is the backup at once, silent") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_freeze(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	nanos thaw = clock_now();
	pair_thaw(&scene->pair, NET_HA1);
	thawed_check(scene, NET_HA1, thaw);
	scene_watch(scene, NET_HA2, thaw, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, thaw);
}
