/* The monitor's memory is there before it is needed, and stays though the kernel is asked to page it out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>
#include <unistd.h>

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

/* Has the kernel page the mapping of a line of /proc/PID/maps out. Returns of how many bytes it took the advice: none, where
 * they are locked. What is the kernel's own ([vvar], [vdso], a packet socket's ring) is never paged. */
static size_t page_out_mapping(struct scene *scene, int process, const char *line) {
	char *after = NULL;
	if (strstr(line, " [v") || strstr(line, " socket:["))
		return 0;
	unsigned long from = strtoul(line, &after, 16), to = strtoul(after + 1, NULL, 16); /* "FROM-TO rw-p ..." */
	struct iovec range = {.iov_base = (void *)from, .iov_len = to - from};
	ssize_t taken = process_madvise(process, &range, 1, MADV_PAGEOUT, 0);
	scene_check(scene, taken >= 0 || errno == EINVAL || errno == ENOMEM, "no paging out of %s: %s", line,
		    strerror(errno));
	return taken > 0 ? (size_t)taken : 0;
}

static size_t page_out(struct scene *scene, pid_t pid) {
	char path[64];
	shell_print(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	int process = pidfd_open(pid, 0);
	scene_check(scene, maps != NULL && process >= 0, "cannot open %s and its process", path);
	char *line = NULL;
	size_t size = 0, taken = 0;
	while (getline(&line, &size, maps) > 0)
		taken += page_out_mapping(scene, process, line);
	free(line);
	close(process);
	fclose(maps);
	return taken;
}

/* The report worker's memory is not locked: there the kernel must take the same advice, else it proves nothing. */
static void press(struct scene *scene, const pid_t monitor[static NET_NODES]) {
	for (unsigned host = 0; host < NET_NODES; host++) {
		fault_count();
		size_t taken = page_out(scene, monitor[host]);
		scene_check(scene, taken == 0 || scene_sanitized(scene), "%zu bytes of %s's monitor could be paged out",
			    taken, net_host_name(host));
		scene_check(scene, page_out(scene, pair_child(&scene->pair, host, "_report")) > 0,
			    "nothing of %s's report worker could be paged out: no such pressure", net_host_name(host));
	}
}

NETNS_TEST(page_faults,
	   "paged out by hand, neither monitor takes a page fault after its first ten seconds, not in a takeover either") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	/* No condition says when a start has touched all that it will: its last work are the announcements, some seconds long. */
	clock_sleep_until(clock_now() + 10 * NANOS_SEC);
	pid_t monitor[NET_NODES];
	unsigned long before[NET_NODES];
	for (unsigned host = 0; host < NET_NODES; host++) {
		monitor[host] = pair_child(&scene->pair, host, "_monitor");
		before[host] = faults(scene, monitor[host]);
	}
	press(scene, monitor);
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	press(scene, monitor);
	fault = clock_now();
	net_cut(&scene->net, NET_HA2, NET_CUT_FRAMES);
	scene_served(scene, NET_HA1, fault, scene->within, false);
	for (unsigned host = 0; host < NET_NODES; host++) {
		unsigned long now = faults(scene, monitor[host]);
		scene_check(scene, now == before[host] || scene_sanitized(scene), "%s's monitor took %lu page faults",
			    net_host_name(host), now - before[host]);
	}
}
