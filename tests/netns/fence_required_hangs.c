/* The fence has to succeed, and does not come to an end. */
#include "tests/netns/fence.h"

NETNS_TEST(fence_required_hangs, "a required fence hangs: no takeover, and an alarm") {
	fence_start(scene, "mode = \"required\" timeout = \"1s\"");
	fence_becomes(scene, "trap '' TERM\nsleep 600\nsleep 600\n");
	pair_kill_all(&scene->pair, NET_HA1);
	nanos fault = clock_now();
	fence_check_refused(scene, fault);
	scene_check(scene, pair_logged(&scene->pair, NET_HA2, "the fence command did not end in time"),
		    "the log does not say how it ended");
}
