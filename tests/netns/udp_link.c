/* Heartbeats over UDP, and no others: they renew the kernel's lease as those in frames of their own do. */
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

#define LINK6(host) "links = ( { name = \"eth1\" address = \"2001:db8:1::" host "\" } )"

/* Starts, hands over, and falls silent when the primary is stopped. */
static void check(struct scene *scene) {
	scene_start(scene, NET_HA1);
	nanos begin = clock_now();
	scene_watch(scene, NET_HA1, begin, 3 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, claims == 0, begin, clock_now(), "the lease had to be claimed anew %u times", claims);
	scene_verb(scene, NET_HA2, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 did not get the role");

	nanos lease = times_lease(scene, NET_HA2), fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA2);
	nanos stopped = clock_now();
	scene_moved(scene, NET_HA2, NET_HA1, fault, scene->within);
	times_check_silent(scene, PAIR_SHARED, NET_HA2, fault, stopped + lease);
	pair_continue_all(&scene->pair, NET_HA2);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role when it went on");
}

NETNS_TEST(udp_link,
	   "heartbeats over UDP alone: the lease is renewed, handed over, and runs out when the primary is stopped") {
	scene_open(scene, &(struct pair_conf){.node = {PAIR_UDP_HA1, PAIR_UDP_HA2},
					      .links = "{ name = \"eth1\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	check(scene);
}

NETNS_TEST(udp_link_ipv6, "heartbeats over UDP and IPv6 alone: renewed, handed over, run out as over IPv4") {
	scene_open(scene, &(struct pair_conf){.node = {LINK6("1"), LINK6("2")},
					      .links = "{ name = \"eth1\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	check(scene);
}
