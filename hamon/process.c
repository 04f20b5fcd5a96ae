/* The start of the monitor and of the workers, as process.h says. */
#include "hamon/process.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hamon/loop.h"
#include "hamon/pipe.h"

static int read_options(int argc, char **argv, struct process_options *options) {
	static const struct option known[] = {
		{"node", required_argument, NULL, 'n'},
		{"run-dir", required_argument, NULL, 'r'},
		{"verbosity", required_argument, NULL, 'v'},
		{0},
	};
	struct process_options read = {0};
	optind = 1;
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 'n')
			read.node = optarg;
		else if (c == 'r')
			read.run_dir = optarg;
		else if (c == 'v')
			read.verbosity = (int)strtol(optarg, NULL, 10);
		else
			return -EINVAL;
	}
	*options = read;
	return 0;
}

int process_begin(const char *name, int argc, char **argv, struct process_options *options) {
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE};
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	return read_options(argc, argv, options);
}

int process_await(int fd, enum message_type type, span_t patience, struct message *message, int *descriptor) {
	mono_t until = mono_now() + patience;
	for (;;) {
		int came;
		int rc = pipe_receive(fd, message, &came);
		if (rc == 0 && message->type == type) {
			*descriptor = came;
			return 0;
		}
		if (rc == 0 && came >= 0)
			close(came);
		if (rc != -EAGAIN)
			return rc < 0 ? rc : -EPROTO;
		span_t left = until - mono_now();
		if (left <= 0)
			return -ETIMEDOUT;
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		if (poll(&ready, 1, (int)(left / MSEC + 1)) < 0 && errno != EINTR)
			return -errno;
	}
}
