/* hamon test ips: the daemon asks every test IP now, and says what came back. */
#include <json-c/json.h>
#include <string.h>

#include "hamon/cli/cli.h"

#define TEST_PATIENCE (15 * SEC)

static void show_test(struct json_object *test) {
	const char *address = json_object_get_string(json_object_object_get(test, "address"));
	const char *error = json_object_get_string(json_object_object_get(test, "error"));
	if (json_object_get_boolean(json_object_object_get(test, "answered")))
		printf("%s answered in %.2f ms\n", address, json_object_get_double(json_object_object_get(test, "rtt_ms")));
	else
		printf("%s %s\n", address, error ? error : "no answer");
}

int cli_test(const struct cli *cli) {
	struct json_object *reply = NULL;
	if (strcmp(cli->words[0], "ips") != 0)
		return cli_error(EXIT_USAGE, "test %s: ips is meant", cli->words[0]);
	int code = cli_ask(cli, cli_request(REQUEST_TEST_IPS), TEST_PATIENCE, &reply);
	if (code != EXIT_OK)
		return code;
	struct json_object *tests = json_object_object_get(reply, "tests");
	for (size_t i = 0; tests && !cli->json && !cli->quiet && i < json_object_array_length(tests); i++)
		show_test(json_object_array_get_idx(tests, i));
	code = cli_show(cli, reply);
	json_object_put(reply);
	return code;
}
