/* The claiming backup's monitor is stopped between its permit and the heartbeat that makes a lease of it, and the old
 * primary comes back to life meanwhile. */
#include "tests/lab/stopper.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

static bool any(const struct heartbeat *hb) {
	(void)hb;
	return true;
}

static bool grants(const struct heartbeat *hb) {
	return hb->mark == MARK_GRANT;
}

NETNS_TEST(stopped_before_grant,
	   "a claiming backup is stopped before its grant, and the old primary serves again: released, it is refused") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct stopper *stopper = stopper_attach(pair_child(&scene->pair, NET_HA2, "_monitor"));
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_check(scene, stopper_wait_mark(stopper, STOPPER_GRANT, scene_patience(scene)),
		    "the backup does not take over");

	/* Nobody is there to agree with, so it needs the time of a takeover: much longer than the permit lives. */
	nanos back = clock_now();
	pair_continue_all(&scene->pair, NET_HA1);
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, back, scene_patience(scene)),
		    "ha1 does not serve again");
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_check(scene, !ruleset_element(scene, NET_HA2, "permit").there, "ha2 still has its permit");

	nanos release = clock_now();
	stopper_release(stopper);
	heartbeats_wait(scene, NET_HA2, release, any);
	scene_check(scene, !ruleset_element(scene, NET_HA2, "lease").there, "ha2 got a lease");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role when it went on");
	scene_watch(scene, NET_HA1, release, 2 * scene->within);
	unsigned granted = heartbeats_count(scene, NET_HA2, fault, grants);
	scene_safe(scene, granted == 0, "%u grants of ha2 left", granted);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
