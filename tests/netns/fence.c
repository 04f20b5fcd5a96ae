/* What the fence tests have in common: see fence.h. */
#include "tests/netns/fence.h"

#include <string.h>

#include "tests/lab/shell.h"

void fence_start(struct scene *scene, const char *more) {
	char text[1024];
	hooks_write(scene, "fence", "exit 0\n");
	shell_print(text, sizeof(text), "fence = { command = \"/bin/sh %s\" %s }", hooks_path(scene, "fence"), more);
	scene_open(scene, &(struct pair_conf){.more = text});
	scene_start(scene, NET_HA1);
}

void fence_becomes(struct scene *scene, const char *script) {
	hooks_write(scene, "fence", script);
	fault_count();
}

void fence_check_refused(struct scene *scene, nanos fault) {
	scene_wait(scene, NET_HA2, "/fence/state", "failed");
	char warnings[1024];
	bool there = pair_get(&scene->pair, NET_HA2, "/warnings", warnings, sizeof(warnings));
	scene_check(scene, there && strstr(warnings, "ha1 could not be fenced: no takeover without"),
		    "the status does not warn of it: %s", warnings);
	scene_check(scene, pair_wait_logged(&scene->pair, NET_HA2, "the fence command ", scene_patience(scene)),
		    "the log does not tell of it");
	scene_watch(scene, -1, fault + scene->within, 5 * scene->within);

	/* The peer comes back and serves: nothing of it is left. */
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 serves, and must not");
	scene_wait(scene, NET_HA2, "/fence/state", "idle");
}
