/* Somebody deletes the shared IP behind the daemon's back. */
#include "tests/lab/shell.h"
#include "tests/netns/test.h"

NETNS_TEST(address_deleted, "the shared IP is deleted by hand: the primary restores it, and stays") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	fault_count();
	shell_must(&(struct shell_job){.ns = scene->net.ns[NET_HA1]}, "ip address delete " PAIR_SHARED "/24 dev eth0");
	nanos deleted = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, deleted, scene_patience(scene)),
		    "the shared IP did not come back");
	nanos recovery = clock_now();
	struct probe_gap gap = probe_outage(scene->probe, fault, recovery);
	scene_bound(scene, gap.to - gap.from <= scene->within / 2, fault, recovery, "restored after %.1f ms",
		    clock_ms(gap.to - gap.from));
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "the shared IP is not on the interface");
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, "192.0.2.11"), "the node's own address is gone");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
}
