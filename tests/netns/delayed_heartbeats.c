/* Heartbeats that are seconds old. */
#include "tests/lab/relay.h"
#include "tests/netns/owners.h"

NETNS_TEST(delayed_heartbeats,
	   "the primary is cut off, and its heartbeats come seconds late: they keep nothing alive, and harm nobody") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	const struct relay_order order = {
		.others = RELAY_DROP, .least = 3 * scene->within, .most = 3 * scene->within, .seed = 1};
	nanos fault = clock_now();
	struct relay *relay = relay_start(&scene->net, NET_HA1, &order);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);

	/* Heartbeats that claim the lease, with the lower epoch, arrive for as long again. */
	nanos late = clock_now();
	scene_watch(scene, NET_HA2, late, 6 * scene->within);
	scene_check(scene, relay_done(relay).passed > 0, "no heartbeat came late: nothing is tested");
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");

	relay_stop(relay);
	nanos whole = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	scene_watch(scene, NET_HA2, whole, 2 * scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
