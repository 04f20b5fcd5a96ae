/* hamon takeover, hamon standdown: the role changes hands. The daemon answers when it has, or cannot. */
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#include "hamon/cli/cli.h"

/* The daemon gives up by itself after a few dead intervals, of 10 s at most; this is for a daemon that stands still. */
#define HANDOVER_PATIENCE (90 * SEC)

/* Whoever forces at a terminal is asked once, and told what may come of it. */
static bool confirmed(const struct cli *cli, const char *risk) {
	if (!cli->force || cli->dry_run || cli->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	fprintf(stderr, "%s by force: %s. Go on? [y/N] ", cli->verb, risk);
	int answer = getchar();
	return answer == 'y' || answer == 'Y';
}

static int hand_over(const struct cli *cli, enum request_type type, const char *risk) {
	if (!confirmed(cli, risk))
		return cli_error(EXIT_FAILED, "nothing was done");
	struct json_object *request = cli_request(type);
	json_object_object_add(request, "force", json_object_new_boolean(cli->force));
	json_object_object_add(request, "dry_run", json_object_new_boolean(cli->dry_run));
	if (cli->reason)
		json_object_object_add(request, "reason", json_object_new_string(cli->reason));
	return cli_operate(cli, request, HANDOVER_PATIENCE);
}

int cli_takeover(const struct cli *cli) {
	return hand_over(cli, REQUEST_TAKEOVER, "if the peer is cut off and not dead, both nodes may serve");
}

int cli_standdown(const struct cli *cli) {
	return hand_over(cli, REQUEST_STANDDOWN, "if the peer cannot take over, nobody serves");
}
