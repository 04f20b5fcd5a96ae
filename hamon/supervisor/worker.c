/* Children of the supervisor, as worker.h says. */
#include "hamon/supervisor/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/pipe.h"

enum { FIRST_DESCRIPTOR = 3, DESCRIPTORS = 2, ARGUMENTS = 16 };

void worker_init(struct worker *worker, const char *name, const char *verb) {
	*worker = (struct worker){
		.name = name,
		.verb = verb,
		.pipe = -1,
		.due = MONO_NEVER,
		.kill_at = MONO_FAR,
		.backoff = WORKER_BACKOFF,
	};
}

/* Puts the descriptors where the child looks for them; all others but the standard three are closed. They are moved out of
 * the way first: one may stand where another belongs. */
static int place_descriptors(const int descriptors[static DESCRIPTORS], int pipe) {
	int high[DESCRIPTORS];
	for (int i = 0; i < DESCRIPTORS; i++) {
		int from = descriptors[i] == WORKER_PIPE ? pipe : descriptors[i];
		high[i] = fcntl(from, F_DUPFD, FIRST_DESCRIPTOR + DESCRIPTORS);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < DESCRIPTORS; i++)
		if (dup2(high[i], FIRST_DESCRIPTOR + i) < 0)
			return -errno;
	return close_range(FIRST_DESCRIPTOR + DESCRIPTORS, ~0U, 0) < 0 ? -errno : 0;
}

/* Becomes the private verb of this same binary, even if its file was replaced meanwhile: what crosses the pipes must have
 * one layout. Does not return. */
static void become_child(const struct worker *worker, const struct worker_start *start, int pipe) {
	const char *argv[ARGUMENTS] = {"hamon", worker->verb};
	for (int i = 0; start->arguments[i]; i++) {
		assert(i + 3 < ARGUMENTS);
		argv[i + 2] = start->arguments[i];
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (start->dies_with_us)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (place_descriptors(start->descriptors, pipe) == 0)
		execv("/proc/self/exe", (char *const *)argv);
	_exit(127);
}

static void wait_longer(struct worker *worker, mono_t now) {
	worker->due = now + worker->backoff;
	worker->backoff = worker->backoff * 2 < WORKER_BACKOFF_MAX ? worker->backoff * 2 : WORKER_BACKOFF_MAX;
}

int worker_spawn(struct worker *worker, const struct worker_start *start, mono_t now) {
	assert(worker->pid == 0 && worker->pipe < 0);
	int ends[2];
	int rc = pipe_open(ends);
	if (rc < 0) {
		wait_longer(worker, now);
		return rc;
	}
	pid_t pid = fork();
	if (pid == 0)
		become_child(worker, start, ends[1]);
	rc = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		wait_longer(worker, now);
		return rc;
	}
	worker->pid = pid;
	worker->pipe = ends[0];
	worker->started = now;
	worker->kill_at = MONO_FAR;
	return 0;
}

span_t worker_ended(struct worker *worker, mono_t now) {
	assert(worker->pid > 0);
	span_t lived = now - worker->started;
	close(worker->pipe);
	worker->pipe = -1;
	worker->pid = 0;
	worker->kill_at = MONO_FAR;
	if (lived >= WORKER_LIVED)
		worker->backoff = WORKER_BACKOFF;
	wait_longer(worker, now);
	return lived;
}

char *worker_end_text(int status, char *out, size_t size) {
	if (WIFSIGNALED(status))
		snprintf(out, size, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exited with status %d", WEXITSTATUS(status));
	return out;
}
