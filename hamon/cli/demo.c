/* hamon demo: starts the lab program that is installed beside us, on this very binary. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/cli/cli.h"
#include "hamon/conf/conf.h"

#define DEMO_LAB "../libexec/hamon/hamon-lab" /* from PREFIX/sbin */

int cli_demo(const struct cli *cli) {
	char self[CONF_PATH], folder[CONF_PATH], lab[CONF_PATH + sizeof DEMO_LAB];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return cli_error(EXIT_FAILED, "/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	memcpy(folder, self, (size_t)n + 1);
	snprintf(lab, sizeof lab, "%s/" DEMO_LAB, dirname(folder));
	const char *arguments[8] = {lab, "demo", "--hamon", self};
	unsigned used = 4;
	if (cli->within) {
		arguments[used++] = "--within";
		arguments[used++] = cli->within;
	}
	if (cli->keep)
		arguments[used++] = "--keep";
	execv(lab, (char *const *)arguments);
	if (errno == ENOENT)
		return cli_error(EXIT_FAILED, "the lab program is not installed (%s); in the source tree: make demo", lab);
	return cli_error(EXIT_FAILED, "%s: %s", lab, strerror(errno));
}
