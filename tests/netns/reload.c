/* The configuration changes while the pair serves. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/test.h"

#define FIRST  "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" }"
#define SECOND "192.0.2.101"

static void reload_both(struct scene *scene, struct pair_conf conf) {
	conf.within = scene->within;
	for (unsigned host = 0; host < NET_NODES; host++) {
		pair_configure(&scene->pair, host, &conf);
		scene_verb(scene, host, "reload");
	}
}

static void reload_broken(struct scene *scene) {
	double generation = pair_number(&scene->pair, NET_HA1, "/generation");
	pair_configure(&scene->pair, NET_HA1, &(struct pair_conf){.within = scene->within, .more = "colour = \"red\""});
	struct pair_result result = pair_verb(&scene->pair, NET_HA1, "reload");
	scene_check(scene, result.status != 0 && strstr(result.output, "colour"), "a broken file was taken: %d, %s",
		    result.status, result.output);
	free(result.output);
	scene_check(scene, pair_number(&scene->pair, NET_HA1, "/generation") == generation,
		    "a broken file changed something");
}

static void reload_within_on(struct scene *scene, enum net_host host) {
	pair_configure(&scene->pair, host,
		       &(struct pair_conf){.within = 2 * scene->within, .failover = "countdown = \"1s\""});
	struct pair_result result = pair_verb(&scene->pair, host, "reload");
	scene_check(scene, result.status == 0 && strstr(result.output, "failover.within needs a restart"),
		    "it is not said that `within` needs a restart: %d, %s", result.status, result.output);
	free(result.output);
}

static void wait_compared(struct scene *scene, const char *verdict) {
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_wait(scene, host, "/configuration/compared", verdict);
}

/* `within` is part of every timer: it stays, and the answer says so. What is in force is neither file then, and the same as
 * on a node that was told the same two, not as on one that has the old file. */
static void reload_within(struct scene *scene) {
	wait_compared(scene, "identical");
	reload_within_on(scene, NET_HA1);
	wait_compared(scene, "differs");
	scene_wait(scene, NET_HA1, "/configuration/restart_needed", "failover.within");
	scene_wait(scene, NET_HA2, "/configuration/restart_needed", "null");
	reload_within_on(scene, NET_HA2);
	wait_compared(scene, "identical");
}

NETNS_TEST(reload,
	   "reload while serving: IPs and test IPs come and go, automatic goes off, a broken file changes nothing") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	reload_both(scene, (struct pair_conf){.shared_ips = FIRST ", { address = \"" SECOND "/24\" interface = \"eth0\" }",
					      .tests = "ips = [ \"192.0.2.1\", \"192.0.2.9\" ]"});
	scene_wait(scene, NET_HA1, "/ips/1/held", "true");
	scene_wait(scene, NET_HA1, "/tests/1/ok", "true");
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, SECOND), SECOND " is not there");
	reload_broken(scene);
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, SECOND), SECOND " went with a broken file");

	reload_within(scene);
	reload_both(scene, (struct pair_conf){.failover = "automatic = false"});
	scene_wait(scene, NET_HA1, "/configuration/restart_needed", "null");
	wait_compared(scene, "identical");
	for (nanos end = scene_patience(scene); pair_holds(&scene->pair, NET_HA1, SECOND);)
		scene_check(scene, clock_now() < end, SECOND " is still there");
	scene_wait(scene, NET_HA2, "/automatic", "false");
	scene_watch(scene, NET_HA1, fault, scene->within);
	struct probe_gap gap = probe_outage(scene->probe, fault, clock_now());
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
		    "the client was not served for %.1f ms while the configuration changed", clock_ms(gap.to - gap.from));

	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_watch(scene, -1, clock_now(), 3 * scene->within);
}
