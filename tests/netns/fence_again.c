/* The peer falls silent again while it is still being fenced for an earlier silence. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/fence.h"

/* Writes down when it begins and ends, and ends when it is let go. */
static void fence_is_slow(struct scene *scene) {
	char text[1024], course[PAIR_PATH];
	shell_print(course, sizeof(course), "%s", hooks_path(scene, "course"));
	shell_print(text, sizeof(text),
		    "cat > /dev/null\n"
		    "echo begin >> %s\n"
		    "while [ ! -e %s ]; do sleep 0.05; done\n"
		    "echo end >> %s\n",
		    course, hooks_path(scene, "let-go"), course);
	fence_becomes(scene, text);
}

/* ha1 is silent until its fence runs, or waits for its turn, and is heard again. */
static void fall_silent_and_return(struct scene *scene) {
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_wait(scene, NET_HA2, "/fence/state", "running");
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	scene_wait(scene, NET_HA2, "/fence/state", "idle");
}

static void begin(struct scene *scene) {
	fence_start(scene, "mode = \"best-effort\" timeout = \"1h\"");
	fence_is_slow(scene);
	fall_silent_and_return(scene);
	hooks_wait(scene, "course", "begin");
}

/* For good: and the fence that runs is let go. */
static void ha1_dies(struct scene *scene) {
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA2, "/fence/state", "running");
	scene_watch(scene, -1, fault + scene->within, 3 * scene->within);
	hooks_write(scene, "let-go", "");
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, fault, scene_patience(scene)), "ha2 does not serve");
}

static void check_course(struct scene *scene, const char *course) {
	char *told = hooks_read(scene, "course");
	scene_check(scene, strcmp(told, course) == 0, "the fence ran like this:\n%s", told);
	free(told);
}

NETNS_TEST(fence_again,
	   "the peer dies while an earlier fence still runs: another one follows that, and then the backup serves") {
	begin(scene);
	ha1_dies(scene);
	check_course(scene, "begin\nend\nbegin\nend\n");
}

NETNS_TEST(fence_withdrawn, "a fence waits for an earlier one, and the peer is heard again: it is not begun") {
	begin(scene);
	fall_silent_and_return(scene);
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA2, "the fence command was not run: nobody waits for it any more",
				     scene_patience(scene)),
		    "the log does not tell of it");
	hooks_write(scene, "let-go", "");
	hooks_wait(scene, "course", "end");
	hooks_remove(scene, "let-go");
	fall_silent_and_return(scene);
	hooks_write(scene, "let-go", "");
	hooks_wait(scene, "course", "begin\nend\nbegin\nend\n");
	check_course(scene, "begin\nend\nbegin\nend\n");
}
