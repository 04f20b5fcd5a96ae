/* The monitor dies, of the primary and of the backup. */
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

NETNS_TEST(monitor_killed, "a monitor is killed: its supervisor ends lease and addresses, and starts it anew") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_monitor(&scene->pair, NET_HA2);
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	scene_check(scene, scene_settle(scene) == NET_HA1, "the primary changed when the backup's monitor died");

	fault = clock_now();
	pair_kill_monitor(&scene->pair, NET_HA1);
	/* Whoever is first, the restarted one or its backup: one of them serves. */
	enum net_host primary = scene_settle(scene);
	scene_served(scene, primary, fault, scene->within, false);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	enum net_host backup = pair_other(primary);
	scene_safe(scene, !pair_holds(&scene->pair, backup, PAIR_SHARED), "both bear the shared IP");
	scene_safe(scene, !ruleset_element(scene, backup, "lease").there, "both kernels have a lease");
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "removed from this node's interfaces"),
		    "ha1's supervisor did not remove the shared IP");
}
