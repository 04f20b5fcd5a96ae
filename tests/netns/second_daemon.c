/* Two daemons with one state directory would be two nodes of one name. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

NETNS_TEST(second_daemon, "a second daemon on the same state directory is refused, with the first one's process id") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	const struct pair_node *node = &scene->pair.node[NET_HA1];
	char command[PAIR_PATH + 32], pid[16];
	shell_print(command, sizeof(command), "run --state-dir %s/state", node->dir);
	shell_print(pid, sizeof(pid), "%d", (int)node->pid);
	nanos fault = clock_now();
	fault_count();
	struct pair_result result = pair_verb(&scene->pair, NET_HA1, command);
	scene_check(scene, result.status != 0, "a second daemon ran, and ended well");
	scene_check(scene, strstr(result.output, pid), "it does not name process %s: %s", pid, result.output);
	free(result.output);
	scene_watch(scene, NET_HA1, fault, scene->within);
}
