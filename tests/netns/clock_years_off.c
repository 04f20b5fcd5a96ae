/* The wall clock of one node is years off. It is a library in front of the C library that tells it so; the machine's own clock
 * is never set, and the monotonic clock is the true one. */
#include <glob.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

enum { WORDS = 512 };

/* Where Debian's libfaketime is. */
static void find_library(struct scene *scene, size_t size, char *out) {
	glob_t found = {0};
	int none = glob("/usr/lib/*/faketime/libfaketime.so.1", 0, NULL, &found);
	scene_check(scene, none == 0 && found.gl_pathc > 0, "libfaketime is not installed");
	shell_print(out, size, "%s", found.gl_pathv[0]);
	globfree(&found);
}

/* By so much, such as "+10y". */
static void start_off(struct scene *scene, enum net_host host, const char *by) {
	char library[WORDS / 2], words[WORDS];
	find_library(scene, sizeof(library), library);
	shell_print(words, sizeof(words),
		    "env LD_PRELOAD=%s FAKETIME=%s FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1", library, by);
	fault_count();
	pair_start_by(&scene->pair, host, words);
}

/* Kills the primary, and starts it anew with another clock: the other node serves, it is the backup, and takes over in turn. */
static void restart(struct scene *scene, const char *by, bool wiped) {
	enum net_host old = scene_settle(scene), heir = pair_other(old);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, old);
	scene_moved(scene, old, heir, fault, scene->within);
	if (wiped)
		shell_must(NULL, "rm -r %s/state", scene->pair.node[old].dir);
	start_off(scene, old, by);
	scene_check(scene, scene_settle(scene) == heir, "%s took the role when it came back", net_host_name(old));
	scene_watch(scene, (int)heir, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, old, fault);
	scene_verb(scene, old, "takeover");
	scene_check(scene, scene_settle(scene) == old, "%s did not get the role when it was asked for", net_host_name(old));
}

NETNS_TEST(clock_years_off, "a node's clock is ten years ahead, then ten behind, with its disk wiped as well: it is the "
			    "backup, and is believed") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	restart(scene, "+10y", false);
	restart(scene, "-10y", false);
	/* Nothing orders the lives of a node that lost disk and clock, but what its peer remembers. */
	restart(scene, "-10y", true);
}
