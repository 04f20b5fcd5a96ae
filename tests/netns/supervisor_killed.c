/* The supervisor dies. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

NETNS_TEST(supervisor_killed, "the primary's supervisor is killed: the monitor steps down in good order, all end") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	pid_t monitor = pair_child(&scene->pair, NET_HA1, "_monitor"),
	      report = pair_child(&scene->pair, NET_HA1, "_report");
	scene_check(scene, monitor > 0 && report > 0, "ha1 has no monitor or no report worker");
	nanos fault = clock_now();
	pair_signal(&scene->pair, NET_HA1, SIGKILL);
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	pair_wait_end(&scene->pair, NET_HA1, scene_patience(scene));
	for (nanos end = scene_patience(scene); kill(monitor, 0) == 0 || kill(report, 0) == 0;) {
		scene_check(scene, clock_now() < end, "the monitor or the report worker outlives the supervisor");
		clock_sleep_until(clock_now() + 5 * NANOS_MS);
	}
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_check(scene, !ruleset_element(scene, NET_HA1, "lease").there, "ha1's kernel still has the lease");

	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
}
