/* The supervisor stands still: the monitor needs it for nothing that is urgent. */
#include <signal.h>

#include "tests/netns/owners.h"

NETNS_TEST(supervisor_stopped, "both supervisors stand still: heartbeats, takeovers and failovers go on") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	pair_signal(&scene->pair, NET_HA1, SIGSTOP);
	pair_signal(&scene->pair, NET_HA2, SIGSTOP);
	nanos fault = clock_now(), begin = fault;
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha2 is not primary");
	fault = clock_now();
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	scene_served(scene, NET_HA1, fault, scene->within, false);
	net_mend(&scene->net, NET_HA2);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 is not primary");
	pair_signal(&scene->pair, NET_HA1, SIGCONT);
	pair_signal(&scene->pair, NET_HA2, SIGCONT);
	scene_watch(scene, NET_HA1, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, begin);
}
