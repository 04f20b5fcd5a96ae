/* A stranger has the shared IP, and the configuration says that it may keep it. */
#include "tests/netns/owners.h"
#include "tests/netns/stranger.h"

NETNS_TEST(stranger_stand_down,
	   "a stranger claims the shared IP, foreign-claim = \"stand-down\": alarm, and no node serves while it stands") {
	stranger_open(scene, &(struct pair_conf){.more = "foreign-claim = \"stand-down\""});
	stranger_claims(scene);
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_wait(scene, host, "/lease/held", "false");
		scene_wait(scene, host, "/state", "fault");
		scene_check(scene, !pair_holds(&scene->pair, host, PAIR_SHARED), "%s still bears the shared IP",
			    net_host_name(host));
	}
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, 3 * scene->within);
	for (unsigned host = 0; host < NET_NODES; host++)
		owners_check_silent(scene, PAIR_SHARED, host, silent);

	net_stranger_leaves(&scene->net, PAIR_SHARED);
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_verb(scene, host, "clear");
	enum net_host primary = scene_settle(scene);
	scene_watch(scene, (int)primary, clock_now(), scene->within);
}
