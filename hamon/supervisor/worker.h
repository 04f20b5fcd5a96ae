/* A child process of the supervisor: the monitor, or a worker. This module owns its start (this same binary with a private
 * verb), the supervisor's end of the pipe to it, and when it is started again after it died. */
#ifndef HAMON_SUPERVISOR_WORKER_H
#define HAMON_SUPERVISOR_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "hamon/mono.h"

/* A restart waits: the first time so long, then twice as long each time up to the limit, and from the start again once it
 * has lived long enough. */
#define WORKER_BACKOFF     (100 * MSEC)
#define WORKER_BACKOFF_MAX (5 * SEC)
#define WORKER_LIVED       (10 * SEC)

struct worker {
	const char *name; /* for the log */
	const char *verb; /* "_monitor", "_report" */
	pid_t pid;        /* 0: not running */
	int pipe;         /* our end; -1: none */
	mono_t started;
	mono_t due;     /* not running: when it may start */
	mono_t kill_at; /* running: when it is to be killed; MONO_FAR */
	span_t backoff; /* how long the next restart will wait */
};

void worker_init(struct worker *worker, const char *name, const char *verb);

enum { WORKER_PIPE = -2 };

struct worker_start {
	const char *const *arguments; /* after the verb; NULL-terminated */
	int descriptors[2]; /* become its 3 and 4. WORKER_PIPE, once: its end of a fresh pipe to us (worker->pipe) */
	bool dies_with_us;  /* killed by the kernel when we die; else it sees the end of the pipe */
};

/* 0; or -errno, which counts as a death: `due` is set. */
int worker_spawn(struct worker *worker, const struct worker_start *start, mono_t now);

/* It ended: closes our end of the pipe (take it out of the loop before) and sets `due`. Returns how long it lived. */
span_t worker_ended(struct worker *worker, mono_t now);

/* How a process ended, from waitpid(2)'s status: "exited with status 1", "was killed by signal 9 (Killed)". */
char *worker_end_text(int status, char *out, size_t size);

#endif
