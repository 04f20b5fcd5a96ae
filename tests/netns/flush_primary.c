/* An administrator loads another ruleset on the primary, and begins it with a flush. */
#include "tests/netns/owners.h"
#include "tests/netns/repair.h"

NETNS_TEST(flush_primary, "the primary's ruleset is flushed: its table is back within a heartbeat, and so is the service") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	repair_check(scene, NET_HA1, "flush ruleset");
	/* Its lease went with the table, and the backup agrees to a new one. */
	scene_served(scene, NET_HA1, fault, scene->within, false);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);

	/* The new table does what the old one did. */
	fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it went on");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
