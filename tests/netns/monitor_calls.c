/* What the monitor asks of the kernel while it serves. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

/* Waiting, sending, receiving, time, and the workers' pipes: no disk, no memory, no process. */
static const char *const allowed[] = {
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "timerfd_settime", "clock_gettime", "sendto", "sendmsg",
	"sendmmsg",   "write",       "recvfrom",     "recvmsg",         "recvmmsg",      "read",   "restart_syscall",
};

static bool is_allowed(const char *name) {
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (strcmp(name, allowed[i]) == 0)
			return true;
	return false;
}

/* Looks at each line "name(arguments) = result". Returns how many there were. */
static unsigned check_calls(struct scene *scene, const char *path) {
	char *line = NULL;
	size_t size = 0;
	unsigned n = 0;
	FILE *file = fopen(path, "re");
	scene_check(scene, file != NULL, "there is no %s", path);
	while (getline(&line, &size, file) > 0) {
		size_t length = strcspn(line, "(");
		if (line[length] != '(')
			continue; /* "+++ exited", "--- SIG..." and strace's own words */
		line[length] = '\0';
		scene_safe(scene, is_allowed(line) || scene_sanitized(scene), "the monitor called %s(%s", line,
			   line + length + 1);
		n++;
	}
	fclose(file);
	free(line);
	return n;
}

NETNS_TEST(monitor_calls, "ten seconds of a serving monitor: waiting, sending, receiving, and no other system call") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	char output[PAIR_PATH], log[PAIR_PATH];
	shell_print(output, sizeof(output), "%s/strace", scene->dir);
	shell_print(log, sizeof(log), "%s/strace.log", scene->dir);
	pid_t monitor = pair_child(&scene->pair, NET_HA1, "_monitor");
	pid_t strace = shell_spawn(NULL, log, "strace -o %s -p %d", output, (int)monitor);
	/* The ten seconds that are looked at: ten times whatever is done once a second. */
	clock_sleep_until(clock_now() + 10 * NANOS_SEC);
	kill(strace, SIGINT);
	while (waitpid(strace, NULL, 0) < 0)
		;
	unsigned n = check_calls(scene, output);
	printf("%u system calls\n", n);
	scene_check(scene, n > 0, "strace saw nothing");
	scene_settle(scene);
}
