/* The guard of one command, as guard.h says. It waits by signals that it keeps blocked, and allocates nothing. */
#include "hamon/hooks/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/loop.h"

enum { FIRST_FREE = 3, NOT_STARTED = 127 };

/* ---- the command's process ---- */

/* What the worker ignores, because its supervisor says when it is time to end, or whoever started the daemon, is the
 * command's own business. */
static void default_signals(void) {
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* not those that nobody may change */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A session of its own: no terminal, and a process group that bears its process id. */
static void become_command(const struct guard_ask *ask, pid_t guard) {
	static const char *const shell[] = {"/bin/sh", "-c", NULL, NULL};
	const char *argv[sizeof(shell) / sizeof(shell[0])] = {shell[0], shell[1], ask->line};
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != guard || setsid() < 0)
		_exit(NOT_STARTED);
	default_signals();
	if (dup2(ask->input, STDIN_FILENO) >= 0 && dup2(ask->output, STDOUT_FILENO) >= 0 &&
	    dup2(ask->output, STDERR_FILENO) >= 0 && close_range(FIRST_FREE, ~0U, 0) == 0 && chdir("/") == 0)
		execve(shell[0], (char *const *)argv, ask->environment);
	_exit(NOT_STARTED);
}

/* ---- the guard ---- */

enum awaited { COMMAND_ENDED, DEADLINE_CAME, WORKER_GONE };

/* The command is not reaped here: as long as it is not, its number is nobody else's. What it left to us is. */
static enum awaited await(pid_t command, mono_t until) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	for (;;) {
		siginfo_t ended = {0};
		if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || ended.si_pid == command)
			return COMMAND_ENDED;
		span_t left = until - mono_now();
		if (left <= 0)
			return DEADLINE_CAME;
		if (ended.si_pid > 0) {
			waitpid(ended.si_pid, NULL, 0);
			continue;
		}
		struct timespec patience = {.tv_sec = left / SEC, .tv_nsec = left % SEC};
		if (sigtimedwait(&set, NULL, &patience) == SIGTERM)
			return WORKER_GONE;
	}
}

static void tell(const struct guard_ask *ask, int status, bool timed_out) {
	struct guard_verdict verdict = {.status = status, .timed_out = timed_out};
	ssize_t written = write(ask->verdict, &verdict, sizeof(verdict));
	(void)written; /* a worker that is gone hears nothing, and the command ends with it */
}

/* Does /proc count processes as we do? It may be that of another PID namespace. */
static bool proc_is_ours(void) {
	char link[16] = "";
	return readlink("/proc/self", link, sizeof(link) - 1) > 0 && strtol(link, NULL, 10) == getpid();
}

/* All that is our child now (proc_pid_children(5)), or the first some hundreds of them. Where the kernel does not
 * list them, the command's group is all that is killed. */
static void kill_children(void) {
	char list[4096];
	int fd = proc_is_ours() ? open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	ssize_t n = read(fd, list, sizeof(list));
	close(fd);
	pid_t child = 0; /* one that is cut off at the end has its turn once others have ended */
	for (ssize_t i = 0; i < n; i++) {
		if (list[i] != ' ') {
			child = child * 10 + (list[i] - '0');
			continue;
		}
		kill(child, SIGKILL);
		child = 0;
	}
}

/* What left the group (timeout(1), setsid(2)) becomes our child when its parent ends: each end is looked behind. What then
 * does not end waits in the kernel, for a dead disk perhaps. It runs no more when it comes back, so nobody waits for it; nor,
 * for ever, for what bears children faster than they are killed. */
static void end_all(void) {
	static const struct timespec grace = {.tv_sec = GUARD_GRACE / SEC, .tv_nsec = GUARD_GRACE % SEC};
	mono_t patience = mono_now() + 10 * GUARD_GRACE;
	sigset_t ends;
	pid_t ended;
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	do {
		kill_children();
		ended = waitpid(-1, NULL, WNOHANG);
	} while (mono_now() < patience &&
		 (ended > 0 || (ended == 0 && (sigtimedwait(&ends, NULL, &grace) > 0 || errno == EINTR))));
}

static void watch(const struct guard_ask *ask, pid_t command) {
	int status = -1;
	enum awaited awaited = await(command, mono_now() + ask->timeout);
	if (awaited == COMMAND_ENDED) {
		waitpid(command, &status, 0);
		tell(ask, status, false);
		return; /* what it left running on purpose is its own */
	}
	if (awaited == DEADLINE_CAME) {
		tell(ask, -1, true);
		kill(-command, SIGTERM);
		await(command, mono_now() + GUARD_GRACE);
	}
	kill(command, SIGKILL); /* which may not have made its group yet */
	kill(-command, SIGKILL);
	end_all();
}

/* SIGTERM is the kernel's word that the worker died. Blocked signals wait, even those that were ignored before. */
static void listen(const struct guard_ask *ask) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_NAME, "hamon-command", 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != ask->worker)
		_exit(NOT_STARTED);
}

/* What is not the guard's, it must not hold open: the ends of the worker's pipes would seem to be still in use. */
static int keep_only(struct guard_ask *ask) {
	int *const kept[] = {&ask->input, &ask->output, &ask->verdict};
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };
	int high[KEPT];
	for (int i = 0; i < KEPT; i++)
		if ((high[i] = fcntl(*kept[i], F_DUPFD, FIRST_FREE + KEPT)) < 0)
			return -1;
	for (int i = 0; i < KEPT; i++)
		if ((*kept[i] = dup2(high[i], FIRST_FREE + i)) < 0)
			return -1;
	return close_range(FIRST_FREE + KEPT, ~0U, 0);
}

void guard_run(const struct guard_ask *asked) {
	struct guard_ask ask = *asked;
	listen(&ask);
	if (keep_only(&ask) < 0)
		_exit(NOT_STARTED);
	pid_t guard = getpid(), command = fork();
	if (command == 0)
		become_command(&ask, guard);
	if (command < 0) {
		tell(&ask, NOT_STARTED << 8, false);
		_exit(NOT_STARTED);
	}
	close(ask.input);
	close(ask.output);
	watch(&ask, command);
	_exit(0);
}
