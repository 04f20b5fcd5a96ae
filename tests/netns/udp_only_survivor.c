/* A pair whose only link is UDP, when the peer's host is gone: nobody answers for its address any more, and no datagram to
 * it leaves. */
#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

#define LINK(address) "links = ( { name = \"eth0\" address = \"" address "\" } )"

struct addresses {
	const char *family, *ha1, *ha2; /* ha1, ha2: in their nodes' groups */
	const char *peer;               /* of ha2 */
};
static const struct addresses ipv4 = {"ipv4", LINK("192.0.2.11"), LINK("192.0.2.12"), "192.0.2.12"};
static const struct addresses ipv6 = {"ipv6", LINK("2001:db8::11"), LINK("2001:db8::12"), "2001:db8::12"};

static void open_pair(struct scene *scene, const struct addresses *addresses) {
	scene_open(scene, &(struct pair_conf){.node = {addresses->ha1, addresses->ha2},
					      .links = "{ name = \"eth0\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	/* The kernel doubts a silent neighbour soon, and gives it up soon: otherwise that takes half a minute and more. */
	shell_must(&(struct shell_job){.ns = scene->net.ns[NET_HA1]},
		   "sysctl -qw net.%s.neigh.eth0.base_reachable_time_ms=500"
		   " net.%s.neigh.eth0.delay_first_probe_time=1 net.%s.neigh.eth0.retrans_time_ms=50",
		   addresses->family, addresses->family, addresses->family);
}

static void wait_given_up(struct scene *scene, enum net_host host, const char *neighbour) {
	char output[256] = "";
	for (nanos end = scene_patience(scene); !*output; clock_sleep_until(clock_now() + 10 * NANOS_MS)) {
		scene_check(scene, clock_now() < end, "%s still hopes for %s", net_host_name(host), neighbour);
		shell_run(&(struct shell_job){.ns = scene->net.ns[host], .output = output, .output_size = sizeof(output)},
			  "ip neighbour show to %s dev eth0 nud failed nud incomplete", neighbour);
	}
}

static void survive(struct scene *scene, const struct addresses *addresses) {
	open_pair(scene, addresses);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA2);
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	wait_given_up(scene, NET_HA1, addresses->peer);
	scene_watch(scene, NET_HA1, fault, 5 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 0, fault, clock_now(), "the lease had to be claimed anew %u times", claims);

	nanos back = clock_now();
	net_mend(&scene->net, NET_HA2);
	pair_start(&scene->pair, NET_HA2);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role when it came back");
	scene_watch(scene, NET_HA1, back, 2 * scene->within);
}

NETNS_TEST(udp_only_survivor, "UDP alone, and the peer's host dies: the primary serves on when its neighbour is given up") {
	survive(scene, &ipv4);
}

NETNS_TEST(udp_only_survivor_ipv6, "the same over IPv6") {
	survive(scene, &ipv6);
}

NETNS_TEST(udp_only_first, "UDP alone, and the peer's host was never there: one node starts, claims, and serves") {
	open_pair(scene, &ipv4);
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	nanos begin = clock_now();
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	wait_given_up(scene, NET_HA1, ipv4.peer);
	scene_watch(scene, NET_HA1, begin, 5 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, claims == 1, begin, clock_now(), "it took %u claims", claims);
}
