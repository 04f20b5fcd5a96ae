/* The primary hears everybody and nobody hears it. Its peer's echo grows old, and as the peer is heard it is not alone: so
 * its lease runs out, while the backup's dead interval does. */
#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(one_way_loss_out, "nobody hears the primary: its lease runs out, the backup serves within the time") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos lapse = times_unechoed(scene, NET_HA1), fault = clock_now();
	net_cut_one_way(&scene->net, NET_HA1, NET_OUT);
	nanos cut = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	times_check_silent(scene, PAIR_SHARED, NET_HA1, fault, cut + lapse);
	/* It hears of the new epoch, so it is a backup, and no node in doubt. */
	scene_wait(scene, NET_HA1, "/state", "backup");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");

	nanos back = clock_now();
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	announcements_begin(scene, NET_HA2, back);
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
