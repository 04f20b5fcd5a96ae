/* The wall clocks of both nodes step while they run, as an operator or NTP would have them. */
#include "tests/lab/wallclock.h"
#include "tests/netns/owners.h"

NETNS_TEST(clock_step,
	   "wall clocks step, years ahead and back, a second back: nothing happens; a takeover takes no longer") {
	static const long long steps[] = {WALLCLOCK_YEAR, -WALLCLOCK_YEAR, 3600, -1, 0};
	scene_open(scene, NULL);
	wallclock_start(&scene->pair, NET_HA1, 0);
	scene_wait(scene, NET_HA1, "/state", "primary");
	wallclock_start(&scene->pair, NET_HA2, 0);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 gave the role away to a node that just started");
	nanos begin = clock_now();
	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		nanos fault = clock_now();
		wallclock_step(&scene->pair, NET_HA1, steps[i]);
		wallclock_step(&scene->pair, NET_HA2, -steps[i]);
		scene_watch(scene, NET_HA1, fault, 2 * scene->within);
		/* Whatever is logged now bears the stepped time. */
		for (unsigned host = 0; host < NET_NODES && i == 0; host++) {
			scene_verb(scene, host, "pause");
			scene_verb(scene, host, "resume");
		}
	}
	scene_check(scene,
		    wallclock_shown(&scene->pair, NET_HA1, steps[0]) && wallclock_shown(&scene->pair, NET_HA2, -steps[0]),
		    "the clocks did not step: nothing is tested");
	scene_bound(scene, scene_settle(scene) == NET_HA1, begin, clock_now(), "ha2 took the role");
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, claims == 0, begin, clock_now(), "the role was claimed %u times", claims);

	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	wallclock_step(&scene->pair, NET_HA2, -WALLCLOCK_YEAR);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
}
