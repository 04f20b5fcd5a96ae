/* Cold start, and the configuration says that nobody serves alone. */
#include "tests/netns/test.h"

NETNS_TEST(wait_for_peer, "cold-start = \"wait-for-peer\": a node that starts alone serves only once its peer was heard") {
	scene_open(scene, &(struct pair_conf){.failover = "cold-start = \"wait-for-peer\""});
	fault_count();
	nanos start = clock_now();
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/tests/0/ok", "true");
	scene_watch(scene, -1, start, 4 * scene->within);
	pair_start(&scene->pair, NET_HA2);
	enum net_host primary = scene_settle(scene), backup = pair_other(primary);
	scene_watch(scene, (int)primary, clock_now(), scene->within);

	/* Met once, each may serve alone. */
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, primary);
	scene_moved(scene, primary, backup, fault, scene->within);
}
