/* The switch splits, and each side reaches a gateway of its own. */
#include <stdio.h>

#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/split.h"

NETNS_TEST(asymmetric_split_majority,
	   "a split with one of two test IPs on each side: the first one listed decides who serves, the other is silent") {
	split_open(scene, SPLIT_TWO_TESTS);
	split_check(scene, NET_HA2);
	split_check(scene, NET_HA2);
}

/* One side reaches both, the other none: promised with `any` as well. */
static void check_promised(struct scene *scene) {
	nanos fault = clock_now();
	net_split_halves(&scene->net, 1U << NET_GATEWAY | 1U << NET_GATEWAY2 | 1U << NET_CLIENT);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_watch(scene, NET_HA2, clock_now(), 2 * scene->within);
	net_unite(&scene->net);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	unsigned owners = probe_owners_max(scene->probe, scene->sniff, scene->begin, clock_now());
	scene_safe(scene, owners == 1, "%u MACs answered one probe", owners);
}

/* One gateway on each side: what `any` does not promise. Whoever serves, healed there is one primary, which says so. */
static void check_healed(struct scene *scene) {
	net_split_halves(&scene->net, 1U << NET_GATEWAY2 | 1U << NET_CLIENT);
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_wait(scene, NET_HA2, "/alone", "true");
	nanos whole = clock_now();
	net_unite(&scene->net);
	enum net_host primary = scene_settle(scene);
	announcements_begin(scene, primary, whole);
	nanos settled = clock_now();
	scene_watch(scene, (int)primary, settled, 2 * scene->within);
	scene_check(scene, !pair_holds(&scene->pair, pair_other(primary), PAIR_SHARED), "%s still bears the shared IP",
		    net_host_name(pair_other(primary)));
	owners_check_silent(scene, PAIR_SHARED, pair_other(primary), settled);
}

NETNS_TEST(asymmetric_split_any, "policy any: the side that reaches all test IPs serves alone; with one on each side both "
				 "may, and healed one does") {
	scene->expects_overlap = true;
	split_open(scene, SPLIT_TWO_TESTS " policy = \"any\"");
	check_promised(scene);
	check_healed(scene);
}
