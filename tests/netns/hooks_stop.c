/* The daemon ends while it is primary, and the service's command takes its time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

NETNS_TEST(hooks_stop,
	   "the primary's daemon is stopped: its backup command runs to its end, and the peer does not wait for it") {
	char more[1024];
	shell_print(more, sizeof(more), "hooks = { backup = \"sleep 0.5; echo over >> %s\" }",
		    hooks_path(scene, "$HAMON_NODE"));
	scene_open(scene, &(struct pair_conf){.more = more});
	scene_start(scene, NET_HA1);
	unsigned before = hooks_lines(scene, "ha1");
	nanos fault = clock_now();
	pair_signal(&scene->pair, NET_HA1, SIGTERM);
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	int status = pair_wait_end(&scene->pair, NET_HA1, scene_patience(scene));
	scene_check(scene, status == 0, "the daemon ended with status %d", status);
	unsigned lines = hooks_lines(scene, "ha1");
	scene_check(scene, lines == before + 1, "the daemon did not wait for its command: %u lines, not %u", lines,
		    before + 1);
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "the backup command ended with status 0"),
		    "that it ended is not in the log");
}
