/* Two daemons of different clusters share a wire. */
#include "tests/netns/test.h"

NETNS_TEST(wrong_cluster, "a node of another cluster is counted, and otherwise not there") {
	scene_open(scene, NULL);
	pair_configure(&scene->pair, NET_HA2,
		       &(struct pair_conf){
			       .cluster = "annex",
			       .within = scene->within,
			       .shared_ips = "{ address = \"192.0.2.101/24\" interface = \"eth0\" }",
		       });
	pair_start(&scene->pair, NET_HA1);
	fault_count();
	pair_start(&scene->pair, NET_HA2);
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_wait(scene, host, "/state", "primary");
		scene_check(scene, pair_number(&scene->pair, host, "/counters/rejected/other-cluster") > 0,
			    "%s does not count the other cluster's frames", net_host_name(host));
		scene_check(scene, pair_number(&scene->pair, host, "/counters/received") == 0,
			    "%s believed another cluster's frame", net_host_name(host));
	}
	scene_watch(scene, NET_HA1, clock_now(), 2 * scene->within);
}
