/* An administrator loads another ruleset on the backup, and begins it with a flush. */
#include "tests/netns/owners.h"
#include "tests/netns/repair.h"

NETNS_TEST(flush_backup,
	   "the backup's ruleset is flushed: its table is back within a heartbeat, and nothing else happens") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	repair_check(scene, NET_HA2, "flush ruleset");
	scene_watch(scene, NET_HA1, fault, scene->within);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 0, fault, clock_now(), "the role was claimed %u times", claims);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
	repair_check_guards(scene);
}
