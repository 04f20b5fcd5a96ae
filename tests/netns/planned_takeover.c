/* The role changes hands because an operator asks for it. */
#include "tests/netns/owners.h"

NETNS_TEST(planned_takeover, "takeover, there and back: hardly an outage, and a higher epoch each time") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct frame_ip shared = frame_ip(PAIR_SHARED);
	enum net_host primary = NET_HA1;
	for (unsigned turn = 0; turn < 2; turn++) {
		double epoch = pair_number(&scene->pair, primary, "/epoch");
		nanos before = clock_now();
		scene_watch(scene, primary, before, scene->within); /* the switch has seen the old owner */
		primary = pair_other(primary);
		nanos fault = clock_now();
		scene_verb(scene, primary, "takeover");
		scene_served(scene, primary, fault, SCENE_PLANNED, true);
		scene_check(scene, scene_settle(scene) == primary, "%s did not stay primary", net_host_name(primary));
		scene_check(scene, pair_number(&scene->pair, primary, "/epoch") > epoch, "the epoch did not grow");
		unsigned changes = sniff_changes(scene->sniff, &shared, before, clock_now());
		scene_check(scene, changes == 1, "the switch saw the owner change %u times in one hand-over", changes);
		unsigned claims = owners_check(scene, PAIR_SHARED, pair_other(primary), before);
		scene_bound(scene, claims == 1, before, clock_now(), "the role was claimed %u times in one hand-over",
			    claims);
	}
}
