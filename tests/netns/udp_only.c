/* No heartbeat but over UDP, with IPv4 and with IPv6 addresses. */
#include "tests/netns/owners.h"

#define LINK(address) "links = ( { name = \"eth0\" address = \"" address "\" } )"

static void over_udp(struct scene *scene, const char *ha1, const char *ha2) {
	scene_open(scene, &(struct pair_conf){.node = {ha1, ha2},
					      .links = "{ name = \"eth0\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	scene_watch(scene, NET_HA1, clock_now(), 5 * scene->within);

	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA2, "/state", "primary");

	nanos back = clock_now();
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, back);
}

NETNS_TEST(udp_only, "heartbeats over UDP alone keep the lease; a cut cable, and the backup serves within the time") {
	over_udp(scene, LINK("192.0.2.11"), LINK("192.0.2.12"));
}

NETNS_TEST(udp_only_ipv6, "the same over IPv6") {
	over_udp(scene, LINK("2001:db8::11"), LINK("2001:db8::12"));
}
