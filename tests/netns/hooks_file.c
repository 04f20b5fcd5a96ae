/* Commands and their files: see hooks.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/lab/text.h"
#include "tests/netns/hooks.h"

enum { LOOK = 5 /* ms */ };

const char *hooks_path(const struct scene *scene, const char *format, ...) {
	static char path[512];
	char name[128];
	va_list args;
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	shell_print(path, sizeof(path), "%s/%s", scene->dir, name);
	return path;
}

char *hooks_read(const struct scene *scene, const char *name) {
	return text_read(hooks_path(scene, "%s", name));
}

void hooks_wait(struct scene *scene, const char *name, const char *text) {
	for (nanos end = scene_patience(scene);; clock_sleep_until(clock_now() + LOOK * NANOS_MS)) {
		char *now = hooks_read(scene, name);
		bool found = strstr(now, text) != NULL;
		scene_check(scene, found || clock_now() < end, "%s should contain \"%s\", and is: %s", name, text, now);
		free(now);
		if (found)
			return;
	}
}

unsigned hooks_lines(const struct scene *scene, const char *name) {
	char *text = hooks_read(scene, name);
	unsigned lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	free(text);
	return lines;
}

void hooks_write(struct scene *scene, const char *name, const char *text) {
	FILE *file = fopen(hooks_path(scene, "%s", name), "we");
	if (!file || fputs(text, file) == EOF || fclose(file))
		shell_die("cannot write %s", name);
}

void hooks_remove(struct scene *scene, const char *name) {
	if (unlink(hooks_path(scene, "%s", name)))
		shell_die("cannot remove %s", name);
}

pid_t hooks_worker(struct scene *scene, enum net_host host) {
	for (nanos end = scene_patience(scene);; clock_sleep_until(clock_now() + LOOK * NANOS_MS)) {
		pid_t worker = pair_child(&scene->pair, host, "_hooks");
		if (worker > 0)
			return worker;
		scene_check(scene, clock_now() < end, "%s has no hooks worker", net_host_name(host));
	}
}
