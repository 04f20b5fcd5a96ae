/* The verbs that only read, against a running pair. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/test.h"

enum { STATUS_NO = 1, STATUS_USAGE = 2, STATUS_UNREACHABLE = 3 };

static void expect(struct scene *scene, enum net_host host, const char *words, int status, const char *text) {
	struct pair_result result = pair_verb(&scene->pair, host, words);
	scene_check(scene, result.status == status, "`hamon %s` on %s ended with %d, not %d: %s", words,
		    net_host_name(host), result.status, status, result.output);
	scene_check(scene, strstr(result.output, text), "`hamon %s` on %s does not say \"%s\": %s", words,
		    net_host_name(host), text, result.output);
	free(result.output);
}

NETNS_TEST(verbs, "the reading verbs: what they say, and their exit statuses") {
	scene_open(scene, NULL);
	expect(scene, NET_HA1, "status", STATUS_UNREACHABLE, "");
	scene_start(scene, NET_HA1);
	expect(scene, NET_HA1, "status", 0, "PRIMARY");
	expect(scene, NET_HA2, "status", 0, "edge");
	expect(scene, NET_HA1, "status --json", 0, "\"schema\"");
	expect(scene, NET_HA1, "is-primary", 0, "primary");
	expect(scene, NET_HA2, "is-primary", STATUS_NO, "backup");
	expect(scene, NET_HA1, "test ips", 0, "192.0.2.1");
	expect(scene, NET_HA1, "check-config", 0, "ms");
	expect(scene, NET_HA1, "show-config", 0, PAIR_SHARED);
	expect(scene, NET_HA1, "statsu", STATUS_USAGE, "did you mean status");
	expect(scene, NET_HA1, "takeover --dry-run", 0, "");
	scene_watch(scene, NET_HA1, clock_now(), scene->within);
}
