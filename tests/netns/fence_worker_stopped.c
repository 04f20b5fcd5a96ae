/* The fence has to succeed, and the one who is to run it stands still. */
#include <signal.h>

#include "tests/lab/shell.h"
#include "tests/netns/fence.h"

NETNS_TEST(fence_worker_stopped,
	   "a required fence and a hooks worker that stands still: no takeover, and no fence when it is late") {
	char script[512];
	fence_start(scene, "mode = \"required\" timeout = \"1s\"");
	shell_print(script, sizeof(script), "echo fenced >> %s\n", hooks_path(scene, "fenced"));
	fence_becomes(scene, script);
	pid_t worker = hooks_worker(scene, NET_HA2);
	kill(worker, SIGSTOP);
	fault_count();
	pair_kill_all(&scene->pair, NET_HA1);
	nanos fault = clock_now();
	fence_check_refused(scene, fault);

	/* The orders that it was given have gone stale: the peer, which serves, is not hit by them. */
	kill(worker, SIGCONT);
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA2, "was not run: nobody waits for it", scene_patience(scene)),
		    "the log does not tell of the late order");
	scene_check(scene, hooks_lines(scene, "fenced") == 0, "the peer was fenced long after its silence");
	scene_watch(scene, NET_HA1, clock_now(), 2 * scene->within);
}
