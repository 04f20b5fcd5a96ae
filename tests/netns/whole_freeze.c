/* The whole machine stands still, both nodes with it, for longer than a failover may take. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/owners.h"

/* Stands in for a machine that stands still: only the kernels go on, and they are to be silent soon. */
static void freeze(struct scene *scene, nanos length) {
	for (unsigned host = 0; host < NET_NODES; host++)
		pair_stop_all(&scene->pair, host);
	nanos stopped = clock_now();
	clock_sleep_until(stopped + length);
	probe_settle(scene->probe);
	for (unsigned host = 0; host < NET_NODES; host++)
		owners_check_silent(scene, PAIR_SHARED, host, stopped + length / 2);
	for (unsigned host = 0; host < NET_NODES; host++)
		pair_continue_all(&scene->pair, host);
}

static void expect_warning(struct scene *scene, enum net_host host) {
	struct pair_result result = pair_verb(&scene->pair, host, "status");
	const char *warning = strstr(result.output, "warning this machine stood still for");
	scene_check(scene, warning, "`hamon status` on %s does not warn: %s", net_host_name(host), result.output);
	free(result.output);
}

NETNS_TEST(whole_freeze, "both nodes stand still for long: one owner then, a line in the log, a warning, and no flapping") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	freeze(scene, 2 * scene->within);
	enum net_host primary = scene_settle(scene);
	nanos back = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, primary, back, scene_patience(scene)),
		    "%s is primary, and does not serve the client", net_host_name(primary));
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_check(scene,
			    pair_wait_logged(&scene->pair, host, "this machine stood still for", scene_patience(scene)),
			    "%s's log does not say that it stood still", net_host_name(host));
		scene_check(scene, pair_number(&scene->pair, host, "/loop/worst_gap_ms") >= clock_ms(scene->within),
			    "%s's status does not show the freeze", net_host_name(host));
		expect_warning(scene, host);
	}
	scene_watch(scene, (int)primary, back, 4 * scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
