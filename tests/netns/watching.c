/* A `hamon watch` beside the test: see watching.h. */
#include "tests/netns/watching.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lab/shell.h"
#include "tests/lab/text.h"

/* What comes is looked for so often. */
#define LOOK (10 * NANOS_MS)

struct watching watching_start(struct scene *scene, enum net_host host, const char *words) {
	const struct pair_node *node = &scene->pair.node[host];
	struct watching watching;
	shell_print(watching.log, sizeof(watching.log), "%s/watch.log", node->dir);
	watching.pid = shell_spawn(scene->net.ns[host], watching.log, "%s %s -f %s --node %s --run-dir %s/run",
				   scene->hamon, words, node->conf, net_host_name(host), node->dir);
	return watching;
}

static bool holds_all(const char *line, const char *const *texts) {
	while (*texts && strstr(line, *texts))
		texts++;
	return !*texts;
}

/* Cuts the text into its lines. One that has no end yet is not looked at. */
static bool has_line(char *text, const char *const *texts) {
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (holds_all(text, texts))
			return true;
	}
	return false;
}

void watching_expect(struct scene *scene, const struct watching *watching, const char *const *texts) {
	nanos deadline = scene_patience(scene);
	for (bool found = false; !found;) {
		char *text = text_read(watching->log);
		found = has_line(text, texts);
		free(text);
		scene_check(scene, found || clock_now() < deadline, "%s has no line with %s", watching->log, *texts);
		if (!found)
			clock_sleep_until(clock_now() + LOOK);
	}
}

int watching_end(struct scene *scene, const struct watching *watching) {
	nanos deadline = scene_patience(scene);
	int status = 0;
	pid_t ended;
	while ((ended = waitpid(watching->pid, &status, WNOHANG)) == 0) {
		scene_check(scene, clock_now() < deadline, "`hamon watch` does not end");
		clock_sleep_until(clock_now() + LOOK);
	}
	scene_check(scene, ended == watching->pid, "`hamon watch` is lost");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
