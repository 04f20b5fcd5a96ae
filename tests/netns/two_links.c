/* Heartbeats on two cables. */
#include "tests/netns/test.h"

NETNS_TEST(two_links,
	   "two heartbeat links: losing one changes nothing; a lost carrier is told over the other one at once") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth0\" }, { name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_second_cable(&scene->net, false);
	scene_wait(scene, NET_HA1, "/links/1/up", "false");
	scene_watch(scene, NET_HA1, fault, 3 * scene->within);
	net_second_cable(&scene->net, true);
	scene_wait(scene, NET_HA1, "/links/1/up", "true");

	double before = pair_number(&scene->pair, NET_HA2, "/links/1/received");
	for (nanos end = scene_patience(scene); pair_number(&scene->pair, NET_HA2, "/links/1/received") <= before;)
		scene_check(scene, clock_now() < end, "no heartbeat comes over the cable that is back");

	fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_served(scene, NET_HA2, fault, scene->within / 2, false);
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its cable came back");
}
