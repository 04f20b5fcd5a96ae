/* The last of a pair whose links cannot bear a mark for want of a peer: nobody answers for its address any more, or the cable
 * to it has lost its carrier. */
#include <stdio.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

#define LINK(address) "links = ( { name = \"eth0\" address = \"" address "\" } )"

/* The peer's host dies with everything in it. */
static nanos bury(struct scene *scene, enum net_host host) {
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, host);
	net_cut(&scene->net, host, NET_CUT_FRAMES);
	return fault;
}

/* The kernel doubts a neighbour within seconds of its last word (half a minute and more, unless told otherwise), and gives it
 * up after three questions. */
static void doubt_soon(struct scene *scene, enum net_host host) {
	static const char *const families[] = {"ipv4", "ipv6"};
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		for (unsigned k = 0; k < 1; k++)
			shell_must(&(struct shell_job){.ns = scene->net.ns[host]},
				   "sysctl -qw net.%s.neigh.eth0.base_reachable_time_ms=500"
				   " net.%s.neigh.eth0.delay_first_probe_time=1 net.%s.neigh.eth0.retrans_time_ms=50",
				   families[i], families[i], families[i]);
}

/* Is the neighbour given up? */
static bool given_up(struct scene *scene, enum net_host host, const char *address) {
	char output[256];
	shell_run(&(struct shell_job){.ns = scene->net.ns[host], .output = output, .output_size = sizeof(output)},
		  "ip neighbour show to %s dev eth0 nud failed nud incomplete", address);
	return output[0] != '\0';
}

NETNS_TEST(x_udp, "experiment") {
	scene_open(scene, &(struct pair_conf){.node = {LINK("192.0.2.11"), LINK("192.0.2.12")},
					      .links = "{ name = \"eth0\" transport = \"udp\" }",
					      .tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	doubt_soon(scene, NET_HA1);
	scene_start(scene, NET_HA1);
	nanos fault = bury(scene, NET_HA2);
	for (nanos end = scene_patience(scene); !given_up(scene, NET_HA1, "192.0.2.12");) {
		scene_check(scene, clock_now() < end, "ha2 is not given up");
		clock_sleep_until(clock_now() + 50 * NANOS_MS);
	}
	printf("given up after %f\n", (double)(clock_now() - fault) / 1e9);
	scene_watch(scene, NET_HA1, fault, clock_now() + 4 * scene->within - fault);
}

NETNS_TEST(x_cable, "experiment") {
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA2);
	net_second_cable(&scene->net, false);
	scene_watch(scene, NET_HA1, fault, 4 * scene->within);
}
