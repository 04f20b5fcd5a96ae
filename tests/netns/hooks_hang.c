/* A command hangs, and the hooks worker stands still, or dies. */
#include <signal.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

NETNS_TEST(hooks_hang,
	   "commands that hang, a hooks worker that is stopped and killed: the role moves as if there were none") {
	char more[1024];
	shell_print(more, sizeof(more),
		    "hooks = { primary = \"echo begun >> %s; trap '' TERM; sleep 600; sleep 600\" backup = \"sleep 600\" "
		    "quiesce = \"sleep 600\" timeout = \"500ms\" }",
		    hooks_path(scene, "$HAMON_NODE"));
	scene_open(scene, &(struct pair_conf){.more = more});
	scene_start(scene, NET_HA1);
	hooks_wait(scene, "ha1", "begun\n");
	scene_check(
		scene,
		pair_wait_logged(&scene->pair, NET_HA1, "the primary command did not end in time", scene_patience(scene)),
		"nothing is said of a command that hangs");

	pid_t stopped = hooks_worker(scene, NET_HA2), first = hooks_worker(scene, NET_HA1);
	kill(stopped, SIGSTOP);
	fault_count();
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	kill(stopped, SIGCONT);
	hooks_wait(scene, "ha2", "begun\n");

	kill(first, SIGKILL);
	fault_count();
	for (nanos end = scene_patience(scene); hooks_worker(scene, NET_HA1) == first;) {
		scene_check(scene, clock_now() < end, "the hooks worker was not started anew");
		clock_sleep_until(clock_now() + 5 * NANOS_MS);
	}
	fault = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, fault, SCENE_PLANNED, true);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 is not primary");
	hooks_wait(scene, "ha1", "begun\nbegun\n");
	scene_watch(scene, NET_HA1, clock_now(), 2 * scene->within);
}
