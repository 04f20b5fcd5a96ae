/* The fence has to succeed, and does not. */
#include "tests/netns/fence.h"

NETNS_TEST(fence_required_fails, "a required fence fails: no takeover, and an alarm") {
	fence_start(scene, "mode = \"required\"");
	fence_becomes(scene, "echo no route to the switch\nexit 1\n");
	pair_kill_all(&scene->pair, NET_HA1);
	nanos fault = clock_now();
	fence_check_refused(scene, fault);
	scene_check(scene, pair_logged(&scene->pair, NET_HA2, "the fence command ended with status 1"),
		    "the log does not say how it ended");
}
