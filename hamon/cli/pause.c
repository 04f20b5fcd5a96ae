/* hamon pause, hamon resume: automatic takeover by this node, off and on. */
#include <json-c/json.h>

#include "hamon/cli/cli.h"

#define PAUSE_PATIENCE (10 * SEC)

int cli_pause(const struct cli *cli) {
	struct json_object *request = cli_request(REQUEST_PAUSE);
	json_object_object_add(request, "for_ms", json_object_new_int64((cli->pause + MSEC - 1) / MSEC));
	return cli_operate(cli, request, PAUSE_PATIENCE);
}

int cli_resume(const struct cli *cli) {
	return cli_operate(cli, cli_request(REQUEST_RESUME), PAUSE_PATIENCE);
}
