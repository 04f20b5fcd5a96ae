/* The verbs that only read, against a running pair. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/test.h"

enum { STATUS_NO = 1, STATUS_USAGE = 2, STATUS_UNREACHABLE = 3 };

/* An answer that says that nothing stands against it lists nothing that does. */
static void expect_dry_run(struct scene *scene, enum net_host host, const char *words, const char *text) {
	struct pair_result result = pair_verb(&scene->pair, host, words);
	scene_check(scene, result.status == 0 && strstr(result.output, text), "`hamon %s` ended with %d: %s", words,
		    result.status, result.output);
	scene_check(scene, strstr(result.output, "ok ") && !strstr(result.output, "STOP"), "`hamon %s` says: %s", words,
		    result.output);
	free(result.output);
}

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
	scene_verb_says(scene, NET_HA1, "takeover --dry-run", 0, "primary already");
	expect_dry_run(scene, NET_HA2, "takeover --dry-run", "nothing stands against takeover");
	expect_dry_run(scene, NET_HA2, "takeover --force --dry-run", "would be tried");
	expect_dry_run(scene, NET_HA1, "standdown --dry-run", "nothing stands against standdown");
	scene_watch(scene, NET_HA1, clock_now(), scene->within);
}
