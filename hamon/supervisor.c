/* The supervisor, as supervisor.h says. One loop: signals, the monitor's messages, and the times at which a child is to be
 * started or killed. Everything that can fail for good fails before the first monitor starts; later failures are logged. */
#include "hamon/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/auth.h"
#include "hamon/configuration.h"
#include "hamon/log.h"
#include "hamon/loop.h"
#include "hamon/notify.h"
#include "hamon/pipe.h"
#include "hamon/purge.h"
#include "hamon/reply.h"
#include "hamon/statedir.h"
#include "hamon/worker.h"

/* The monitor gives the role away and says farewell within some heartbeats; removing 1,000 addresses takes less. */
#define STOP_PATIENCE (5 * SEC)
/* So long a worker may still write what it has, once its monitor is gone. */
#define LINGER (500 * MSEC)

static const struct { const char *name, *verb; } kinds[] = {[WORKER_REPORT] = {"report worker", "_report"}};
static_assert(sizeof(kinds) / sizeof(kinds[0]) == WORKER__COUNT, "one row a worker");

struct supervisor {
	struct configuration_ask ask;
	struct configuration running;
	struct conf_errors errors; /* of the newest reading of the file */
	char conf_path[PATH_MAX], run_dir[PATH_MAX], verbosity[8];
	uint8_t key[AUTH_KEY];
	struct statedir state;
	struct statedir_addresses addresses; /* what this node may have set */
	struct message_operator operator;
	struct rtnl rtnl;
	struct loop loop;
	int signals; /* signalfd */
	struct worker monitor, workers[WORKER__COUNT];
	bool begun;     /* a monitor was started: from now on failures are logged, not final */
	bool listening; /* the monitor's pipe is in the loop */
	bool ready;     /* the service manager was told */
	bool stopping;
	struct message message; /* 17 KiB, and one at a time */
};

/* ---- silence ---- */

/* First the addresses, then the words. */
static void silence(struct supervisor *s) {
	unsigned removed;
	int rc = purge_addresses(&s->rtnl, &s->addresses, &removed);
	if (removed > 0)
		log_say(LOG_WARNING, "%u shared IP%s removed from this node's interfaces", removed,
			removed == 1 ? "" : "s");
	if (rc < 0)
		log_say(LOG_ERR, "shared IPs may still stand on this node's interfaces: %s", strerror(-rc));
}

/* ---- children ---- */

static const char *node_name(const struct supervisor *s) {
	return s->running.conf.nodes[s->running.conf.self].name;
}

static void tell_monitor(struct supervisor *s, enum message_type type, int descriptor) {
	if (s->monitor.pid == 0)
		return;
	int rc = pipe_send(s->monitor.pipe, &s->message, type, descriptor);
	if (rc < 0 && rc != -EPIPE) /* of its end waitpid() will tell */
		log_say(LOG_WARNING, "the monitor cannot be told %s: %s", message_name(type), strerror(-rc));
}

static void tell_configuration(struct supervisor *s, int pipe) {
	s->message.reload = (struct message_reload){.generation = s->running.generation};
	int rc = pipe_send(pipe, &s->message, MSG_RELOAD, s->running.sealed);
	if (rc < 0)
		log_say(LOG_WARNING, "the configuration cannot be handed on: %s", strerror(-rc));
}

static int spawn_worker(struct supervisor *s, enum worker_kind kind, const int ends[2], mono_t now) {
	const char *const arguments[] = {"--node", node_name(s), "--verbosity", s->verbosity, NULL};
	struct worker_start start = {.arguments = arguments, .descriptors = {ends[1], WORKER_PIPE}, .dies_with_us = true};
	struct worker *worker = &s->workers[kind];
	int rc = worker_spawn(worker, &start, now);
	if (rc < 0)
		return rc;
	tell_configuration(s, worker->pipe);
	s->message.worker = (struct message_worker){.kind = (int32_t)kind};
	tell_monitor(s, MSG_WORKER, ends[0]);
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
	start->generation = s->running.generation;
	start->operator= s->operator;
	memcpy(start->key, s->key, sizeof(start->key));
	return epoch_rc;
}

static loop_fn monitor_says;
static int hear_monitor(struct supervisor *s);

static int spawn_monitor(struct supervisor *s, mono_t now) {
	const char *const arguments[] = {"--run-dir",   s->run_dir,   "--node", node_name(s),
					 "--verbosity", s->verbosity, NULL};
	/* It holds the lock as well: a monitor that outlives us keeps a second daemon out. */
	struct worker_start start = {.arguments = arguments, .descriptors = {WORKER_PIPE, s->state.lock}};
	int rc = worker_spawn(&s->monitor, &start, now);
	if (rc < 0)
		return rc;
	statedir_monitor(&s->state, s->monitor.pid);
	tell_monitor(s, MSG_START, s->running.sealed);
	rc = loop_add(&s->loop, s->monitor.pipe, EPOLLIN, monitor_says, s);
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
	s->begun = true;
	rc = spawn_monitor(s, now);
	explicit_bzero(&s->message, sizeof(s->message)); /* the key */
	if (rc < 0)
		log_say(LOG_ERR, "the monitor cannot be started: %s", strerror(-rc));
	return 0;
}

static void stop_listening(struct supervisor *s) {
	if (s->listening)
		loop_remove(&s->loop, s->monitor.pipe);
	s->listening = false;
}

static void monitor_ended(struct supervisor *s, int status, mono_t now) {
	char how[64];
	pid_t pid = s->monitor.pid;
	silence(s);
	hear_monitor(s); /* its last words, an operator's pause perhaps */
	stop_listening(s);
	worker_ended(&s->monitor, now);
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		if (s->workers[i].pid > 0)
			s->workers[i].kill_at = now + LINGER;
	worker_end_text(status, how, sizeof(how));
	if (s->stopping && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_say(LOG_INFO, "the monitor ended in good order");
	else
		log_say(LOG_ERR, "the monitor, process %d, %s%s", (int)pid, how, s->stopping ? "" : "; it starts anew");
}

/* A worker ends with its monitor, and starts with the next one as if for the first time. By itself it ends with status 0 only
 * when its pipe is at its end: the monitor is dying, which is about to be told. */
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

/* A stopped monitor renews nothing and answers nobody, and nobody knows for how long: the same as dead, but that it may come
 * back. It then restores its addresses, if its lease still stands. */
static void child_changed(struct supervisor *s, pid_t pid, int status) {
	mono_t now = mono_now();
	bool ended = WIFEXITED(status) || WIFSIGNALED(status);
	const char *name = NULL;
	if (pid == s->monitor.pid) {
		name = s->monitor.name;
		if (ended)
			monitor_ended(s, status, now);
		else if (WIFSTOPPED(status))
			silence(s);
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

static void reap(struct supervisor *s) {
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0;)
		child_changed(s, pid, status);
}

/* ---- reload ---- */

/* What fits of the errors, whole lines. */
static void write_errors(const struct conf_errors *errors, char *out, size_t size) {
	size_t n = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < errors->n && n + strlen(errors->text[i]) + 2 <= size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s\n", errors->text[i]);
}

static void reload_failed(struct supervisor *s, bool asked) {
	for (unsigned i = 0; i < s->errors.n; i++)
		log_say(LOG_ERR, "%s", s->errors.text[i]);
	log_say(LOG_ERR, "the configuration was not reloaded, the running one stays");
	if (!asked)
		return;
	s->message.reload = (struct message_reload){.generation = s->running.generation, .error = EINVAL};
	write_errors(&s->errors, s->message.reload.text, sizeof(s->message.reload.text));
	tell_monitor(s, MSG_RELOAD_FAILED, -1);
}

/* Before the monitor may set an address, it is on record. 0 or -errno. */
static int record_addresses(struct supervisor *s, const struct conf *conf) {
	int rc = statedir_merge_addresses(&s->addresses, conf);
	if (rc < 0)
		conf_complain(&s->errors, s->ask.path, 0, "too many different shared IPs since the start: restart hamon");
	else if ((rc = statedir_write_addresses(&s->state, &s->addresses)) < 0)
		conf_complain(&s->errors, s->state.why, 0, "the shared IPs must be on record first");
	return rc;
}

static void reload(struct supervisor *s, bool asked) {
	if (s->stopping)
		return;
	struct configuration *next = malloc(sizeof(*next));
	int rc = next ? configuration_read(&s->ask, &s->running, next, &s->errors) : -ENOMEM;
	if (rc == 0 && (rc = record_addresses(s, &next->conf)) < 0)
		close(next->sealed);
	if (rc == 0) {
		configuration_adopt(&s->running, next);
		log_say(LOG_NOTICE, "configuration %" PRIu64 " read from %s", s->running.generation, s->ask.path);
		s->message.reload = (struct message_reload){.generation = s->running.generation};
		tell_monitor(s, MSG_RELOAD, s->running.sealed);
		for (unsigned i = 0; i < WORKER__COUNT; i++)
			if (s->workers[i].pid > 0)
				tell_configuration(s, s->workers[i].pipe);
	} else {
		reload_failed(s, asked);
	}
	free(next);
}

static void log_reloaded(const struct message_reload *reload) {
	const char *line = reload->text;
	if (reload->error)
		log_say(LOG_ERR, "the monitor could not take configuration %" PRIu64 ": %s", reload->generation,
			strerror(reload->error));
	for (size_t n; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		log_say(LOG_WARNING, "reload: %.*s", (int)n, line);
	}
}

/* ---- what the monitor says ---- */

static void reserve(struct supervisor *s, uint64_t epoch) {
	int rc = statedir_reserve(&s->state, epoch);
	if (rc < 0)
		log_say(LOG_WARNING, "%s", s->state.why);
	s->message.epochs = (struct message_epochs){.error = -rc, .epoch = s->state.mark};
	tell_monitor(s, MSG_RESERVED, -1);
}

static void keep_operator(struct supervisor *s) {
	s->operator= s->message.operator;
	if (statedir_write_operator(&s->state, &s->operator) < 0)
		log_say(LOG_WARNING, "%s", s->state.why);
}

static void serving(struct supervisor *s) {
	log_say(LOG_INFO, "the monitor, process %d, is ready", (int)s->monitor.pid);
	int rc = s->ready ? 0 : notify_send("READY=1");
	s->ready = true;
	if (rc < 0)
		log_say(LOG_WARNING, "the service manager cannot be told: %s", strerror(-rc));
}

/* The message is in s->message, which the answer overwrites. Returns false for what a monitor never says. */
static bool answer_monitor(struct supervisor *s) {
	switch ((enum message_type)s->message.type) {
	case MSG_READY:
		serving(s);
		return true;
	case MSG_RESERVE:
		reserve(s, s->message.epochs.epoch);
		return true;
	case MSG_OPERATOR:
		keep_operator(s);
		return true;
	case MSG_ASK_RELOAD:
		reload(s, true);
		return true;
	case MSG_RELOADED:
		log_reloaded(&s->message.reload);
		return true;
	case MSG_START:
	case MSG_RESERVED:
	case MSG_RELOAD:
	case MSG_WORKER:
	case MSG_STOP:
	case MSG_RELOAD_FAILED:
	case MSG_NOTE:
	case MSG__COUNT:
		break;
	}
	return false;
}

/* All that is there. -EAGAIN: for now; -EPIPE: for ever; -EPROTO, or another -errno: it is not what we started. */
static int hear_monitor(struct supervisor *s) {
	for (;;) {
		int descriptor;
		int rc = pipe_receive(s->monitor.pipe, &s->message, &descriptor);
		if (rc < 0)
			return rc;
		if (descriptor >= 0)
			close(descriptor);
		if (!answer_monitor(s))
			return -EPROTO;
	}
}

static void monitor_says(void *arg, uint32_t events) {
	struct supervisor *s = arg;
	(void)events;
	if (hear_monitor(s) == -EAGAIN)
		return;
	/* It is ending, which waitpid() will tell. It gets the time to do so, and no more. */
	stop_listening(s);
	s->monitor.kill_at = mono_min(s->monitor.kill_at, mono_now() + (s->stopping ? STOP_PATIENCE : LINGER));
}

/* ---- signals, and the loop ---- */

static void stop(struct supervisor *s) {
	mono_t now = mono_now();
	if (s->stopping) {
		log_say(LOG_WARNING, "told to stop once more: the monitor is not waited for");
		s->monitor.kill_at = now;
		return;
	}
	s->stopping = true;
	notify_send("STOPPING=1");
	log_say(LOG_NOTICE, "told to stop");
	tell_monitor(s, MSG_STOP, -1);
	s->monitor.kill_at = now + STOP_PATIENCE;
}

static void signalled(void *arg, uint32_t events) {
	struct supervisor *s = arg;
	struct signalfd_siginfo signal;
	(void)events;
	while (read(s->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGCHLD)
			reap(s);
		else if (signal.ssi_signo == SIGHUP)
			reload(s, false);
		else
			stop(s);
	}
}

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

/* Starts and kills what is due. A monitor starts when the last one's workers are gone, workers when a monitor is there. 0, or
 * -errno: a reason not to begin at all. */
static int tend(struct supervisor *s, mono_t now) {
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

/* When a child is to be started or killed; what waits for a child's end needs no time. */
static mono_t next_due(const struct supervisor *s) {
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

static int run(struct supervisor *s) {
	int rc = tend(s, mono_now());
	while (rc == 0 && !(s->stopping && s->monitor.pid == 0 && workers_gone(s))) {
		loop_wait(&s->loop, next_due(s));
		loop_dispatch(&s->loop);
		rc = tend(s, mono_now());
	}
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

/* ---- the start ---- */

static int refuse(enum exit_code code, const char *why) {
	log_say(LOG_ERR, "%s", why);
	return code;
}

/* The file, and the key that it names: nothing is touched. */
static int read_configuration(struct supervisor *s, const struct run_options *options) {
	if (options->conf_path || !options->cluster)
		snprintf(s->conf_path, sizeof(s->conf_path), "%s",
			 options->conf_path ? options->conf_path : "/etc/hamon/hamon.conf");
	else
		snprintf(s->conf_path, sizeof(s->conf_path), "/etc/hamon/%s.conf", options->cluster);
	s->ask = (struct configuration_ask){s->conf_path, options->node, options->cluster};
	struct configuration *next = malloc(sizeof(*next));
	int rc = next ? configuration_read(&s->ask, NULL, next, &s->errors) : -ENOMEM;
	if (rc == 0) {
		configuration_adopt(&s->running, next);
		const char *psk = s->running.conf.psk_file;
		int key = geteuid() == 0 ? auth_key_load(psk, s->key) : 0;
		if (key < 0)
			conf_complain(&s->errors, psk, 0, "%s", auth_key_reason(key));
	}
	free(next);
	conf_errors_print(&s->errors, stderr);
	if (rc < 0 || s->errors.n > 0)
		return EXIT_USAGE;
	if (geteuid() != 0)
		return refuse(EXIT_NOT_PERMITTED, "only root may run the daemon");
	for (unsigned i = 0; i < s->errors.warnings_n; i++)
		log_say(LOG_WARNING, "%s", s->errors.warnings[i]);
	return EXIT_OK;
}

static int open_state(struct supervisor *s, const struct run_options *options) {
	char path[PATH_MAX];
	if (options->state_dir)
		snprintf(path, sizeof(path), "%s", options->state_dir);
	else
		snprintf(path, sizeof(path), "/var/lib/hamon/%s", s->running.conf.cluster);
	int rc = statedir_open(&s->state, path);
	if (rc == 0)
		rc = statedir_read_operator(&s->state, &s->operator);
	if (rc == 0)
		rc = statedir_read_addresses(&s->state, &s->addresses);
	return rc < 0 ? refuse(EXIT_FAILED, s->state.why) : EXIT_OK;
}

/* Records what will be served, then removes it and what an older configuration left. */
static int clear_leftovers(struct supervisor *s) {
	unsigned removed;
	int rc = rtnl_init(&s->rtnl);
	if (rc < 0)
		return refuse(EXIT_FAILED, "the kernel cannot be asked about addresses");
	if (statedir_merge_addresses(&s->addresses, &s->running.conf) < 0)
		return refuse(EXIT_FAILED, "too many addresses are on record in the state directory");
	if (statedir_write_addresses(&s->state, &s->addresses) < 0)
		return refuse(EXIT_FAILED, s->state.why);
	rc = purge_addresses(&s->rtnl, &s->addresses, &removed);
	if (removed > 0)
		log_say(LOG_WARNING, "%u shared IP%s left by an earlier run removed", removed, removed == 1 ? "" : "s");
	if (rc < 0) {
		log_say(LOG_ERR, "shared IPs left by an earlier run cannot be removed: %s", strerror(-rc));
		return EXIT_FAILED;
	}
	/* What is gone for sure need not be remembered. */
	s->addresses.n = 0;
	rc = statedir_merge_addresses(&s->addresses, &s->running.conf);
	assert(rc == 0);
	return statedir_write_addresses(&s->state, &s->addresses) < 0 ? refuse(EXIT_FAILED, s->state.why) : EXIT_OK;
}

static int make_run_dir(struct supervisor *s, const struct run_options *options) {
	if (options->run_dir)
		snprintf(s->run_dir, sizeof(s->run_dir), "%s", options->run_dir);
	else
		snprintf(s->run_dir, sizeof(s->run_dir), "/run/hamon/%s", s->running.conf.cluster);
	int rc = statedir_make(s->run_dir, 0755);
	if (rc < 0) {
		log_say(LOG_ERR, "%s cannot be made: %s", s->run_dir, strerror(-rc));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

/* Stops and continuations of the children are told as well: signalfd(2) is told whatever SIGCHLD is sent for. */
static int listen_to_signals(struct supervisor *s) {
	static const int heard[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		signal(heard[i], SIG_DFL); /* whoever started us may have had it ignored: it would never come */
		sigaddset(&set, heard[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTSTP, SIG_IGN); /* a terminal must not stop the one who silences this node */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	int rc = loop_init(&s->loop);
	return rc < 0 ? rc : loop_add(&s->loop, s->signals, EPOLLIN, signalled, s);
}

static int supervise(struct supervisor *s, const struct run_options *options) {
	int status = read_configuration(s, options);
	if (status == EXIT_OK)
		status = open_state(s, options);
	if (status == EXIT_OK)
		status = make_run_dir(s, options);
	if (status == EXIT_OK)
		status = clear_leftovers(s);
	if (status != EXIT_OK)
		return status;
	int rc = listen_to_signals(s);
	if (rc < 0)
		return refuse(EXIT_FAILED, "no signals can be received");
	snprintf(s->verbosity, sizeof(s->verbosity), "%d", options->verbosity);
	worker_init(&s->monitor, "monitor", "_monitor");
	for (unsigned i = 0; i < WORKER__COUNT; i++)
		worker_init(&s->workers[i], kinds[i].name, kinds[i].verb);
	log_say(LOG_NOTICE, "node %s of cluster %s, version %s", node_name(s), s->running.conf.cluster, HAMON_VERSION);
	return run(s);
}

int supervisor_main(const struct run_options *options) {
	log_init(options->verbosity, false);
	umask(022);
	struct supervisor *s = calloc(1, sizeof(*s));
	int status = s ? supervise(s, options) : refuse(EXIT_FAILED, strerror(ENOMEM));
	if (s)
		explicit_bzero(s->key, sizeof(s->key));
	free(s);
	return status;
}
