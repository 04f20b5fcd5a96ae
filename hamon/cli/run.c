/* hamon run: the daemon, in the foreground. */
#include "hamon/cli/cli.h"
#include "hamon/supervisor/supervisor.h"

int cli_run(const struct cli *cli) {
	struct run_options options = {
		.conf_path = cli->file,
		.cluster = cli->cluster,
		.node = cli->node,
		.state_dir = cli->state_dir,
		.run_dir = cli->run_dir,
		.verbosity = cli->quiet ? -1 : cli->verbose,
	};
	return supervisor_main(&options);
}
