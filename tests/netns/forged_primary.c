/* A local user forges heartbeats on a primary that stands still: they would prolong its lease. */
#include "tests/netns/forgery.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"
#include "tests/netns/times.h"

NETNS_TEST(forged_primary,
	   "a user without root forges heartbeats on the primary, which stands still: its lease runs out all the same") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos lease = times_lease(scene, NET_HA1);
	struct forgery *forgery = forgery_start(scene, NET_HA1);
	scene_check(scene, ruleset_element(scene, NET_HA1, "lease").there, "a primary without a lease");
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	nanos still = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_check(scene, !ruleset_element(scene, NET_HA1, "lease").there, "ha1 still has the lease");
	forgery_stop(scene, forgery);
	times_check_silent(scene, PAIR_SHARED, NET_HA1, fault, still + lease);

	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it went on");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
