/* All of the primary's processes die in one instant, as by the kernel's memory killer; its host and its kernel live on. */
#include "tests/netns/owners.h"

NETNS_TEST(kill_all,
	   "the primary's processes are killed: its kernel falls silent, the backup serves; back, it is the backup") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);

	/* What is left, the table at the least, may not give it a voice. */
	nanos back = clock_now();
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "left by an earlier run removed"),
		    "ha1's log does not say what it found");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, back);
}
