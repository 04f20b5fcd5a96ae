/* One node's heartbeats are lost, and nothing else; the test IPs reflect none. One direction is enough for there to be one
 * owner. */
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(heartbeats_blocked_one_way,
	   "the backup's heartbeats are lost: the primary goes on; the primary's are lost: the backup serves") {
	scene_open(scene, &(struct pair_conf){.tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_block_heartbeats(&scene->net, NET_HA2);
	scene_wait(scene, NET_HA1, "/alone", "true");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	net_mend(&scene->net, NET_HA2);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(),
		    "ha2 took the role from a primary that it heard");
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);

	/* It hears its peer, which echoes nothing new: it is not alone, and may not renew. */
	nanos lapse = times_unechoed(scene, NET_HA1);
	fault = clock_now();
	net_block_heartbeats(&scene->net, NET_HA1);
	nanos blocked = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	times_check_silent(scene, PAIR_SHARED, NET_HA1, fault, blocked + lapse);
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	scene_watch(scene, NET_HA2, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
