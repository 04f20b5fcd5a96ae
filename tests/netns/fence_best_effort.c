/* The fence is tried, and its end awaited, whatever that is. */
#include "tests/lab/shell.h"
#include "tests/netns/fence.h"

NETNS_TEST(fence_best_effort, "a best-effort fence fails: it was tried once, and the backup serves") {
	char script[512];
	fence_start(scene, "mode = \"best-effort\"");
	shell_print(script, sizeof(script), "echo tried >> %s\nexit 1\n", hooks_path(scene, "tried"));
	fence_becomes(scene, script);
	pair_kill_all(&scene->pair, NET_HA1);
	nanos fault = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, fault, scene_patience(scene)), "ha2 does not serve");
	unsigned tried = hooks_lines(scene, "tried");
	scene_check(scene, tried == 1, "the fence was tried %u times", tried);
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA2, "the fence command ended with status 1", scene_patience(scene)),
		    "the log does not tell of it");
	scene_watch(scene, NET_HA2, clock_now(), 2 * scene->within);
}
