/* A command's guard: a process of its own between the worker and one command, which ends the command and all that it
 * started at its deadline, and when the worker dies. So a worker that is stopped or killed leaves no command behind that
 * nobody ends. */
#ifndef HAMON_HOOKS_GUARD_H
#define HAMON_HOOKS_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "hamon/mono.h"

/* From the deadline's SIGTERM to the SIGKILL. */
#define GUARD_GRACE SEC

/* What the guard writes, once: when the command ended, or when its deadline came. */
struct guard_verdict {
	int status; /* of waitpid(2); -1: at the deadline */
	bool timed_out;
};

struct guard_ask {
	const char *line;         /* for /bin/sh -c */
	char *const *environment; /* all of it; NULL-terminated */
	span_t timeout;
	pid_t worker; /* our parent, whose death is the command's */
	/* descriptors: the command's standard input, where it writes (stdout and stderr), where the verdict goes */
	int input, output, verdict;
};

/* Called in a fresh child of a process with one thread. */
void guard_run(const struct guard_ask *ask) __attribute__((noreturn));

#endif
