/* An operator's pause holds the backup back. */
#include "tests/netns/test.h"

NETNS_TEST(paused, "a paused backup does not take over by itself, also after a restart; resumed, it does") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	scene_verb(scene, NET_HA2, "pause");
	scene_wait(scene, NET_HA2, "/paused", "true");
	pair_kill_all(&scene->pair, NET_HA2);
	pair_start(&scene->pair, NET_HA2);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 is not primary any more");
	scene_wait(scene, NET_HA2, "/paused", "true");

	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, 4 * scene->within);

	scene_verb(scene, NET_HA2, "resume");
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, silent, scene_patience(scene)),
		    "ha2 does not serve, and is not paused any more");
}
