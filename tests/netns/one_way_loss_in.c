/* The primary hears nobody and everybody hears it. It cannot say more than that it is deaf; the backup counts the time from
 * there. */
#include <stdio.h>

#include "tests/netns/announcements.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

static bool deaf(const struct heartbeat *hb) {
	return hb->deaf;
}

NETNS_TEST(one_way_loss_in,
	   "the primary hears nobody: its lease runs out, it says that it is deaf, and the backup serves") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	/* When its lease is over, its next heartbeat but one is deaf. */
	nanos lapse = times_unechoed(scene, NET_HA1) + 2 * times_of(scene, NET_HA1, "heartbeat_ms");
	nanos fault = clock_now();
	net_cut_one_way(&scene->net, NET_HA1, NET_IN);
	nanos cut = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, lapse + scene->within);
	nanos said = heartbeats_wait(scene, NET_HA1, fault, deaf);
	printf("ha1 said that it is deaf %.1f ms after the cut, at most %.1f ms are due\n", clock_ms(said - fault),
	       clock_ms(lapse));
	scene_bound(scene, said <= cut + lapse, fault, said, "ha1 said only after %.1f ms that it is deaf",
		    clock_ms(said - fault));
	scene_wait(scene, NET_HA1, "/state", "isolated");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");

	nanos back = clock_now();
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	announcements_begin(scene, NET_HA2, back);
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
