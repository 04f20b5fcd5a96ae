/* Without configured test IPs the default gateway is the one that is asked. */
#include "tests/netns/test.h"

NETNS_TEST(default_gateway, "no test IPs: the default gateway stands in; it answers: a takeover, it does not: none") {
	scene_open(scene, &(struct pair_conf){.tests = "policy = \"majority\""});
	scene_start(scene, NET_HA1);
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_wait(scene, host, "/tests/0/address", "192.0.2.1");
	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_served(scene, NET_HA2, fault, scene->within, false);
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its cable came back");

	net_cut(&scene->net, NET_GATEWAY, NET_CUT_FRAMES);
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_wait(scene, host, "/tests/0/ok", "false");
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	scene_wait(scene, NET_HA2, "/lease/held", "false");
	scene_watch(scene, -1, clock_now(), 4 * scene->within);
}
