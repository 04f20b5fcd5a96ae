/* The switch splits with one test IP, which is on one side. */
#include "tests/netns/split.h"

NETNS_TEST(split_one_test_backup, "a split, the one test IP with the backup: it serves, healed there is one primary") {
	split_open(scene, SPLIT_ONE_TEST);
	split_check(scene, NET_HA2);
}

NETNS_TEST(split_one_test_primary, "a split, the one test IP with the primary: it goes on, healed there is one primary") {
	split_open(scene, SPLIT_ONE_TEST);
	split_check(scene, NET_HA1);
}
