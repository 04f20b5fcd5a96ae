/* No heartbeat passes between the nodes, directly or reflected, nor any answer for the shared IP; and both reach the test
 * IP and the client: what assumption N1 (docs/SAFETY.md) excludes, for neither can tell the other from a dead peer. So both
 * serve, and the only promise is how it ends. */
#include <stdio.h>

#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(heartbeats_blocked, "nothing passes from node to node, and all else does: both serve; mended, the older owner "
			       "gives in first, then the newer announces again") {
	scene->expects_overlap = true;
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct frame_ip shared = frame_ip(PAIR_SHARED);
	nanos fault = clock_now();
	net_block(&scene->net, NET_BLOCK_DIRECT | NET_BLOCK_REFLECTED | NET_BLOCK_DISCOVERY);
	scene_wait(scene, NET_HA1, "/alone", "true");
	scene_wait(scene, NET_HA2, "/state", "primary");
	scene_wait(scene, NET_HA1, "/state", "primary");
	nanos mending = clock_now();
	net_unblock(&scene->net);
	nanos mended = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 won, whose epoch is lower");

	nanos silent = sniff_last_claim(scene->sniff, &shared, NET_HA1, fault, clock_now());
	nanos announced = announcements_begin(scene, NET_HA2, silent);
	printf("two owners for %.1f ms; ha1 silent %.1f ms after the mend, ha2 announced %.1f ms after that\n",
	       clock_ms(sniff_overlap(scene->sniff, &shared, NET_HA1, NET_HA2, fault, clock_now())),
	       clock_ms(silent - mended), clock_ms(announced - silent));
	enum { FEW = 4 }; /* heartbeats: the winner's, which silences the loser, and the loser's, which says so */
	scene_bound(scene, announced - mended <= FEW * times_of(scene, NET_HA2, "heartbeat_ms"), mending, announced,
		    "two owners became one only %.1f ms after they could hear each other", clock_ms(announced - mended));
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "ha2 holds the lease with a higher epoch"),
		    "ha1's log does not say why it stepped down");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_watch(scene, NET_HA2, announced, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, announced);
}
