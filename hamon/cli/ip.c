/* hamon ip enable|disable ADDRESS: whether this node serves a shared IP. */
#include <json-c/json.h>
#include <string.h>

#include "hamon/cli/cli.h"
#include "hamon/conf/conf.h"

#define IP_PATIENCE (10 * SEC)

int cli_ip(const struct cli *cli) {
	const char *what = cli->words[0], *text = cli->words[1];
	bool enable = strcmp(what, "enable") == 0;
	struct ip_address address;
	if (!enable && strcmp(what, "disable") != 0)
		return cli_error(EXIT_USAGE, "ip %s: enable or disable is meant", what);
	if (conf_address(text, &address) < 0)
		return cli_error(EXIT_USAGE, "%s is no address (without the prefix length, such as 192.0.2.10)", text);
	struct json_object *request = cli_request(REQUEST_IP);
	json_object_object_add(request, "address", json_object_new_string(text));
	json_object_object_add(request, "enable", json_object_new_boolean(enable));
	return cli_operate(cli, request, IP_PATIENCE);
}
