/* The primary's daemon is stopped in good order. */
#include <signal.h>

#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

NETNS_TEST(graceful_stop, "the primary is stopped: it says farewell, the backup takes over at once") {
	char table[RULESET_TABLE];
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_signal(&scene->pair, NET_HA1, SIGTERM);
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	int status = pair_wait_end(&scene->pair, NET_HA1, scene_patience(scene));
	scene_check(scene, status == 0, "the daemon ended with status %d", status);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_check(scene, !ruleset_table(scene, NET_HA1, table), "the daemon left its table %s behind", table);

	pair_start(&scene->pair, NET_HA1);
	nanos back = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
