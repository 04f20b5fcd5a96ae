/* The primary gives the role away because an operator asks it to. */
#include "tests/netns/owners.h"

NETNS_TEST(standdown, "standdown: the peer serves; a dry run changes nothing; without a peer it is refused") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	scene_verb(scene, NET_HA1, "standdown --dry-run");
	scene_watch(scene, NET_HA1, clock_now(), scene->within);

	nanos fault = clock_now();
	scene_verb(scene, NET_HA1, "standdown");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 did not stay primary");
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 1, fault, clock_now(), "the role was claimed %u times in one hand-over", claims);

	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_wait(scene, NET_HA2, "/peer/heard", "false");
	enum { REFUSED = 4 };
	int status = pair_do(&scene->pair, NET_HA2, "standdown");
	scene_check(scene, status == REFUSED, "standdown without a peer ended with %d, not %d", status, REFUSED);
	scene_watch(scene, NET_HA2, clock_now(), scene->within);
}
