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
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_check(scene, claims == 0, "the role was claimed %u times", claims);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);

	/* The new table does what the old one did. */
	fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it went on");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
