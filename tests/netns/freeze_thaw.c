/* All of the primary's processes stand still in one instant, and go on when the other node serves. */
#include "tests/netns/owners.h"
#include "tests/netns/thawed.h"

NETNS_TEST(freeze_thaw,
	   "the primary's processes are stopped: the backup serves; going on, it is the backup at once, silent") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	nanos thaw = clock_now();
	pair_continue_all(&scene->pair, NET_HA1);
	thawed_check(scene, NET_HA1, thaw);
	scene_watch(scene, NET_HA2, thaw, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, thaw);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
}
