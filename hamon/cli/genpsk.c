/* hamon genpsk: 256 random bits as 64 hexadecimal digits, to stdout or into a new file that its owner alone can read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "hamon/cli/cli.h"

enum { PSK_BYTES = 32, PSK_TEXT = 2 * PSK_BYTES + 1 /* and a newline */ };

static int make_key(char text[static PSK_TEXT]) {
	unsigned char key[PSK_BYTES];
	/* Up to 256 bytes come whole, or not at all (getrandom(2)). */
	if (getrandom(key, sizeof key, 0) != sizeof key)
		return -errno;
	for (size_t i = 0; i < sizeof key; i++) {
		text[2 * i] = "0123456789abcdef"[key[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
	}
	text[PSK_TEXT - 1] = '\n';
	explicit_bzero(key, sizeof key);
	return 0;
}

/* Never over a file that is there: it may be the key of a running pair. */
static int write_key(const char *path, const char text[static PSK_TEXT]) {
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, PSK_TEXT);
	int error = n == PSK_TEXT && fsync(fd) == 0 ? 0 : n < 0 || n == PSK_TEXT ? errno : ENOSPC;
	if (close(fd) < 0 && error == 0)
		error = errno;
	if (error != 0)
		unlink(path);
	return -error;
}

int cli_genpsk(const struct cli *cli) {
	char text[PSK_TEXT];
	int error = make_key(text);
	if (error < 0)
		return cli_error(EXIT_FAILED, "no random numbers: %s", strerror(-error));
	if (!cli->output) {
		fwrite(text, 1, sizeof text, stdout);
		return EXIT_OK;
	}
	error = write_key(cli->output, text);
	if (error < 0)
		return cli_error(EXIT_FAILED, "%s: %s", cli->output, strerror(-error));
	if (!cli->quiet)
		printf("%s: written; copy it to the peer over a safe way\n", cli->output);
	return EXIT_OK;
}
