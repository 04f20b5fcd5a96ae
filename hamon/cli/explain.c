/* hamon explain now: what stands for and against a change of the role, in the daemon's own words. */
#include <string.h>

#include "hamon/cli/cli.h"

#define EXPLAIN_PATIENCE (5 * SEC)

int cli_explain(const struct cli *cli) {
	if (strcmp(cli->words[0], "now") != 0)
		return cli_error(
			EXIT_USAGE,
			"explain says what holds now: `hamon explain now`; the log tells of past events, with their "
			"causes and numbers");
	return cli_operate(cli, cli_request(REQUEST_EXPLAIN), EXPLAIN_PATIENCE);
}
