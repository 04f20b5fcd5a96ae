/* The wall clock of one node is years off. It is a library in front of the C library that tells it so; the machine's own clock
 * is never set, and the monotonic clock is the true one. */
#include <limits.h>
#include <time.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

enum { WORDS = PATH_MAX + 128 };

#define YEARS (365 * 86400LL) /* seconds */

/* A sanitizer wants to be the first library, and can do without. */
static void start_off(struct scene *scene, enum net_host host, long long seconds) {
	char library[PATH_MAX], words[WORDS];
	shell_beside(library, sizeof(library), "hamon-wallclock.so");
	shell_print(words, sizeof(words), "env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=%s WALLCLOCK_SECONDS=%lld",
		    library, seconds);
	fault_count();
	pair_start_by(&scene->pair, host, words);
}

/* Its log bears its own time. */
static void check_off(struct scene *scene, enum net_host host, long long seconds) {
	char line[32];
	time_t now = time(NULL) + (time_t)seconds;
	struct tm tm;
	strftime(line, sizeof(line), "\n%Y-", localtime_r(&now, &tm));
	scene_check(scene, pair_logged(&scene->pair, host, line), "%s's clock is not off: nothing is tested",
		    net_host_name(host));
}

/* Kills the primary, and starts it anew with another clock: the other node serves, it is the backup, and takes over in turn. */
static void restart(struct scene *scene, long long seconds, bool wiped) {
	enum net_host old = scene_settle(scene), heir = pair_other(old);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, old);
	scene_moved(scene, old, heir, fault, scene->within);
	if (wiped)
		shell_must(NULL, "rm -r %s/state", scene->pair.node[old].dir);
	start_off(scene, old, seconds);
	scene_check(scene, scene_settle(scene) == heir, "%s took the role when it came back", net_host_name(old));
	check_off(scene, old, seconds);
	scene_watch(scene, (int)heir, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, old, fault);
	scene_verb(scene, old, "takeover");
	scene_check(scene, scene_settle(scene) == old, "%s did not get the role when it was asked for", net_host_name(old));
}

NETNS_TEST(clock_years_off, "a node's clock is ten years ahead, then ten behind, with its disk wiped as well: it is the "
			    "backup, and is believed") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	restart(scene, 10 * YEARS, false);
	restart(scene, -10 * YEARS, false);
	/* Nothing orders the lives of a node that lost disk and clock, but what its peer remembers. */
	restart(scene, -10 * YEARS, true);
}
