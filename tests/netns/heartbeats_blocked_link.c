/* No heartbeat passes on the switch, and the second link carries them. */
#include <stdlib.h>

#include "tests/netns/owners.h"

NETNS_TEST(heartbeats_blocked_link, "heartbeats are lost on one of two links: nothing happens at all") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth0\" }, { name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	double epoch = pair_number(&scene->pair, NET_HA1, "/epoch"), before, now;
	nanos fault = clock_now();
	net_block_heartbeats(&scene->net, NET_HA1);
	net_block_heartbeats(&scene->net, NET_HA2);
	before = pair_number(&scene->pair, NET_HA1, "/links/0/received");
	scene_watch(scene, NET_HA1, fault, 3 * scene->within);
	now = pair_number(&scene->pair, NET_HA1, "/links/0/received");
	scene_check(scene, now == before, "%.0f heartbeats came in on the blocked link: the test tests nothing",
		    now - before);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	now = pair_number(&scene->pair, NET_HA1, "/epoch");
	scene_bound(scene, now == epoch, fault, clock_now(), "ha1 had to claim anew");
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_check(scene,
			    pair_wait_logged(&scene->pair, host, "link eth0 is up, and brings nothing of",
					     scene_patience(scene)),
			    "nobody says that the link is silent");
	scene_verb_says(scene, NET_HA1, "status", EXIT_SUCCESS, "warning link eth0 is up, and brings nothing of ha2");

	net_mend(&scene->net, NET_HA1);
	net_mend(&scene->net, NET_HA2);
	for (nanos end = scene_patience(scene); pair_number(&scene->pair, NET_HA1, "/links/0/received") <= before;)
		scene_check(scene, clock_now() < end, "no heartbeat comes in on the mended link");
	scene_check(
		scene,
		pair_wait_logged(&scene->pair, NET_HA1, "link eth0 brings heartbeats of ha2 again", scene_patience(scene)),
		"nobody says that the link is not silent any more");
	scene_watch(scene, NET_HA1, fault, scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
