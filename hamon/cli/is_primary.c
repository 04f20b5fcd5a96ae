/* hamon is-primary: for scripts, by its exit status. It prints the state, as a word. */
#include <json-c/json.h>
#include <string.h>

#include "hamon/cli/cli.h"

#define STATUS_PATIENCE (5 * SEC)

int cli_is_primary(const struct cli *cli) {
	struct json_object *status = NULL;
	int code = cli_ask(cli, cli_request(REQUEST_STATUS), STATUS_PATIENCE, &status);
	if (code != EXIT_OK)
		return code;
	const char *state = json_object_get_string(json_object_object_get(status, "state"));
	if (state) {
		bool primary = strcmp(state, "primary") == 0;
		if (cli->json)
			printf("{\"primary\":%s,\"state\":\"%s\"}\n", primary ? "true" : "false", state);
		else if (!cli->quiet)
			puts(state);
		/* A word that could not be written changes nothing of that: 1 would mean no. */
		cli_flush();
		code = primary ? EXIT_OK : EXIT_FAILED;
	} else {
		/* A daemon too busy to say its state said neither yes nor no. */
		code = cli_show(cli, status);
		code = code == EXIT_FAILED ? EXIT_UNREACHABLE : code;
	}
	json_object_put(status);
	return code;
}
