/* The switch breaks in two, and the gateway is on the backup's side. */
#include "tests/netns/announcements.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

static bool holds_nothing(const struct heartbeat *hb) {
	return !hb->lease;
}

NETNS_TEST(
	split_gateway_with_backup,
	"the switch splits, the gateway with the backup: it serves within the time, the primary is isolated and silent") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	net_split(&scene->net, NET_HA2, NET_HA2);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA1, "/state", "isolated");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	nanos isolated = clock_now();
	heartbeats_wait(scene, NET_HA1, isolated, holds_nothing);
	scene_watch(scene, NET_HA2, isolated, 2 * scene->within);

	nanos whole = clock_now();
	net_unite(&scene->net);
	nanos united = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	nanos announced = announcements_begin(scene, NET_HA2, whole);
	enum { FEW = 4 }; /* heartbeats: ha1 hears ha2, is heard in turn, and ha2 announces in its next wake */
	scene_bound(scene, announced - united <= FEW * times_of(scene, NET_HA2, "heartbeat_ms"), whole, announced,
		    "ha2 announced the shared IP again only %.1f ms after it could hear ha1", clock_ms(announced - united));
	scene_watch(scene, NET_HA2, whole, 2 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 1, fault, clock_now(), "the role was claimed %u times", claims);
}
