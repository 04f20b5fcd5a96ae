/* The kernel's lease governs IPv6, too: packets, and the neighbour advertisements that name the shared IP as their
 * target. */
#include "tests/netns/inflight.h"
#include "tests/netns/owners.h"
#include "tests/netns/thawed.h"

#define SHARED6 "2001:db8::100"

/* As scene_moved() judges the IPv4 one. */
static void check_moved(struct scene *scene, const struct probe *probe, nanos fault) {
	scene_check(scene, probe_wait_owner(probe, NET_HA2, fault, scene_patience(scene)), "ha2 never served " SHARED6);
	nanos recovery = clock_now();
	probe_settle(probe);
	struct probe_gap gap = probe_outage(probe, fault, recovery);
	scene_bound(scene, gap.to - gap.from <= scene->within, fault, recovery, SHARED6 " was not served for %.1f ms",
		    clock_ms(gap.to - gap.from));
	struct frame_ip shared = frame_ip(SHARED6);
	nanos overlap = sniff_overlap(scene->sniff, &shared, NET_HA1, NET_HA2, fault, clock_now());
	scene_safe(scene, overlap == 0, "two owners of " SHARED6 " for %.1f ms", clock_ms(overlap));
}

NETNS_TEST(ipv6_freeze,
	   "a stopped primary loses its IPv6 shared IP as well: advertisements, packets, and what is written to it") {
	scene_open(scene, &(struct pair_conf){
				  .shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
						"{ address = \"" SHARED6 "/64\" interface = \"eth0\" }",
			  });
	struct probe *probe = probe_start(&scene->net, SHARED6, probe_interval(scene->within));
	struct inflight inflight = inflight_begin(scene);
	scene_start(scene, NET_HA1);
	scene_check(scene, probe_wait_owner(probe, NET_HA1, clock_now(), scene_patience(scene)),
		    "ha1 does not serve " SHARED6);
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	check_moved(scene, probe, fault);
	nanos moved = owners_first(scene, SHARED6, NET_HA2, fault);
	inflight_wait(scene, &inflight, NET_HA2, moved);

	nanos thaw = clock_now();
	pair_continue_all(&scene->pair, NET_HA1);
	thawed_check(scene, NET_HA1, thaw);
	scene_watch(scene, NET_HA2, thaw, scene->within);
	owners_check_silent(scene, SHARED6, NET_HA1, thaw);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, thaw);
	inflight_check(scene, &inflight, NET_HA1, moved);
	unsigned owners = probe_owners_max(probe, scene->sniff, scene->begin, clock_now());
	scene_safe(scene, owners == 1, "two owners: %u MACs answered one probe of " SHARED6, owners);
	probe_stop(probe);
}
