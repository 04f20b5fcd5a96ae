/* A node whose disk was replaced: it remembers neither boot numbers nor epochs. */
#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

NETNS_TEST(
	wiped_state,
	"the state directory is wiped: epochs are learnt from the peer before anything is claimed, and a takeover works") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	/* Moves that its disk will not know of. */
	for (unsigned i = 0; i < 2; i++) {
		scene_verb(scene, NET_HA2, "takeover");
		scene_verb(scene, NET_HA1, "takeover");
	}
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	double epoch = pair_number(&scene->pair, NET_HA2, "/epoch");
	fault_count();
	shell_must(NULL, "rm -r %s/state", scene->pair.node[NET_HA1].dir);

	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role with nothing remembered");
	scene_wait(scene, NET_HA1, "/peer/state", "primary");
	nanos back = clock_now();
	pair_kill_all(&scene->pair, NET_HA2);
	scene_moved(scene, NET_HA2, NET_HA1, back, scene->within);
	double now = pair_number(&scene->pair, NET_HA1, "/epoch");
	scene_safe(scene, now > epoch, "ha1 claimed with epoch %.0f, and %.0f had been used", now, epoch);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
