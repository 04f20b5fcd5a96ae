/* The configuration's commands along a hand-over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/hooks.h"

/* Each command writes what it was told into its node's file; the first ones take longer than those that follow. */
static const char *configuration(const struct scene *scene) {
	static char text[2048];
	static char command[512];
	shell_print(command, sizeof(command),
		    "echo $HAMON_EVENT $HAMON_FROM $HAMON_TO $HAMON_CAUSE $HAMON_NODE $HAMON_PEER $HAMON_CLUSTER "
		    "$HAMON_SHARED_IPS $HAMON_EPOCH >> %s; echo done",
		    hooks_path(scene, "$HAMON_NODE"));
	shell_print(text, sizeof(text),
		    "hooks = { before-primary = \"%s\" primary = \"sleep 0.3; %s\" backup = \"%s\"\n"
		    "fault = \"%s\" quiesce = \"sleep 0.3; %s\" unquiesce = \"%s\" }",
		    command, command, command, command, command, command);
	return text;
}

/* The first words of the file's lines from the one on that begins so, in order. */
static void expect_events(struct scene *scene, const char *node, const char *from, const char *events) {
	char *text = hooks_read(scene, node), got[256] = "";
	const char *at = strstr(text, from);
	for (const char *line = at; line && *line; line = strchr(line, '\n') + 1)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s ", (int)strcspn(line, " "), line);
	scene_check(scene, strcmp(got, events) == 0, "the commands of %s were \"%s\", not \"%s\":\n%s", node, got, events,
		    text);
	free(text);
}

NETNS_TEST(hooks, "a hand-over: the commands run in order, each told what changed, and their output is in the log") {
	scene_open(scene, &(struct pair_conf){.more = configuration(scene)});
	scene_start(scene, NET_HA1);
	hooks_wait(scene, "ha1", "primary claiming primary ");
	hooks_wait(scene, "ha2", "backup ");

	scene_verb(scene, NET_HA2, "takeover");
	hooks_wait(scene, "ha2", "primary claiming primary operator ha2 ha1 edge " PAIR_SHARED "/24 ");
	hooks_wait(scene, "ha1", "quiesce primary yielding peer-asked ha1 ha2 edge " PAIR_SHARED "/24 ");
	hooks_wait(scene, "ha1", "\nbackup yielding backup peer-asked ");
	expect_events(scene, "ha1", "before-primary ", "before-primary primary quiesce backup ");
	expect_events(scene, "ha2", "before-primary ", "before-primary primary ");
	scene_check(scene, pair_wait_logged(&scene->pair, NET_HA2, "primary command: done", scene_patience(scene)),
		    "what the command wrote is not in the log");
	scene_check(scene,
		    pair_wait_logged(&scene->pair, NET_HA2, "the primary command ended with status 0 after ",
				     scene_patience(scene)),
		    "that it ended is not in the log");
}
