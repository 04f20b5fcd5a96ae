/* A monitor stands still, its supervisor does not; it goes on later. */
#include <signal.h>

#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"
#include "tests/netns/thawed.h"

static pid_t monitor_of(struct scene *scene, enum net_host host) {
	pid_t monitor = pair_child(&scene->pair, host, "_monitor");
	scene_check(scene, monitor > 0, "%s has no monitor", net_host_name(host));
	return monitor;
}

NETNS_TEST(monitor_stopped, "a monitor stands still for long: when it goes on there is one owner, and no flapping") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	pid_t backup = monitor_of(scene, NET_HA2), primary = monitor_of(scene, NET_HA1);
	nanos fault = clock_now();
	fault_count();
	kill(backup, SIGSTOP);
	scene_watch(scene, NET_HA1, fault, 3 * scene->within);
	kill(backup, SIGCONT);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role when it went on");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);

	/* Its supervisor notices and takes lease and address off, long before the backup's time is up. */
	fault = clock_now();
	fault_count();
	kill(primary, SIGSTOP);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED),
		    "ha1 bears the shared IP while its monitor stands still");
	scene_check(scene, !ruleset_element(scene, NET_HA1, "lease").there, "ha1's kernel still has the lease");
	nanos back = clock_now();
	kill(primary, SIGCONT);
	thawed_check(scene, NET_HA1, back);
	scene_check(scene, pair_wait_logged(&scene->pair, NET_HA1, "stood still", scene_patience(scene)),
		    "ha1's log does not say that it stood still");
	scene_check(scene, !pair_logged(&scene->pair, NET_HA1, "changed by others"),
		    "ha1 takes its own supervisor for somebody else");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_watch(scene, NET_HA2, back, 3 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, back);
}
