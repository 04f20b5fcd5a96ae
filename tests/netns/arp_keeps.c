/* No heartbeat comes in any way, and the primary's ARP does. */
#include "tests/netns/unbroken.h"

NETNS_TEST(arp_keeps,
	   "heartbeats are blocked on both links, reflected ones too: no takeover while the shared IP is answered for") {
	/* Should the machine stand still until the lease runs out, nobody answers: what N1 (docs/SAFETY.md) excludes. */
	scene->expects_overlap = true;
	scene_open(scene, &(struct pair_conf){.links = PAIR_TWO_LINKS});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_block(&scene->net, NET_BLOCK_DIRECT | NET_BLOCK_REFLECTED);
	unbroken_check(scene, NET_HA1, fault, PAIR_SHARED);

	nanos mended = clock_now();
	net_unblock(&scene->net);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	scene_watch(scene, NET_HA1, mended, 2 * scene->within);
}
