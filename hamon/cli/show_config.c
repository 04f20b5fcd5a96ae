/* `hamon show-config [FILE]`: the configuration as this node understands it, every default written out. */
#include <stdlib.h>
#include <string.h>

#include "hamon/cli/cli.h"
#include "hamon/conf/conf.h"

int cli_show_config(const struct cli *cli) {
	static struct conf conf; /* both large, and needed once */
	static struct conf_errors errors;
	const char *path = cli_config_path(cli);
	char *text;
	int error = conf_load(path, &text);
	if (error)
		return cli_error(EXIT_USAGE, "%s: %s", path, strerror(-error));
	error = conf_read(text, path, cli->node, &conf, &errors);
	free(text);
	if (error) {
		conf_errors_print(&errors, stderr);
		return EXIT_USAGE;
	}
	conf_print(&conf, stdout);
	return EXIT_OK;
}
