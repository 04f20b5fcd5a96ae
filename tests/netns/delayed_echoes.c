/* Heartbeats that come a little late, each way, and nothing else does: the peer is heard, and what it echoes was sent long
 * ago. No other way leads from node to node. */
#include "tests/lab/relay.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(delayed_echoes,
	   "each heartbeat comes late, so that echoes are too old: the lease runs out, nobody claims, and it is regained") {
	scene_open(scene, &(struct pair_conf){.tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	nanos echo = times_of(scene, NET_HA1, "echo_ms"), interval = times_of(scene, NET_HA1, "heartbeat_ms");
	/* Older than an echo may be when it has come both ways; not so late that the peer counts as unheard. */
	nanos late = echo / 2 + interval / 2;
	const struct relay_order order = {.others = RELAY_PASS, .least = late, .most = late, .seed = 1};
	struct relay *relay = relay_start(&scene->net, NET_HA1, &order);
	nanos fault = clock_now();
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, 2 * scene->within);
	scene_check(scene, relay_done(relay).passed > 0, "no heartbeat came late: nothing is tested");

	relay_stop(relay);
	nanos whole = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, whole, scene_patience(scene)),
		    "ha1 does not serve again");
	nanos served = clock_now();
	scene_bound(scene, served - whole <= scene->within, fault, served, "ha1 serves only %.1f ms after the heal",
		    clock_ms(served - whole));
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
