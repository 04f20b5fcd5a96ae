/* Splits that heal: see split.h. */
#include "tests/netns/split.h"

#include <stdio.h>

#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

/* Heartbeats after the heal: each must hear the other, be heard in turn, and the winner announces in its next wake. */
enum { FEW = 5 };

void split_open(struct scene *scene, const char *tests) {
	scene_open(scene, &(struct pair_conf){.tests = tests});
	net_add(&scene->net, NET_GATEWAY2);
	scene_start(scene, NET_HA1);
}

static void check_heal(struct scene *scene, enum net_host owner) {
	nanos whole = clock_now();
	net_unite(&scene->net);
	nanos united = clock_now();
	scene_bound(scene, scene_settle(scene) == owner, whole, clock_now(), "%s took the role after the heal",
		    net_host_name(pair_other(owner)));
	nanos announced = announcements_begin(scene, owner, whole), interval = times_of(scene, owner, "heartbeat_ms");
	printf("announced %.1f ms after the heal, at most %.1f ms are due\n", clock_ms(announced - united),
	       clock_ms(FEW * interval));
	scene_bound(scene, announced - united <= FEW * interval, whole, announced,
		    "%s announced the shared IP only %.1f ms after the heal", net_host_name(owner),
		    clock_ms(announced - united));
	scene_watch(scene, (int)owner, whole, scene->within);
}

void split_check(struct scene *scene, enum net_host owner) {
	enum net_host other = pair_other(owner), primary = scene_settle(scene);
	unsigned with_owner = 1U << NET_GATEWAY | 1U << NET_CLIENT, with_other = 1U << NET_GATEWAY2;
	nanos fault = clock_now();
	net_split_halves(&scene->net, owner == NET_HA2 ? with_owner : with_other);
	if (primary == owner)
		scene_wait(scene, owner, "/alone", "true");
	else
		scene_moved(scene, primary, owner, fault, scene->within);
	scene_wait(scene, other, "/lease/held", "false");
	scene_check(scene, !pair_holds(&scene->pair, other, PAIR_SHARED), "%s still bears the shared IP",
		    net_host_name(other));
	scene_watch(scene, (int)owner, clock_now(), 3 * scene->within);
	check_heal(scene, owner);
	owners_check(scene, PAIR_SHARED, primary, fault);
}
