/* An operator switches a shared IP off on one node. */
#include "tests/netns/test.h"

#define SECOND "192.0.2.101"

NETNS_TEST(ip_disable, "an IP that is disabled on a node is not served by it, also after a restart, until it is enabled") {
	scene_open(scene, &(struct pair_conf){.shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
							    "{ address = \"" SECOND "/24\" interface = \"eth0\" }"});
	scene_start(scene, NET_HA1);
	scene_verb(scene, NET_HA1, "ip disable " SECOND);
	scene_wait(scene, NET_HA1, "/ips/1/held", "false");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, SECOND), SECOND " is still there");
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), PAIR_SHARED " went with it");

	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	pair_kill_all(&scene->pair, NET_HA1);
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/ips/1/enabled", "false");
	net_mend(&scene->net, NET_HA1);
	scene_settle(scene);
	if (pair_do(&scene->pair, NET_HA1, "is-primary") != 0)
		scene_verb(scene, NET_HA1, "takeover");
	scene_wait(scene, NET_HA1, "/ips/0/held", "true");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, SECOND), SECOND " came back with the restart");
	scene_verb(scene, NET_HA1, "ip enable " SECOND);
	scene_wait(scene, NET_HA1, "/ips/1/held", "true");
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, SECOND), SECOND " is enabled, and not there");
}
