/* The monitor's memory is there before it is needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

/* Minor and major page faults of a process, from /proc/PID/stat (fields 10 and 12, proc(5)). */
static unsigned long faults(struct scene *scene, pid_t pid) {
	char path[64], line[1024];
	shell_print(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	bool read = file && fgets(line, sizeof(line), file);
	if (file)
		fclose(file);
	unsigned long minor = 0, major = 0;
	const char *after = read ? strrchr(line, ')') : NULL; /* the name before it may hold anything */
	int n = after ? sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor, &major) : 0;
	scene_check(scene, n == 2, "cannot read %s", path);
	return minor + major;
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
		scene_check(scene, now == before[host], "%s's monitor took %lu page faults", net_host_name(host),
			    now - before[host]);
	}
}
