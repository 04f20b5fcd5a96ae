/* hamon resolve: ends a conflict of roles, when both nodes are primary or both are backup. */
#include <json-c/json.h>

#include "hamon/cli/cli.h"

/* The daemon gives up by itself after a few dead intervals, of 10 s at most; this is for a daemon that stands still. */
#define RESOLVE_PATIENCE (90 * SEC)

int cli_resolve(const struct cli *cli) {
	struct json_object *request = cli_request(REQUEST_RESOLVE);
	if (cli->keep_node)
		json_object_object_add(request, "keep", json_object_new_string(cli->keep_node));
	return cli_operate(cli, request, RESOLVE_PATIENCE);
}
