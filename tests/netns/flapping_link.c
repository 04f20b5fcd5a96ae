/* A link that comes and goes. */
#include <stdio.h>

#include "tests/netns/test.h"

/* Failovers that cost nothing, and the hold-down after one more, as hamon.conf(5) has them. */
enum { FREE = 3 };
static const nanos hold_down = NANOS_SEC;

/* The cable of the primary is cut, so that the other takes over by silence, which counts; and the role is given back by
 * hand. */
static nanos flap(struct scene *scene, nanos bound) {
	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	nanos outage = scene_moved(scene, NET_HA1, NET_HA2, fault, bound);
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 came back as the primary");
	/* Each hears the other, and the backup's echo may take a heartbeat more. */
	for (nanos end = scene_patience(scene); pair_do(&scene->pair, NET_HA1, "takeover") != 0;)
		scene_check(scene, clock_now() < end, "ha1 cannot take the role back");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 did not get the role back");
	return outage;
}

NETNS_TEST(flapping_link,
	   "a link flaps: after a few failovers the next ones wait, each twice as long; shown, and cleared by `clear`") {
	scene_open(scene, &(struct pair_conf){.failover = "hold-down = \"1s\" hold-down-most = \"1min\""});
	scene_start(scene, NET_HA1);
	for (unsigned i = 0; i < FREE + 1; i++)
		flap(scene, scene->within);
	double shown = pair_number(&scene->pair, NET_HA2, "/hold_down/delay_ms");
	scene_check(scene, shown == clock_ms(hold_down), "after %d failovers a hold-down of %.0f ms is shown", FREE + 1,
		    shown);

	nanos outage = flap(scene, hold_down + scene->within);
	scene_safe(scene, outage > hold_down, "ha2 took over after %.0f ms, and did not wait", clock_ms(outage));
	shown = pair_number(&scene->pair, NET_HA2, "/hold_down/delay_ms");
	scene_check(scene, shown == clock_ms(2 * hold_down), "one failover later a hold-down of %.0f ms is shown", shown);

	scene_verb(scene, NET_HA2, "clear");
	scene_wait(scene, NET_HA2, "/hold_down/failovers", "0");
	flap(scene, scene->within);
}
