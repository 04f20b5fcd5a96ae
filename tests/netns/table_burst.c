/* Many programs touch the lease's table while the daemon cannot look: it reads of all of it at once. */
#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"
#include "tests/netns/test.h"

enum { CHANGES = 100 };

NETNS_TEST(table_burst, "a hundred changes of the backup's table at once: it is made anew, and nothing else happens") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	char table[RULESET_TABLE], words[RULESET_TABLE + 64];
	scene_check(scene, ruleset_table(scene, NET_HA2, table), "ha2 has no table");
	pair_stop_all(&scene->pair, NET_HA2);
	for (unsigned i = 0; i < CHANGES; i++) {
		shell_print(words, sizeof(words), "add chain netdev %s burst%u", table, i);
		ruleset_nft(scene, NET_HA2, words);
	}
	pair_continue_all(&scene->pair, NET_HA2);
	scene_wait(scene, NET_HA2, "/lease/changes", "1");
	scene_check(scene, scene_settle(scene) == NET_HA1, "the role changed");
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);
}
