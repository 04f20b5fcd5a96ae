/* The monitor's memory is there before it is needed. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/lab/text.h"
#include "tests/netns/test.h"

/* Minor and major page faults of a process: fields 10 and 12 of /proc/PID/stat, proc(5). */
static unsigned long faults(struct scene *scene, pid_t pid) {
	enum { AFTER_NAME = 3, MINOR = 10, MAJOR = 12 };
	char path[64];
	shell_print(path, sizeof(path), "/proc/%d/stat", (int)pid);
	char *stat = text_read(path), *save = NULL;
	char *after = strrchr(stat, ')'); /* the name before it may hold anything */
	scene_check(scene, after != NULL, "cannot read %s", path);
	unsigned long sum = 0;
	unsigned field = AFTER_NAME;
	for (char *word = strtok_r(after + 1, " ", &save); word; word = strtok_r(NULL, " ", &save), field++)
		if (field == MINOR || field == MAJOR)
			sum += strtoul(word, NULL, 10);
	free(stat);
	return sum;
}

NETNS_TEST(page_faults, "after ten seconds neither monitor takes a page fault any more, not in a takeover either") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	clock_sleep_until(clock_now() + 10 * NANOS_SEC);
	pid_t monitor[NET_NODES];
	unsigned long before[NET_NODES];
	for (unsigned host = 0; host < NET_NODES; host++) {
		monitor[host] = pair_child(&scene->pair, host, "_monitor");
		before[host] = faults(scene, monitor[host]);
	}
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	fault = clock_now();
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	scene_served(scene, NET_HA1, fault, scene->within, false);
	for (unsigned host = 0; host < NET_NODES; host++) {
		unsigned long now = faults(scene, monitor[host]);
		scene_check(scene, now == before[host] || scene_sanitized(scene), "%s's monitor took %lu page faults",
			    net_host_name(host), now - before[host]);
	}
}
