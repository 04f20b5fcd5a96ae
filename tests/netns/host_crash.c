/* The primary's host loses power, and comes back with what its disk remembers. */
#include "tests/netns/test.h"

NETNS_TEST(host_crash, "the primary's host dies at once: the backup serves within the time; back, it is the backup") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);

	/* Its addresses are still there, as after a crash of the daemons alone: purged before the cable is back. */
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	nanos back = clock_now();
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
}
