/* Somebody deletes the lease's table on the primary. */
#include "tests/netns/owners.h"
#include "tests/netns/repair.h"
#include "tests/netns/ruleset.h"

NETNS_TEST(delete_table_primary, "the primary's table is deleted: it is back within a heartbeat, and so is the service") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	char table[RULESET_TABLE];
	ruleset_table(scene, NET_HA1, table);
	nanos fault = clock_now();
	repair_check(scene, NET_HA1, "delete table netdev %s", table);
	/* Its lease went with the table, and the backup agrees to a new one. */
	scene_served(scene, NET_HA1, fault, scene->within, false);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
	repair_check_guards(scene);
}
