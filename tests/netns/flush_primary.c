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
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
	repair_check_guards(scene);
}
