/* The switch splits, and each side keeps some of three test IPs: policy `majority` knows the right one. */
#include "tests/netns/split.h"

NETNS_TEST(split_three_tests_backup, "a split, two of three test IPs with the backup: it serves, the primary is silent") {
	split_open(scene, SPLIT_THREE_TESTS);
	split_check(scene, NET_HA2);
}

NETNS_TEST(split_three_tests_primary, "a split, two of three test IPs with the primary: it goes on, the backup is silent") {
	split_open(scene, SPLIT_THREE_TESTS);
	split_check(scene, NET_HA1);
}
