/* Both nodes are started under one name, as a cloned machine would be. */
#include "tests/lab/shell.h"
#include "tests/netns/test.h"

NETNS_TEST(same_name, "a second node runs under the primary's name: it says so, and takes nothing over") {
	scene_open(scene, NULL);
	struct pair *pair = &scene->pair;
	pair_start(pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");

	struct pair_node *twin = &pair->node[NET_HA2];
	nanos since = clock_now();
	fault_count();
	twin->pid = shell_spawn(scene->net.ns[NET_HA2], twin->log,
				"%s run -f %s --node %s --state-dir %s/state --run-dir %s/run", pair->hamon, twin->conf,
				net_host_name(NET_HA1), twin->dir, twin->dir);
	scene_check(scene, pair_wait_logged(pair, NET_HA2, "runs under the name ha1 too", scene_patience(scene)),
		    "nobody says that two nodes bear one name");
	scene_watch(scene, NET_HA1, since, 4 * scene->within);
}
