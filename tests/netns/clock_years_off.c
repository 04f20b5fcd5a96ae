/* The wall clock of one node is years off. */
#include "tests/lab/shell.h"
#include "tests/lab/wallclock.h"
#include "tests/netns/owners.h"

/* Kills the primary, and starts it anew with another clock: the other node serves, it is the backup, and takes over in
 * turn. */
static void restart(struct scene *scene, long long seconds, bool wiped) {
	enum net_host old = scene_settle(scene), heir = pair_other(old);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, old);
	scene_moved(scene, old, heir, fault, scene->within);
	if (wiped)
		shell_must(NULL, "rm -r %s/state", scene->pair.node[old].dir);
	wallclock_start(&scene->pair, old, seconds);
	scene_check(scene, scene_settle(scene) == heir, "%s took the role when it came back", net_host_name(old));
	scene_check(scene, wallclock_shown(&scene->pair, old, seconds), "%s's clock is not off: nothing is tested",
		    net_host_name(old));
	scene_watch(scene, (int)heir, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, old, fault);
	scene_verb(scene, old, "takeover");
	scene_check(scene, scene_settle(scene) == old, "%s did not get the role when it was asked for", net_host_name(old));
}

NETNS_TEST(clock_years_off,
	   "a clock is ten years ahead, then ten behind, the disk wiped as well: its node is the backup, and is believed") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	restart(scene, 10 * WALLCLOCK_YEAR, false);
	restart(scene, -10 * WALLCLOCK_YEAR, false);
	/* Nothing orders the lives of a node that lost disk and clock, but what its peer remembers. */
	restart(scene, -10 * WALLCLOCK_YEAR, true);
}
