/* The service is ill on one node, then on the other, then on both. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

static void expect_explained(struct scene *scene, enum net_host host, const char *line) {
	struct pair_result result = pair_verb(&scene->pair, host, "explain now");
	scene_check(scene, result.status == 0 && strstr(result.output, line), "%s does not explain \"%s\": %s",
		    net_host_name(host), line, result.output);
	free(result.output);
}

NETNS_TEST(health_ill, "an ill primary hands over to a fit backup; with both ill the role stays; health is shown") {
	char more[1024];
	shell_print(more, sizeof(more), "health = { command = \"test ! -e %s\" interval = \"100ms\" fall = 2 rise = 2 }",
		    hooks_path(scene, "ill.$HAMON_NODE"));
	scene_open(scene, &(struct pair_conf){.more = more});
	scene_start(scene, NET_HA1);
	scene_wait(scene, NET_HA1, "/service", "well");
	scene_wait(scene, NET_HA2, "/service", "well");

	hooks_write(scene, "ill.ha1", "");
	fault_count();
	nanos fault = clock_now();
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	scene_wait(scene, NET_HA1, "/service", "ill");
	scene_check(scene, scene_settle(scene) == NET_HA2, "the ill node serves");
	scene_check(
		scene,
		pair_wait_logged(&scene->pair, NET_HA1, "the health command ended with status 1", scene_patience(scene)),
		"the log does not say what the command said");

	/* An ill backup is no better than an ill primary, and takes over from a dead one alone. */
	hooks_write(scene, "ill.ha2", "");
	scene_wait(scene, NET_HA2, "/service", "ill");
	expect_explained(scene, NET_HA1, "-    the service is ill (fitness 50): ha1 takes over from a dead primary only");
	expect_explained(scene, NET_HA2, "-    the service is ill (fitness 50): ha1 gets the role when it is fitter");
	scene_watch(scene, NET_HA2, clock_now(), 5 * scene->within);
	pair_kill_all(&scene->pair, NET_HA2);
	fault = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, fault, scene_patience(scene)),
		    "the primary is dead, and the ill backup does not serve");

	hooks_remove(scene, "ill.ha1");
	scene_wait(scene, NET_HA1, "/service", "well");
}
