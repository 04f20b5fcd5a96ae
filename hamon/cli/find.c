/* Where the daemon's control socket is. */
#include <dirent.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hamon/cli/cli.h"
#include "hamon/conf/conf.h"

static void socket_of(const char *cluster, char path[static PATH_MAX]) {
	snprintf(path, PATH_MAX, "%s/%s/control.sock", CLI_RUN_DIR, cluster);
}

/* By the cluster that a configuration names, whatever else stands in it: to find the daemon it need not be free of
 * errors. */
static int socket_of_file(const char *file, char path[static PATH_MAX]) {
	config_t config;
	const char *cluster = NULL;
	char *text;
	int code = conf_load(file, &text);
	if (code < 0)
		return cli_error(EXIT_USAGE, "%s: %s", file, strerror(-code));
	config_init(&config);
	if (config_read_string(&config, text) != CONFIG_TRUE)
		code = cli_error(EXIT_USAGE, "%s:%d: %s", file, config_error_line(&config), config_error_text(&config));
	else if (config_lookup_string(&config, "cluster", &cluster) != CONFIG_TRUE)
		code = cli_error(EXIT_USAGE, "%s names no cluster", file);
	else
		socket_of(cluster, path);
	config_destroy(&config);
	free(text);
	return code;
}

/* For scandir(3): a folder with a socket in it. */
static int serves(const struct dirent *entry) {
	char path[PATH_MAX];
	struct stat status;
	socket_of(entry->d_name, path);
	return entry->d_name[0] != '.' && stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* Of the only cluster that runs here. */
static int only_socket(char path[static PATH_MAX]) {
	struct dirent **clusters = NULL;
	int n = scandir(CLI_RUN_DIR, &clusters, serves, alphasort);
	int code = EXIT_OK;
	if (n <= 0) {
		code = cli_error(EXIT_UNREACHABLE, "no hamon daemon runs here: none in %s (--run-dir, if elsewhere)",
				 CLI_RUN_DIR);
	} else if (n > 1) {
		code = cli_error(EXIT_USAGE, "%d clusters run here; say which with --cluster:", n);
		for (int i = 0; i < n; i++)
			fprintf(stderr, "  %s\n", clusters[i]->d_name);
	} else {
		socket_of(clusters[0]->d_name, path);
	}
	for (int i = 0; i < n; i++)
		free(clusters[i]);
	free(clusters);
	return code;
}

int cli_find_socket(const struct cli *cli, struct sockaddr_un *address) {
	char path[PATH_MAX];
	int code = EXIT_OK;
	if (cli->run_dir)
		snprintf(path, sizeof path, "%s/control.sock", cli->run_dir);
	else if (cli->cluster)
		socket_of(cli->cluster, path);
	else if (cli->file)
		code = socket_of_file(cli->file, path);
	else
		code = only_socket(path);
	if (code != EXIT_OK)
		return code;
	struct sockaddr_un found = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof found.sun_path)
		return cli_error(EXIT_USAGE, "%s: too long for the name of a socket", path);
	memcpy(found.sun_path, path, strlen(path));
	*address = found;
	return EXIT_OK;
}
