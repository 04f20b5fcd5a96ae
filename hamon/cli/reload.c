/* hamon reload: the daemon reads its configuration again. Its answer names what needs a restart, or what is wrong with the
 * file, line by line; then nothing was changed. */
#include "hamon/cli/cli.h"

#define RELOAD_PATIENCE (20 * SEC)

int cli_reload(const struct cli *cli) {
	return cli_operate(cli, cli_request(REQUEST_RELOAD), RELOAD_PATIENCE);
}
