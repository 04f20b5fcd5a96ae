/* No heartbeat comes directly, on either link, and those that the test IPs reflect do. */
#include "tests/netns/unbroken.h"

NETNS_TEST(reflect_keeps, "direct heartbeats are blocked on both links: no takeover while the reflected ones arrive") {
	scene_open(scene, &(struct pair_conf){.links = PAIR_TWO_LINKS});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_block(&scene->net, NET_BLOCK_DIRECT);
	unbroken_check(scene, NET_HA1, fault, "on reflect");
	scene_check(scene, pair_number(&scene->pair, NET_HA2, "/links/2/received") > 0, "no reflected heartbeat came");

	nanos mended = clock_now();
	net_unblock(&scene->net);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	scene_watch(scene, NET_HA1, mended, 2 * scene->within);
}
