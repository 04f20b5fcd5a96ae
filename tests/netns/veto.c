/* A command that says whether this node may become primary. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

NETNS_TEST(veto, "before-primary says no: the other node keeps the role, or nobody serves, until it says yes") {
	char more[1024];
	enum { REFUSED = 4 };
	shell_print(more, sizeof(more), "hooks = { before-primary = \"test ! -e %s\" }",
		    hooks_path(scene, "no.$HAMON_NODE"));
	hooks_write(scene, "no.ha2", "");
	scene_open(scene, &(struct pair_conf){.more = more});
	scene_start(scene, NET_HA1);

	nanos fault = clock_now();
	int status = pair_do(&scene->pair, NET_HA2, "takeover");
	scene_check(scene, status == REFUSED, "the vetoed takeover ended with %d, not %d", status, REFUSED);
	scene_wait(scene, NET_HA2, "/vetoed", "true");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);

	pair_kill_all(&scene->pair, NET_HA1);
	fault = clock_now();
	scene_wait(scene, NET_HA2, "/peer/heard", "false");
	scene_watch(scene, -1, fault + scene->within, 5 * scene->within);
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 serves, and must not");

	hooks_remove(scene, "no.ha2");
	scene_verb(scene, NET_HA2, "clear");
	scene_wait(scene, NET_HA2, "/state", "backup");
	scene_verb(scene, NET_HA2, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA2, "the veto is over, and ha2 does not serve");
}
