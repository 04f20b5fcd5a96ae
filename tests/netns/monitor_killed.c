/* The monitor dies, of the primary and of the backup. */
#include <signal.h>

#include "tests/netns/test.h"

static void kill_monitor(struct scene *scene, enum net_host host) {
	pid_t monitor = pair_child(&scene->pair, host, "_monitor");
	scene_check(scene, monitor > 0, "%s has no monitor", net_host_name(host));
	kill(monitor, SIGKILL);
}

NETNS_TEST(monitor_killed, "a monitor is killed: its supervisor silences the node, and starts it anew") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	kill_monitor(scene, NET_HA2);
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	scene_check(scene, scene_settle(scene) == NET_HA1, "the primary changed when the backup's monitor died");

	fault = clock_now();
	kill_monitor(scene, NET_HA1);
	/* Whoever is first, the restarted one or its backup: one of them serves. */
	enum net_host primary = scene_settle(scene);
	scene_served(scene, primary, fault, scene->within, false);
	scene_check(scene, !pair_holds(&scene->pair, pair_other(primary), PAIR_SHARED), "both bear the shared IP");
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "removed from this node's interfaces"),
		    "ha1's supervisor did not remove the shared IP");
}
