/* A switch that runs spanning tree: its port has a carrier, and forwards nothing for a while. */
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(stp_delay, "a cable is back, and the switch forwards nothing yet: a carrier alone does not make a node serve") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	net_cut(&scene->net, NET_HA2, NET_CUT_CARRIER);
	scene_wait(scene, NET_HA2, "/links/0/up", "false");
	/* Mended, the port would forward at once: it gets the other fault first. */
	net_mend(&scene->net, NET_HA2);
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	nanos lease = times_lease(scene, NET_HA1);
	pair_kill_all(&scene->pair, NET_HA1);
	nanos silent = clock_now() + lease;
	scene_wait(scene, NET_HA2, "/links/0/up", "true");
	scene_watch(scene, -1, silent, 4 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, silent);

	nanos forwards = clock_now();
	net_mend(&scene->net, NET_HA2);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, forwards, scene_patience(scene)),
		    "ha2 does not serve, and its port forwards");
	scene_wait(scene, NET_HA2, "/tests/0/ok", "true");
}
