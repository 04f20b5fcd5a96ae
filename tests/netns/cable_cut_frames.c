/* The switch drops every frame of the primary, whose carrier stays. */
#include "tests/netns/owners.h"

NETNS_TEST(cable_cut_frames,
	   "the primary's frames are dropped: the backup serves within the time, and there is no failback") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA2, "/state", "primary");

	nanos back = clock_now();
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	scene_watch(scene, NET_HA2, back, 3 * scene->within);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
