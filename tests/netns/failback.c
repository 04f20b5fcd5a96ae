/* The node of higher preference asks for the role when it is back. */
#include "tests/netns/owners.h"

static const nanos patience = NANOS_SEC;

NETNS_TEST(failback,
	   "failback = \"after 1s\": the preferred node comes back as backup, and asks for the role after that time") {
	scene_open(scene, &(struct pair_conf){.node = {"preference = 10", "preference = 5"},
					      .failover = "failback = \"after 1s\""});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);

	nanos back = clock_now();
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, back, scene_patience(scene)),
		    "ha1 is preferred, and never got the role back");
	nanos moved = clock_now();
	probe_settle(scene->probe);
	scene_safe(scene, moved - back > patience, "ha1 took the role back after %.0f ms", clock_ms(moved - back));
	struct probe_gap gap = probe_outage(scene->probe, back, moved);
	nanos frozen = freeze_overlap(scene->freeze, gap.from, gap.to);
	scene_bound(scene, gap.to - gap.from <= SCENE_PLANNED + frozen, back, moved,
		    "the failback cost %.1f ms: it was no planned one", clock_ms(gap.to - gap.from));
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 does not keep the role");
	scene_watch(scene, NET_HA1, moved, 2 * patience);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}

NETNS_TEST(failback_never, "without failback the preferred node that comes back stays the backup") {
	scene_open(scene, &(struct pair_conf){.node = {"preference = 10", "preference = 5"}});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	scene_watch(scene, NET_HA2, clock_now(), 2 * patience);
}
