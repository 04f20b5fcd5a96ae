/* The two nodes were told different things. */
#include <string.h>

#include "tests/netns/test.h"

enum { REFUSED = 4 /* exit status of a verb that a safety check refused */ };

static const char *const told[NET_NODES] = {"ips = [ \"192.0.2.1\" ]", "ips = [ \"192.0.2.1\" ] policy = \"any\""};

static void configure(struct scene *scene, enum net_host host, const char *tests) {
	pair_configure(&scene->pair, host, &(struct pair_conf){.within = scene->within, .tests = tests});
}

/* Each shows its own digest and the other's, crosswise the same. */
static void check_shown(struct scene *scene) {
	char own[NET_NODES][64], peer[NET_NODES][64];
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_wait(scene, host, "/configuration/compared", "differs");
		scene_check(
			scene,
			pair_get(&scene->pair, host, "/configuration/digest", own[host], sizeof(own[host])) &&
				pair_get(&scene->pair, host, "/configuration/peer_digest", peer[host], sizeof(peer[host])),
			"%s does not show the digests", net_host_name(host));
	}
	scene_check(scene, strcmp(own[NET_HA1], own[NET_HA2]) != 0, "the digests are the same");
	scene_check(scene, strcmp(own[NET_HA1], peer[NET_HA2]) == 0 && strcmp(own[NET_HA2], peer[NET_HA1]) == 0,
		    "what the nodes show of each other is not what they show of themselves");
}

NETNS_TEST(digest_differs,
	   "the configurations differ: both nodes show it, nobody takes over by himself; told the same again, he does") {
	scene_open(scene, NULL);
	for (unsigned host = 0; host < NET_NODES; host++)
		configure(scene, host, told[host]);
	fault_count();
	scene_start(scene, NET_HA1);
	check_shown(scene);
	int refused = pair_do(&scene->pair, NET_HA2, "takeover");
	scene_check(scene, refused == REFUSED, "a takeover ended with %d", refused);
	pair_kill_all(&scene->pair, NET_HA1);
	nanos silent = clock_now() + scene->within;
	scene_watch(scene, -1, silent, 4 * scene->within);

	configure(scene, NET_HA1, told[NET_HA2]);
	pair_start(&scene->pair, NET_HA1);
	scene_settle(scene);
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_wait(scene, host, "/configuration/compared", "identical");
	enum net_host primary = scene_settle(scene), backup = pair_other(primary);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, primary);
	scene_moved(scene, primary, backup, fault, scene->within);
}

NETNS_TEST(digest_differs_force, "the configurations differ: a takeover that is asked for with --force is carried out") {
	scene_open(scene, NULL);
	for (unsigned host = 0; host < NET_NODES; host++)
		configure(scene, host, told[host]);
	fault_count();
	scene_start(scene, NET_HA1);
	scene_wait(scene, NET_HA2, "/configuration/compared", "differs");
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover --force");
	scene_moved(scene, NET_HA1, NET_HA2, fault, SCENE_PLANNED + scene->within / 4);
}
