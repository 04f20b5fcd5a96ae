/* hamon genpsk: 256 random bits as 64 hexadecimal digits, to stdout or into a new file that its owner alone can read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hamon/auth.h"
#include "hamon/cli/cli.h"
#include "hamon/file.h"

/* Never over a file that is there: it may be the key of a running pair. */
static int write_key(const char *path, const char *text) {
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = file_write(fd, text, strlen(text));
	if (error == 0 && fsync(fd) < 0)
		error = -errno;
	if (close(fd) < 0 && error == 0)
		error = -errno;
	if (error < 0)
		unlink(path);
	return error;
}

int cli_genpsk(const struct cli *cli) {
	char text[AUTH_KEY_TEXT];
	int error = auth_key_generate(text);
	if (error < 0)
		return cli_error(EXIT_FAILED, "no random numbers: %s", strerror(-error));
	if (!cli->output) {
		fputs(text, stdout);
		return EXIT_OK;
	}
	error = write_key(cli->output, text);
	if (error < 0)
		return cli_error(EXIT_FAILED, "%s: %s", cli->output, strerror(-error));
	if (!cli->quiet)
		printf("%s: written; copy it to the peer over a safe way\n", cli->output);
	return EXIT_OK;
}
