/* Nobody takes over without a connectivity test that is answered. */
#include <stdlib.h>

#include "tests/netns/test.h"

NETNS_TEST(tests_unreachable, "the test IP is dead: a cut primary is not replaced, until the test IP is back") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	net_cut(&scene->net, NET_GATEWAY, NET_CUT_FRAMES);
	scene_wait(scene, NET_HA1, "/tests/0/ok", "false");
	scene_wait(scene, NET_HA2, "/tests/0/ok", "false");
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_verb_says(scene, host, "status", EXIT_SUCCESS, "warning test IP 192.0.2.1 does not answer");
	scene_verb_says(scene, NET_HA2, "test ips", EXIT_FAILURE, "none of 1 test IPs answered");
	scene_watch(scene, NET_HA1, clock_now(), 3 * scene->within);

	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, 4 * scene->within);

	net_mend(&scene->net, NET_GATEWAY);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, silent, scene_patience(scene)),
		    "ha2 does not serve, and its test IP is back");
}
