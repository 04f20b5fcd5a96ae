/* An IPv4 and an IPv6 shared IP move together. */
#include "tests/netns/owners.h"

#define SHARED6 "2001:db8::100"

NETNS_TEST(ipv6, "IPv4 and IPv6 shared IPs move together, tested by an IPv6 test IP") {
	scene_open(scene, &(struct pair_conf){
				  .shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
						"{ address = \"" SHARED6 "/64\" interface = \"eth0\" }",
				  .tests = "ips = [ \"2001:db8::1\" ]",
			  });
	struct probe *probe6 = probe_start(&scene->net, SHARED6, probe_interval(scene->within));
	scene_start(scene, NET_HA1);
	nanos fault = clock_now(), begin = fault;
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_served(scene, NET_HA2, fault, scene->within, false);
	scene_check(scene, probe_wait_owner(probe6, NET_HA2, fault, scene_patience(scene)), "ha2 does not serve " SHARED6);
	nanos recovery = clock_now();
	struct probe_gap gap = probe_outage(probe6, fault, recovery);
	scene_bound(scene, gap.to - gap.from <= scene->within, fault, recovery, SHARED6 " was not served for %.1f ms",
		    clock_ms(gap.to - gap.from));

	net_mend(&scene->net, NET_HA1);
	scene_settle(scene);
	fault = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, fault, SCENE_PLANNED, true);
	scene_check(scene, probe_wait_owner(probe6, NET_HA1, fault, scene_patience(scene)), "ha1 does not serve " SHARED6);
	owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	owners_check(scene, SHARED6, NET_HA1, begin);
	unsigned owners = probe_owners_max(probe6, scene->sniff, scene->begin, clock_now());
	scene_safe(scene, owners == 1, "two owners: %u MACs answered one probe of " SHARED6, owners);
	probe_stop(probe6);
}
