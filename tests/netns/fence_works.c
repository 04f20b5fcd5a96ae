/* The fence works: the peer is off before this node serves. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/fence.h"
#include "tests/netns/owners.h"

NETNS_TEST(fence_works,
	   "a required fence that works: it is told whom to fence, and ends before the first frame from the shared IP") {
	char script[512];
	size_t n;
	fence_start(scene, "mode = \"required\"");
	shell_print(script, sizeof(script), "cat > %s\n", hooks_path(scene, "asked"));
	n = strlen(script);
	shell_print(script + n, sizeof(script) - n, "date +%%s%%N > %s\n", hooks_path(scene, "stamp"));
	fence_becomes(scene, script);
	pair_kill_all(&scene->pair, NET_HA1);
	nanos fault = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, fault, scene_patience(scene)), "ha2 does not serve");
	nanos first = owners_first(scene, PAIR_SHARED, NET_HA2, fault);
	char *asked = hooks_read(scene, "asked"), *stamp = hooks_read(scene, "stamp");
	scene_check(scene, strcmp(asked, "action=off\nnodename=ha1\nplug=ha1\nport=ha1\n") == 0, "the fence was told: %s",
		    asked);
	nanos fenced = (nanos)strtoll(stamp, NULL, 10) + clock_wall_to_mono();
	scene_safe(scene, fault < fenced && fenced < first,
		   "fenced %.1f ms after the fault, the first frame of the shared IP %.1f ms after it",
		   clock_ms(fenced - fault), clock_ms(first - fault));
	free(asked);
	free(stamp);

	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "the node that was fenced did not come back as backup");
	scene_watch(scene, NET_HA2, clock_now(), 2 * scene->within);
}
