/* Nobody holds the lease, and both nodes are there. */
#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

/* Both nodes stand still until the lease ran out. */
static void stop_both(struct scene *scene) {
	nanos lease = times_lease(scene, NET_HA1);
	pair_stop_all(&scene->pair, NET_HA1);
	pair_stop_all(&scene->pair, NET_HA2);
	nanos stopped = clock_now();
	scene_watch(scene, -1, stopped + lease, 2 * scene->within);
}

/* The supervisors must not see their monitors stand: the daemons go on one after the other. */
static void continue_both(struct scene *scene) {
	pair_continue_all(&scene->pair, NET_HA1);
	pair_continue_all(&scene->pair, NET_HA2);
}

NETNS_TEST(both_backup, "both nodes are backup: the owner of the highest epoch claims by consent, at once") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	stop_both(scene);
	nanos back = clock_now();
	continue_both(scene);
	nanos all = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, back, scene_patience(scene)), "ha1 does not serve");
	nanos served = clock_now();
	scene_bound(scene, served - all <= scene->within, back, served, "ha1 serves only after %.1f ms",
		    clock_ms(served - all));
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role");
	announcements_begin(scene, NET_HA1, back);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}

NETNS_TEST(both_backup_unfit,
	   "both nodes are backup, and the owner of the highest epoch lost its carrier: the other one asks for the role") {
	scene_open(scene, &(struct pair_conf){.links = PAIR_TWO_LINKS});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	stop_both(scene);
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	nanos back = clock_now();
	continue_both(scene);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA2, back, scene_patience(scene)), "ha2 does not serve");
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its cable was back");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
