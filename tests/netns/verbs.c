/* The verbs that only read, against a running pair. */
#include "tests/netns/test.h"

enum { STATUS_NO = 1, STATUS_USAGE = 2, STATUS_UNREACHABLE = 3 };

NETNS_TEST(verbs, "the reading verbs: what they say, and their exit statuses") {
	scene_open(scene, NULL);
	scene_verb_says(scene, NET_HA1, "status", STATUS_UNREACHABLE, "");
	scene_start(scene, NET_HA1);
	scene_verb_says(scene, NET_HA1, "status", 0, "PRIMARY");
	scene_verb_says(scene, NET_HA2, "status", 0, "edge");
	scene_verb_says(scene, NET_HA1, "status --json", 0, "\"schema\"");
	scene_verb_says(scene, NET_HA1, "is-primary", 0, "primary");
	scene_verb_says(scene, NET_HA2, "is-primary", STATUS_NO, "backup");
	scene_verb_says(scene, NET_HA1, "test ips", 0, "192.0.2.1");
	scene_verb_says(scene, NET_HA1, "check-config", 0, "ms");
	scene_verb_says(scene, NET_HA1, "show-config", 0, PAIR_SHARED);
	scene_verb_says(scene, NET_HA1, "statsu", STATUS_USAGE, "did you mean status");
	scene_verb_says(scene, NET_HA1, "takeover --dry-run", 0, "");
	scene_watch(scene, NET_HA1, clock_now(), scene->within);
}
