/* hamon clear: forgets the hold-down, and alarms that are over. */
#include "hamon/cli/cli.h"

#define CLEAR_PATIENCE (10 * SEC)

int cli_clear(const struct cli *cli) {
	return cli_operate(cli, cli_request(REQUEST_CLEAR), CLEAR_PATIENCE);
}
