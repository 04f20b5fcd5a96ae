/* The supervisor, as supervisor.h says. One loop: signals, the monitor's messages, and the times at which a child is to be
 * started or killed. Everything that can fail for good fails before the first monitor starts; later failures are logged. */
#include "hamon/supervisor/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/log.h"
#include "hamon/pipe.h"
#include "hamon/supervisor/notify.h"
#include "hamon/supervisor/parts.h"

/* ---- what the monitor says ---- */

static void reserve(struct supervisor *s, uint64_t epoch) {
	int rc = statedir_reserve(&s->state, epoch);
	if (rc < 0 && rc != s->reserve_error)
		log_say(LOG_WARNING, "%s", s->state.why);
	s->reserve_error = rc;
	s->message.epochs = (struct message_epochs){.error = -rc, .epoch = s->state.mark};
	supervisor_tell_monitor(s, MSG_RESERVED, -1);
}

static void keep_operator(struct supervisor *s) {
	s->orders = s->message.orders;
	if (statedir_write_operator(&s->state, &s->orders) < 0)
		log_say(LOG_WARNING, "%s", s->state.why);
}

static void serving(struct supervisor *s) {
	log_say(LOG_INFO, "the monitor, process %d, is ready", (int)s->monitor.pid);
	int rc = s->ready ? 0 : notify_send("READY=1");
	s->ready = true;
	if (rc < 0)
		log_say(LOG_WARNING, "the service manager cannot be told: %s", strerror(-rc));
}

/* The peer knows a later boot number of this node than the one it has: that was lost. Written or not, the next one is
 * later. */
static void raise_boot(struct supervisor *s, uint64_t above) {
	if (s->renewing || s->stopping)
		return;
	int rc = statedir_raise_boot(&s->state, above);
	if (rc < 0)
		log_say(LOG_WARNING, "%s", s->state.why);
	if (rc == -ERANGE)
		return;
	log_say(LOG_WARNING,
		"this node's boot number was lost: the peer knows %" PRIu64 "; the monitor starts anew with a later one",
		above);
	s->renewing = true;
	supervisor_tell_monitor(s, MSG_STOP, -1);
	s->monitor.kill_at = mono_now() + SUPERVISOR_PATIENCE;
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
		supervisor_reload(s, true);
		return true;
	case MSG_RELOADED:
		supervisor_reloaded(&s->message.reload);
		return true;
	case MSG_RAISE_BOOT:
		raise_boot(s, s->message.epochs.epoch);
		return true;
	case MSG_MET:
		s->met = true;
		return true;
	case MSG_START:
	case MSG_RESERVED:
	case MSG_RELOAD:
	case MSG_WORKER:
	case MSG_STOP:
	case MSG_RELOAD_FAILED:
	case MSG_NOTE:
	case MSG_RUN:
	case MSG_RAN:
	case MSG_SAID:
	case MSG__COUNT:
		break;
	}
	return false;
}

int supervisor_hear(struct supervisor *s) {
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

void supervisor_monitor_says(void *arg, uint32_t events) {
	struct supervisor *s = arg;
	(void)events;
	if (supervisor_hear(s) == -EAGAIN)
		return;
	/* It is ending, which waitpid() will tell. It gets the time to do so, and no more. */
	supervisor_stop_listening(s);
	s->monitor.kill_at =
		mono_min(s->monitor.kill_at, mono_now() + (s->stopping ? SUPERVISOR_PATIENCE : SUPERVISOR_LINGER));
}

/* ---- signals, and the loop ---- */

static void stop(struct supervisor *s) {
	mono_t now = mono_now();
	if (s->stopping) {
		log_say(LOG_WARNING, "told to stop once more: nobody is waited for");
		s->monitor.kill_at = now;
		for (unsigned i = 0; i < WORKER__COUNT; i++)
			s->workers[i].kill_at = now;
		return;
	}
	s->stopping = true;
	notify_send("STOPPING=1");
	log_say(LOG_NOTICE, "told to stop");
	supervisor_tell_monitor(s, MSG_STOP, -1);
	s->monitor.kill_at = now + SUPERVISOR_PATIENCE;
}

static void signalled(void *arg, uint32_t events) {
	struct supervisor *s = arg;
	struct signalfd_siginfo signal;
	(void)events;
	while (read(s->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGCHLD)
			supervisor_reap(s);
		else if (signal.ssi_signo == SIGHUP)
			supervisor_reload(s, false);
		else
			stop(s);
	}
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

static int run(struct supervisor *s) {
	int rc = supervisor_tend(s, mono_now());
	while (rc == 0 && !(s->stopping && supervisor_childless(s))) {
		loop_wait(&s->loop, supervisor_due(s));
		loop_dispatch(&s->loop);
		rc = supervisor_tend(s, mono_now());
	}
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

static int supervise(struct supervisor *s, const struct run_options *options) {
	int status = supervisor_prepare(s, options);
	if (status != EXIT_OK)
		return status;
	int rc = listen_to_signals(s);
	if (rc < 0)
		return supervisor_refuse(EXIT_FAILED, "no signals can be received");
	snprintf(s->verbosity, sizeof(s->verbosity), "%d", options->verbosity);
	supervisor_children_init(s);
	log_say(LOG_NOTICE, "node %s of cluster %s, version %s", supervisor_node_name(s), s->running.conf.cluster,
		HAMON_VERSION);
	status = run(s);
	supervisor_leave(s);
	return status;
}

int supervisor_main(const struct run_options *options) {
	log_init(options->verbosity, false);
	umask(022);
	struct supervisor *s = calloc(1, sizeof(*s));
	int status = s ? supervise(s, options) : supervisor_refuse(EXIT_FAILED, strerror(ENOMEM));
	if (s) {
		explicit_bzero(s->key, sizeof(s->key));
		if (s->lease)
			lease_close(s->lease);
	}
	free(s);
	return status;
}
