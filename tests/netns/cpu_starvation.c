/* Every CPU is busy, and the primary loses its real-time scheduling: the load is ordinary, and the primary soon less. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/load.h"
#include "tests/netns/owners.h"

/* What is idle then waits for more than a second. */
enum { EACH_CPU = 16 };

static void schedule(struct scene *scene, pid_t pid, int policy) {
	struct sched_param param = {0};
	scene_check(scene, sched_setscheduler(pid, policy, &param) == 0, "process %d cannot be rescheduled: %s", (int)pid,
		    strerror(errno));
}

/* The supervisor and the monitor of the host. */
static void schedule_node(struct scene *scene, enum net_host host, int policy) {
	pid_t monitor = pair_child(&scene->pair, host, "_monitor");
	scene_check(scene, monitor > 0, "%s has no monitor", net_host_name(host));
	schedule(scene, scene->pair.node[host].pid, policy);
	schedule(scene, monitor, policy);
}

static void expect_no_change(struct scene *scene, double epoch, nanos since) {
	scene_watch(scene, NET_HA1, since, 5 * scene->within);
	double now = pair_number(&scene->pair, NET_HA2, "/epoch");
	scene_bound(scene, now == epoch, since, clock_now(), "the epoch went from %.0f to %.0f", epoch, now);
}

/* Whoever is primary loses its real-time scheduling. Whether it keeps the role is then up to the kernel's scheduler. */
static void demote(struct scene *scene, int policy) {
	schedule_node(scene, scene_settle(scene), policy);
}

static struct load *keep_busy(struct scene *scene) {
	return load_start(EACH_CPU, scene_patience(scene) - clock_now());
}

NETNS_TEST_ALONE(cpu_starvation, "every CPU is busy: no role change; a primary that starves is never doubled") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	double epoch = pair_number(&scene->pair, NET_HA2, "/epoch");
	nanos begin = clock_now();
	struct load *load = keep_busy(scene);
	expect_no_change(scene, epoch, begin);
	demote(scene, SCHED_OTHER);
	/* The role may move or not, so there is nothing to wait for: a few takeovers' worth of load. */
	clock_sleep_until(clock_now() + 5 * scene->within);
	load_stop(load);

	/* From one moment to the next it gets nothing: each loop has 300 times the weight of what is idle. */
	demote(scene, SCHED_IDLE);
	load = keep_busy(scene);
	/* The same, and longer: what is idle waits for more than a second. */
	clock_sleep_until(clock_now() + 10 * scene->within);
	load_stop(load);
	enum net_host primary = scene_settle(scene);
	printf("the role was claimed %u times, and %s has it\n", owners_check(scene, PAIR_SHARED, NET_HA1, begin),
	       net_host_name(primary));
}
