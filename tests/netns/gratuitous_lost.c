/* The new owner's first announcements are lost on their way to a router, which goes on sending to the old one. */
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/announcements.h"

/* Does the gateway's kernel have the host's MAC for the shared IP? Nobody asks it to ask. */
static bool knows(struct scene *scene, enum net_host host) {
	char output[1024], mac[32];
	const uint8_t *m = scene->net.mac[host];
	const struct shell_job job = {.ns = scene->net.ns[NET_GATEWAY], .output = output, .output_size = sizeof(output)};
	shell_print(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	shell_must(&job, "ip neighbour show " PAIR_SHARED " dev eth0");
	return strstr(output, mac) != NULL;
}

NETNS_TEST(gratuitous_lost, "the first announcements of a new primary are lost: repeated, they reach everybody") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	const struct shell_job job = {.ns = scene->net.ns[NET_GATEWAY]};
	shell_must(&job, "ip neighbour replace " PAIR_SHARED " lladdr 02:00:00:00:00:11 dev eth0 nud stale");
	scene_check(scene, knows(scene, NET_HA1), "the gateway does not have ha1's MAC");
	net_cut_one_way(&scene->net, NET_GATEWAY, NET_IN);
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	announcements_begin(scene, NET_HA2, fault);
	scene_check(scene, knows(scene, NET_HA1), "an announcement reached the gateway: nothing is tested");

	net_mend(&scene->net, NET_GATEWAY);
	for (nanos end = scene_patience(scene); !knows(scene, NET_HA2);)
		scene_check(scene, clock_now() < end, "no announcement reaches the gateway");
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 does not keep the role");
}
