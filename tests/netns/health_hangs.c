/* The health command hangs, and the hooks worker stands still. */
#include <signal.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

NETNS_TEST(health_hangs,
	   "a health command that hangs on both nodes, and a stopped hooks worker: no role changes, verbs work") {
	char more[1024];
	shell_print(
		more, sizeof(more),
		"health = { command = \"while test -e %s; do sleep 0.05; done\" interval = \"100ms\" fall = 1 rise = 1 }",
		hooks_path(scene, "hang"));
	scene_open(scene, &(struct pair_conf){.more = more});
	scene_start(scene, NET_HA1);
	scene_wait(scene, NET_HA1, "/service", "well");
	hooks_write(scene, "hang", "");
	fault_count();
	/* Whichever node's command is asked first is ill first: the other one may take over, once. */
	scene_wait(scene, NET_HA1, "/service", "ill");
	scene_wait(scene, NET_HA2, "/service", "ill");
	scene_check(
		scene,
		pair_wait_logged(&scene->pair, NET_HA1, "the health command did not end in time", scene_patience(scene)),
		"the log does not say that it hangs");
	enum net_host primary = scene_settle(scene);
	nanos fault = clock_now();
	scene_watch(scene, (int)primary, fault, 5 * scene->within);

	hooks_remove(scene, "hang");
	scene_wait(scene, NET_HA1, "/service", "well");
	scene_wait(scene, NET_HA2, "/service", "well");
	primary = scene_settle(scene);
	pid_t stopped = hooks_worker(scene, primary);
	kill(stopped, SIGSTOP);
	fault_count();
	fault = clock_now();
	scene_watch(scene, (int)primary, fault, 5 * scene->within);
	scene_verb(scene, pair_other(primary), "takeover");
	scene_check(scene, scene_settle(scene) == pair_other(primary), "the role did not move when asked to");
	kill(stopped, SIGCONT);
}
