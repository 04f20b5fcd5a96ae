/* A daemon with a broken configuration does not begin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

enum { STATUS_USAGE = 2 };

NETNS_TEST(bad_config, "a broken configuration: exit status 2, file and line, a hint, and nothing is touched") {
	scene_open(scene, NULL);
	pair_configure(
		&scene->pair, NET_HA1,
		&(struct pair_conf){.within = scene->within, .failover = "automatik = true", .more = "colour = \"red\""});
	const struct pair_node *node = &scene->pair.node[NET_HA1];
	char command[PAIR_PATH + 16], state[PAIR_PATH + 16], place[PAIR_PATH + 16];
	shell_print(state, sizeof(state), "%s/state", node->dir);
	shell_print(command, sizeof(command), "run --state-dir %s", state);
	fault_count();
	struct pair_result result = pair_verb(&scene->pair, NET_HA1, command);
	shell_print(place, sizeof(place), "%s:", node->conf);
	scene_check(scene, result.status == STATUS_USAGE, "it ended with status %d: %s", result.status, result.output);
	scene_check(scene, strstr(result.output, place), "it does not say where: %s", result.output);
	scene_check(scene, strstr(result.output, "automatik") && strstr(result.output, "colour"),
		    "it does not name all that is wrong: %s", result.output);
	scene_check(scene, strstr(result.output, "did you mean"), "it does not say what was meant: %s", result.output);
	free(result.output);
	struct stat st;
	scene_check(scene, stat(state, &st) != 0 && errno == ENOENT, "it made %s", state);
}
