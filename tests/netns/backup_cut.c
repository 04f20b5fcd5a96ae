/* The backup's cable is cut: nothing may happen to the service. */
#include "tests/netns/test.h"

NETNS_TEST(backup_cut, "the backup is cut off, in both ways: the primary goes on serving") {
	static const enum net_cut cuts[] = {NET_CUT_FRAMES, NET_CUT_CARRIER};
	scene_open(scene, NULL);
	scene_start(scene, NET_HA2);
	for (unsigned i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		nanos fault = clock_now();
		net_cut(&scene->net, NET_HA1, cuts[i]);
		scene_watch(scene, NET_HA2, fault, 3 * scene->within);
		scene_wait(scene, NET_HA2, "/peer/heard", "false");
		scene_wait(scene, NET_HA2, "/alone", "true");
		net_mend(&scene->net, NET_HA1);
		scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its cable came back");
		scene_watch(scene, NET_HA2, fault, 2 * scene->within);
		struct probe_gap gap = probe_outage(scene->probe, fault, clock_now());
		scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
			    "the client was not served for %.1f ms", clock_ms(gap.to - gap.from));
	}
}
