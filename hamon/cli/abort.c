/* hamon abort: stops the countdown to a takeover. */
#include "hamon/cli/cli.h"

#define ABORT_PATIENCE (10 * SEC)

int cli_abort(const struct cli *cli) {
	return cli_operate(cli, cli_request(REQUEST_ABORT), ABORT_PATIENCE);
}
