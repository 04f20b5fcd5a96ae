/* The switch breaks in two, and the gateway is on the primary's side. */
#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"

NETNS_TEST(split_gateway_with_primary,
	   "the switch splits, the gateway with the primary: it goes on, alone, and the backup does not take over") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_split(&scene->net, NET_HA1, NET_HA1);
	scene_wait(scene, NET_HA1, "/alone", "true");
	scene_wait(scene, NET_HA2, "/state", "deaf");
	scene_watch(scene, NET_HA1, fault, 3 * scene->within);

	nanos whole = clock_now();
	net_unite(&scene->net);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(),
		    "ha2 took the role when the switch was whole");
	announcements_begin(scene, NET_HA1, whole);
	scene_watch(scene, NET_HA1, fault, scene->within);

	struct probe_gap gap = probe_outage(scene->probe, fault, clock_now());
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
		    "the client was not served for %.1f ms, and nothing was wrong on its side",
		    clock_ms(gap.to - gap.from));
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 0, fault, clock_now(), "the role was claimed %u times", claims);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
