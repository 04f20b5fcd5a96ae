/* The primary's monitor is stopped when it has decided to renew its lease and has not done it yet: the widest gap between
 * what it believes and what is. */
#include "tests/lab/stopper.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/owners.h"

static bool renews(const struct heartbeat *hb) {
	return hb->mark != MARK_PLAIN;
}

static bool any(const struct heartbeat *hb) {
	(void)hb;
	return true;
}

NETNS_TEST(
	stopped_before_send,
	"the primary's monitor is stopped before it sends a renewal: released long after, it is refused and never speaks") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct stopper *stopper = stopper_attach(pair_child(&scene->pair, NET_HA1, "_monitor"));
	nanos fault = clock_now();
	scene_check(scene, stopper_wait_mark(stopper, STOPPER_RENEW, scene_patience(scene)),
		    "the primary does not renew its lease");
	nanos stopped = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within + (stopped - fault));
	scene_wait(scene, NET_HA2, "/state", "primary");

	nanos release = clock_now();
	stopper_release(stopper);
	heartbeats_wait(scene, NET_HA1, release, any);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it went on");
	scene_watch(scene, NET_HA2, release, 2 * scene->within);
	unsigned marked = heartbeats_count(scene, NET_HA1, stopped, renews);
	scene_safe(scene, marked == 0, "%u marked heartbeats of ha1 left after its lease had run out", marked);
	scene_check(scene, pair_logged(&scene->pair, NET_HA1, "the kernel refused a marked heartbeat"),
		    "ha1's log does not say that it was refused");
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, release);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	scene_bound(scene, claims == 1, fault, clock_now(), "the role was claimed %u times", claims);
}
