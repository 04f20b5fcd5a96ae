/* One command, as command.h says. */
#include "hamon/hooks/command.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/loop.h"

enum { OUTPUT, VERDICT, PIPES };

/* A pipe that already holds the text, and its end; or nothing. Returns the readable end, or -errno. */
static int open_input(const char *text) {
	if (!text) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	size_t length = strlen(text);
	assert(length <= PIPE_BUF); /* an empty pipe has room for them (pipe(7)) */
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int rc = write(ends[1], text, length) < 0 ? -errno : ends[0];
	close(ends[1]);
	if (rc < 0)
		close(ends[0]);
	return rc;
}

/* The worker's ends do not block it; the command's are those of any pipe. */
static int open_pipe(int ends[static 2]) {
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void close_all(int pipes[static PIPES][2]) {
	for (int i = 0; i < PIPES; i++)
		for (int end = 0; end < 2; end++)
			if (pipes[i][end] >= 0)
				close(pipes[i][end]);
}

static int start_guard(const struct command_ask *ask, int input, int pipes[static PIPES][2]) {
	struct guard_ask guard = {
		.line = ask->line,
		.environment = ask->environment,
		.timeout = ask->timeout,
		.worker = getpid(),
		.input = input,
		.output = pipes[OUTPUT][1],
		.verdict = pipes[VERDICT][1],
	};
	pid_t pid = fork();
	if (pid == 0)
		guard_run(&guard);
	return pid < 0 ? -errno : (int)pid;
}

int command_start(struct command *command, const struct command_ask *ask) {
	int pipes[PIPES][2] = {{-1, -1}, {-1, -1}};
	int input = open_input(ask->input);
	if (input < 0)
		return input;
	int rc = open_pipe(pipes[OUTPUT]);
	if (rc == 0)
		rc = open_pipe(pipes[VERDICT]);
	if (rc == 0)
		rc = start_guard(ask, input, pipes);
	close(input);
	if (rc < 0) {
		close_all(pipes);
		return rc;
	}
	close(pipes[OUTPUT][1]);
	close(pipes[VERDICT][1]);
	*command = (struct command){
		.guard = rc, .output = pipes[OUTPUT][0], .verdict = pipes[VERDICT][0], .started = mono_now()};
	return 0;
}

ssize_t command_read(struct command *command, char *out, size_t size) {
	ssize_t n = read(command->output, out, size);
	return n < 0 ? -errno : n;
}

int command_verdict(struct command *command, struct guard_verdict *verdict) {
	struct guard_verdict came;
	ssize_t n = read(command->verdict, &came, sizeof(came));
	if (n < 0)
		return -errno;
	if (n != sizeof(came))
		return -EPIPE;
	*verdict = came;
	return 0;
}

void command_close_output(struct command *command) {
	if (command->output >= 0)
		close(command->output);
	command->output = -1;
}

void command_end(struct command *command) {
	command_close_output(command);
	close(command->verdict);
	waitpid(command->guard, NULL, 0);
	*command = (struct command){.output = -1, .verdict = -1};
}
