/* Both nodes start in the same moment. */
#include "tests/netns/test.h"

NETNS_TEST(both_boot, "both nodes start at once: one of them serves, the other one is its backup, and so it stays") {
	scene_open(scene, NULL);
	nanos start = clock_now();
	fault_count();
	pair_start(&scene->pair, NET_HA1);
	pair_start(&scene->pair, NET_HA2);
	enum net_host primary = scene_settle(scene);
	scene_check(scene, probe_wait_owner(scene->probe, primary, start, scene_patience(scene)),
		    "%s never served the client", net_host_name(primary));
	scene_safe(scene, !pair_holds(&scene->pair, pair_other(primary), PAIR_SHARED), "both bear the shared IP");
	scene_watch(scene, (int)primary, clock_now(), 4 * scene->within);
}
