/* Every CPU is busy, and the primary loses its real-time scheduling: the load is ordinary, and the primary soon less. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/load.h"
#include "tests/netns/owners.h"

enum { EACH_CPU = 4 };

static void schedule(struct scene *scene, pid_t pid, int policy, int priority) {
	struct sched_param param = {.sched_priority = priority};
	scene_check(scene, sched_setscheduler(pid, policy, &param) == 0, "process %d cannot be rescheduled: %s", (int)pid,
		    strerror(errno));
}

/* The supervisor and the monitor of the host. */
static void schedule_node(struct scene *scene, enum net_host host, int policy, int priority) {
	schedule(scene, scene->pair.node[host].pid, policy, priority);
	schedule(scene, pair_child(&scene->pair, host, "_monitor"), policy, priority);
}

static void expect_no_change(struct scene *scene, double epoch, nanos since) {
	scene_watch(scene, NET_HA1, since, 5 * scene->within);
	double now = pair_number(&scene->pair, NET_HA2, "/epoch");
	scene_bound(scene, now == epoch, since, clock_now(), "the epoch went from %.0f to %.0f", epoch, now);
}

NETNS_TEST_ALONE(cpu_starvation, "every CPU is busy: no role change; a primary that starves is silenced, not doubled") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	double epoch = pair_number(&scene->pair, NET_HA2, "/epoch");
	nanos begin = clock_now();
	struct load *load = load_start(EACH_CPU, scene_patience(scene) - begin);
	expect_no_change(scene, epoch, begin);

	/* Starved more and more. Whether it loses the role depends on the kernel's scheduler; that it is alone does not. */
	nanos starved = clock_now();
	schedule_node(scene, NET_HA1, SCHED_OTHER, 0);
	clock_sleep_until(clock_now() + 5 * scene->within);
	schedule_node(scene, NET_HA1, SCHED_IDLE, 0);
	clock_sleep_until(clock_now() + 10 * scene->within);
	probe_settle(scene->probe);
	unsigned moves = owners_check(scene, PAIR_SHARED, NET_HA1, starved);
	nanos full = clock_now();
	load_stop(load);
	enum net_host primary = scene_settle(scene);
	moves += owners_check(scene, PAIR_SHARED, probe_owner(scene->probe, 0), full);
	printf("starved for %.1f s: the role was claimed %u times, and %s has it\n", clock_ms(full - starved) / 1000, moves,
	       net_host_name(primary));
}
