/* A local user forges heartbeats on the backup: they would give it a lease. */
#include "tests/netns/forgery.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

NETNS_TEST(forged_backup,
	   "a user without root forges grants and renewals on the backup: all are refused, no lease comes of it") {
	static const char *const sets[] = {"lease", "permit"};
	enum { LOOKS = 5 };
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	struct forgery *forgery = forgery_start(scene, NET_HA2);
	for (unsigned i = 0; i < LOOKS; i++)
		for (unsigned k = 0; k < sizeof(sets) / sizeof(*sets); k++)
			scene_check(scene, !ruleset_element(scene, NET_HA2, sets[k]).there, "ha2 got a %s", sets[k]);
	scene_watch(scene, NET_HA1, fault, scene->within);
	forgery_stop(scene, forgery);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "the primary changed");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
