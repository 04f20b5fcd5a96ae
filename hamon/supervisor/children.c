/* The supervisor's children: starting them, and what follows when one ends or stands still. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/hooks/guard.h"
#include "hamon/log.h"
#include "hamon/pipe.h"
#include "hamon/supervisor/parts.h"

static const struct {
	const char *name, *verb;
} kinds[] = {
	[WORKER_REPORT] = {"report worker", "_report"},
	[WORKER_HOOKS] = {"hooks worker", "_hooks"},
};
static_assert(sizeof(kinds) / sizeof(kinds[0]) == WORKER__COUNT, "one row a worker");

void supervisor_children_init(struct supervisor *s) {
	worker_init(&s->monitor, "monitor", "_monitor");
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		worker_init(&s->workers[i], kinds[i].name, kinds[i].verb);
}

const char *supervisor_node_name(const struct supervisor *s) {
	return s->running.conf.nodes[s->running.conf.self].name;
}

void supervisor_tell_monitor(struct supervisor *s, enum message_type type, int descriptor) {
	if (s->monitor.pid == 0)
		return;
	int rc = pipe_send(s->monitor.pipe, &s->message, type, descriptor);
	if (rc < 0 && rc != -EPIPE) /* of its end waitpid() will tell */
		log_say(LOG_WARNING, "the monitor cannot be told %s: %s", message_name(type), strerror(-rc));
}

void supervisor_tell_configuration(struct supervisor *s, int pipe) {
	s->message.reload = (struct message_reload){.generation = s->running.generation};
	int rc = pipe_send(pipe, &s->message, MSG_RELOAD, s->running.sealed);
	if (rc < 0)
		log_say(LOG_WARNING, "the configuration cannot be handed on: %s", strerror(-rc));
}

/* ---- the start of a child ---- */

static int spawn_worker(struct supervisor *s, enum worker_kind kind, const int ends[2], mono_t now) {
	const char *const arguments[] = {"--node", supervisor_node_name(s), "--verbosity", s->verbosity, NULL};
	struct worker_start start = {.arguments = arguments, .descriptors = {ends[1], WORKER_PIPE}, .dies_with_us = true};
	struct worker *worker = &s->workers[kind];
	int rc = worker_spawn(worker, &start, now);
	if (rc < 0)
		return rc;
	supervisor_tell_configuration(s, worker->pipe);
	s->message.worker = (struct message_worker){.kind = (int32_t)kind};
	supervisor_tell_monitor(s, MSG_WORKER, ends[0]);
	return 0;
}

static void start_worker(struct supervisor *s, enum worker_kind kind, mono_t now) {
	int ends[2];
	int rc = pipe_open(ends);
	if (rc == 0) {
		rc = spawn_worker(s, kind, ends, now);
		close(ends[0]);
		close(ends[1]);
	}
	if (rc < 0)
		log_say(LOG_ERR, "the %s cannot be started: %s", kinds[kind].name, strerror(-rc));
}

/* A number for each start, and a reserve of epochs. 0, or -errno: they are not on disk, and the start must decide. */
static int next_life(struct supervisor *s, struct message_start *start) {
	memset(start, 0, sizeof(*start));
	start->epoch_mark = s->state.mark;
	int boot_rc = statedir_next_boot(&s->state, log_real_now() / SEC, &start->boot);
	int epoch_rc = boot_rc == 0 ? statedir_reserve(&s->state, start->epoch_mark + STATEDIR_EPOCHS_AHEAD) : boot_rc;
	start->reserved = s->state.mark;
	start->met = s->met;
	start->generation = s->running.generation;
	start->orders = s->orders;
	memcpy(start->key, s->key, sizeof(start->key));
	return epoch_rc;
}

static int spawn_monitor(struct supervisor *s, mono_t now) {
	const char *const arguments[] = {"--run-dir",   s->run_dir,   "--node", supervisor_node_name(s),
					 "--verbosity", s->verbosity, NULL};
	/* It holds the lock as well: a monitor that outlives us keeps a second daemon out. */
	struct worker_start start = {.arguments = arguments, .descriptors = {WORKER_PIPE, s->state.lock}};
	int rc = worker_spawn(&s->monitor, &start, now);
	if (rc < 0)
		return rc;
	statedir_monitor(&s->state, s->monitor.pid);
	supervisor_tell_monitor(s, MSG_START, s->running.sealed);
	rc = loop_add(&s->loop, s->monitor.pipe, EPOLLIN, supervisor_monitor_says, s);
	s->listening = rc == 0;
	if (rc < 0)
		s->monitor.kill_at = now;
	return rc;
}

/* 0, or -errno: a reason not to begin at all. */
static int start_monitor(struct supervisor *s, mono_t now) {
	int rc = next_life(s, &s->message.start);
	if (rc < 0) {
		log_say(s->begun ? LOG_WARNING : LOG_ERR, "%s", s->state.why);
		if (!s->begun)
			return rc;
	}
	if (s->begun)
		supervisor_make_way(s);
	s->begun = true;
	rc = spawn_monitor(s, now);
	explicit_bzero(&s->message, sizeof(s->message)); /* the key */
	if (rc < 0)
		log_say(LOG_ERR, "the monitor cannot be started: %s", strerror(-rc));
	return 0;
}

void supervisor_stop_listening(struct supervisor *s) {
	if (s->listening)
		loop_remove(&s->loop, s->monitor.pipe);
	s->listening = false;
}

/* ---- the end of a child ---- */

/* What the last change of state asks for is carried out when the daemon is to end. When it is not, the next monitor is
 * waited for, and tells the commands anew where this node stands. */
static span_t linger(const struct supervisor *s, enum worker_kind kind) {
	bool patient = s->stopping && kind == WORKER_HOOKS;
	return SUPERVISOR_LINGER + (patient ? s->running.conf.hook_timeout + GUARD_GRACE : 0);
}

static void monitor_ended(struct supervisor *s, int status, mono_t now) {
	char how[64];
	pid_t pid = s->monitor.pid;
	supervisor_silence(s);
	supervisor_hear(s); /* its last words, an operator's pause perhaps */
	supervisor_stop_listening(s);
	worker_ended(&s->monitor, now);
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		if (s->workers[i].pid > 0)
			s->workers[i].kill_at = mono_min(s->workers[i].kill_at, now + linger(s, (enum worker_kind)i));
	worker_end_text(status, how, sizeof(how));
	if ((s->stopping || s->renewing) && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_say(LOG_INFO, "the monitor ended in good order");
	else
		log_say(LOG_ERR, "the monitor, process %d, %s%s", (int)pid, how, s->stopping ? "" : "; it starts anew");
	s->renewing = false;
}

/* A worker ends with its monitor, and starts with the next one as if for the first time. By itself it ends with status 0
 * only when its pipe is at its end: the monitor is dying, which is about to be told. */
static void worker_died(struct supervisor *s, enum worker_kind kind, int status, mono_t now) {
	char how[64];
	struct worker *worker = &s->workers[kind];
	pid_t pid = worker->pid;
	worker_ended(worker, now);
	if (s->monitor.pid == 0 || s->stopping)
		worker_init(worker, kinds[kind].name, kinds[kind].verb);
	else
		log_say(status == 0 ? LOG_DEBUG : LOG_WARNING, "the %s, process %d, %s; it starts anew", worker->name,
			(int)pid, worker_end_text(status, how, sizeof(how)));
}

/* A stopped monitor renews nothing and answers nobody, and nobody knows for how long: the same as dead, but that it may
 * come back. It then finds its lease gone, and is backup. */
static void child_changed(struct supervisor *s, pid_t pid, int status) {
	mono_t now = mono_now();
	bool ended = WIFEXITED(status) || WIFSIGNALED(status);
	const char *name = NULL;
	if (pid == s->monitor.pid) {
		name = s->monitor.name;
		if (ended)
			monitor_ended(s, status, now);
		else if (WIFSTOPPED(status))
			supervisor_silence(s);
	}
	for (unsigned i = 0; i < WORKER__COUNT; i++) {
		if (pid != s->workers[i].pid)
			continue;
		name = s->workers[i].name;
		if (ended)
			worker_died(s, (enum worker_kind)i, status, now);
	}
	if (name && !ended)
		log_say(LOG_WARNING, "the %s, process %d, was %s", name, (int)pid,
			WIFSTOPPED(status) ? "stopped by a signal" : "continued");
}

void supervisor_reap(struct supervisor *s) {
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0;)
		child_changed(s, pid, status);
}

/* ---- what is due ---- */

static void kill_if_due(struct worker *worker, mono_t now) {
	if (worker->pid == 0 || now < worker->kill_at)
		return;
	log_say(LOG_WARNING, "the %s, process %d, did not end in time: killed", worker->name, (int)worker->pid);
	kill(worker->pid, SIGKILL);
	worker->kill_at = MONO_FAR;
}

static bool workers_gone(const struct supervisor *s) {
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		if (s->workers[i].pid > 0)
			return false;
	return true;
}

/* A monitor starts when the last one's workers are gone, workers when a monitor is there. */
int supervisor_tend(struct supervisor *s, mono_t now) {
	kill_if_due(&s->monitor, now);
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		kill_if_due(&s->workers[i], now);
	if (s->stopping)
		return 0;
	if (s->monitor.pid == 0 && now >= s->monitor.due && workers_gone(s)) {
		int rc = start_monitor(s, now);
		if (rc < 0)
			return rc;
	}
	for (unsigned i = 0; i < WORKER__COUNT && s->monitor.pid > 0; i++)
		if (s->workers[i].pid == 0 && now >= s->workers[i].due)
			start_worker(s, (enum worker_kind)i, now);
	return 0;
}

mono_t supervisor_due(const struct supervisor *s) {
	mono_t due = MONO_FAR;
	if (s->monitor.pid > 0)
		due = s->monitor.kill_at;
	else if (!s->stopping && workers_gone(s))
		due = s->monitor.due;
	for (unsigned i = 0; i < WORKER__COUNT; i++) {
		if (s->workers[i].pid > 0)
			due = mono_min(due, s->workers[i].kill_at);
		else if (s->monitor.pid > 0 && !s->stopping)
			due = mono_min(due, s->workers[i].due);
	}
	return due;
}

bool supervisor_childless(const struct supervisor *s) {
	return s->monitor.pid == 0 && workers_gone(s);
}
