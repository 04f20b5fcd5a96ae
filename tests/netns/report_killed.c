/* The report worker dies, or stands still: nobody else notices. */
#include <signal.h>

#include "tests/netns/test.h"

static pid_t report_of(struct scene *scene, enum net_host host) {
	for (nanos end = scene_patience(scene);;) {
		pid_t report = pair_child(&scene->pair, host, "_report");
		if (report > 0)
			return report;
		scene_check(scene, clock_now() < end, "%s has no report worker", net_host_name(host));
		clock_sleep_until(clock_now() + 5 * NANOS_MS);
	}
}

NETNS_TEST(report_killed, "the report worker is killed, and stopped: no role changes, takeovers work, it is started anew") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pid_t first = report_of(scene, NET_HA1);
	fault_count();
	kill(first, SIGKILL);
	for (nanos end = scene_patience(scene); report_of(scene, NET_HA1) == first;) {
		scene_check(scene, clock_now() < end, "the report worker was not started anew");
		clock_sleep_until(clock_now() + 5 * NANOS_MS);
	}
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);

	pid_t second = report_of(scene, NET_HA1);
	fault_count();
	kill(second, SIGSTOP);
	fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	scene_verb(scene, NET_HA1, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 is not primary");
	kill(second, SIGCONT);
	scene_watch(scene, NET_HA1, clock_now(), scene->within);
}
