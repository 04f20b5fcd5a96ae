/* One command of the configuration, as the worker sees it: started, its output line by line, its end. The worker waits for
 * descriptors alone; the deadline is kept by the command's guard (guard.h). */
#ifndef HAMON_HOOKS_COMMAND_H
#define HAMON_HOOKS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "hamon/hooks/guard.h"

struct command_ask {
	const char *line;         /* for /bin/sh -c */
	char *const *environment; /* all of it; NULL-terminated */
	const char *input;        /* what it reads from its standard input, PIPE_BUF bytes at most; NULL: nothing */
	span_t timeout;           /* then its group gets SIGTERM, and GUARD_GRACE later all that it started SIGKILL */
};

struct command {
	pid_t guard;         /* 0: none runs */
	int output, verdict; /* readable ends, non-blocking; output -1: closed */
	mono_t started;
};

/* 0 or -errno: nothing runs then. */
int command_start(struct command *command, const struct command_ask *ask);

/* What is there of its output. Bytes read; 0: it closed it; -EAGAIN: nothing now. */
ssize_t command_read(struct command *command, char *out, size_t size);

/* 0: it ended, or its deadline came and it is being killed: *verdict is set. -EAGAIN: not yet. -EPIPE: there will be no
 * verdict (any more). */
int command_verdict(struct command *command, struct guard_verdict *verdict);

/* It wrote enough, or its end was told. */
void command_close_output(struct command *command);

/* After command_verdict() said -EPIPE: its guard has ended, and with it all that was to be killed. */
void command_end(struct command *command);

#endif
