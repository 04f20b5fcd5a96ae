/* A host is restored from an old snapshot: its disk remembers an earlier life, and its clock is behind. */
#include "tests/lab/shell.h"
#include "tests/lab/wallclock.h"
#include "tests/netns/owners.h"

static const long long days = 10 * 86400LL; /* seconds */

static void take_snapshot(const struct scene *scene, enum net_host host) {
	const char *dir = scene->pair.node[host].dir;
	shell_must(NULL, "cp -a %s/state %s/snapshot", dir, dir);
}

static void restore_snapshot(const struct scene *scene, enum net_host host) {
	const char *dir = scene->pair.node[host].dir;
	fault_count();
	shell_must(NULL, "rm -r %s/state", dir);
	shell_must(NULL, "cp -a %s/snapshot %s/state", dir, dir);
}

/* What the snapshot does not know of: another life of the node, and moves of the role. */
static void live_on(struct scene *scene) {
	pair_start(&scene->pair, NET_HA1);
	scene_settle(scene);
	for (unsigned i = 0; i < 2; i++) {
		scene_verb(scene, NET_HA1, "takeover");
		scene_verb(scene, NET_HA2, "takeover");
	}
	scene_verb(scene, NET_HA1, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 did not get the role when it was asked for");
}

NETNS_TEST(restored_snapshot,
	   "the primary's host is restored from an old snapshot: it is the backup, is believed, and learns the epochs") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	take_snapshot(scene, NET_HA1);
	live_on(scene);

	nanos lost = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, lost, scene->within);
	double epoch = pair_number(&scene->pair, NET_HA2, "/epoch");
	restore_snapshot(scene, NET_HA1);
	nanos back = clock_now();
	wallclock_start(&scene->pair, NET_HA1, -days);
	scene_bound(scene, scene_settle(scene) == NET_HA2, back, clock_now(), "ha1 took the role when it came back");
	scene_watch(scene, NET_HA2, back, scene->within);

	nanos died = clock_now();
	pair_kill_all(&scene->pair, NET_HA2);
	scene_moved(scene, NET_HA2, NET_HA1, died, scene->within);
	double now = pair_number(&scene->pair, NET_HA1, "/epoch");
	scene_safe(scene, now > epoch, "ha1 claimed with epoch %.0f, and %.0f had been used", now, epoch);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
