/* Heartbeats on a cable of their own alone: where the shared IP lives, the peer's MAC is not known. */
#include "tests/netns/stranger.h"

NETNS_TEST(stranger_own_cable,
	   "heartbeats on a cable of their own: the primary raises the alarm of a stranger within a second") {
	stranger_open(scene, &(struct pair_conf){.links = "{ name = \"eth1\" }"});
	nanos fault = clock_now();
	net_stranger_claims(&scene->net, PAIR_SHARED);
	stranger_check_alarm(scene, NET_HA1, fault);
	net_stranger_leaves(&scene->net, PAIR_SHARED);

	/* And the peer itself is none, when the role moves. */
	scene_verb(scene, NET_HA1, "clear");
	scene_verb(scene, NET_HA1, "standdown");
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 did not take the role over");
	scene_check(scene, !pair_logged(&scene->pair, NET_HA2, "not ha1, not ha2"), "ha2 takes ha1 for a stranger");
}
