/* Two daemons of one cluster on one host, with one state directory or with two: they would be two nodes of one name, and
 * each would take the other's lease and addresses for leftovers. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/ruleset.h"

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

NETNS_TEST(second_daemon_elsewhere,
	   "a second daemon with directories of its own is refused, the first one keeps role, epoch and table") {
	enum { FAILED = 1 };
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	const char *dir = scene->pair.node[NET_HA1].dir;
	char command[4 * PAIR_PATH + 96], table[RULESET_TABLE], epoch[32], now[32] = "";
	shell_print(command, sizeof(command),
		    "timeout 20 %s run -f %s --node ha1 --state-dir %s/state-2 --run-dir %s/run-2", scene->hamon,
		    scene->pair.node[NET_HA1].conf, dir, dir);
	scene_check(scene, pair_get(&scene->pair, NET_HA1, "/epoch", epoch, sizeof(epoch)), "ha1 tells no epoch");
	nanos fault = clock_now();
	fault_count();
	char said[4096] = "";
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = said, .output_size = sizeof(said)};
	int status = shell_run(&job, "%s", command);
	nanos refused = clock_now();
	scene_check(scene, status == FAILED, "the second one ended with %d: %s", status, said);
	scene_check(scene, strstr(said, "another daemon of cluster edge runs in this network namespace"),
		    "it does not say why: %s", said);
	scene_check(scene, !strstr(said, "left by an earlier run"), "it touched what is the first one's: %s", said);
	scene_watch(scene, NET_HA1, fault, scene->within);

	struct probe_gap gap = probe_outage(scene->probe, fault, refused);
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, refused, "nobody served for %.1f ms",
		    clock_ms(gap.to - gap.from));
	scene_check(scene, ruleset_table(scene, NET_HA1, table), "the first one's table is gone");
	pair_get(&scene->pair, NET_HA1, "/epoch", now, sizeof(now));
	scene_bound(scene, strcmp(now, epoch) == 0, fault, refused, "epoch %s became %s", epoch, now);
	scene_check(scene, !pair_logged(&scene->pair, NET_HA1, "the table was removed"), "ha1 had to make its table anew");
	scene_wait(scene, NET_HA1, "/state", "primary");
}
