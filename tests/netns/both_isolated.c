/* The switch falls apart: no node reaches the other one, nor a test IP. */
#include "tests/netns/owners.h"

NETNS_TEST(both_isolated, "a split with the test IP on neither side: both nodes are silent; healed, one of them serves") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_cut(&scene->net, NET_GATEWAY, NET_CUT_FRAMES);
	net_split(&scene->net, NET_HA1, NET_HA1);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_wait(scene, NET_HA1, "/state", "isolated");
	scene_wait(scene, NET_HA2, "/state", "deaf");
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, 4 * scene->within);
	for (unsigned host = 0; host < NET_NODES; host++)
		owners_check_silent(scene, PAIR_SHARED, host, silent);

	/* Whole again, though without the test IP: consent needs none. */
	nanos whole = clock_now();
	net_unite(&scene->net);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, whole, scene_patience(scene)), "ha1 does not serve");
	net_mend(&scene->net, NET_GATEWAY);
	scene_check(scene, scene_settle(scene) == NET_HA1, "the role moved when the test IP was back");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
