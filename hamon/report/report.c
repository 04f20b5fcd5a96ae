/* The report worker's process: notes in, log lines out. What they say is sentence.c, how a line looks log.c. */
#include "hamon/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/conf/conf.h"
#include "hamon/log.h"
#include "hamon/pipe.h"
#include "hamon/privileges.h"
#include "hamon/process.h"
#include "hamon/report/sentence.h"
#include "hamon/sealed.h"

#define START_PATIENCE (5 * SEC)

struct report {
	const char *node;
	uint64_t last; /* number of the newest note; 0: none yet */
	struct sentence_names names;
};

/* 0 or -errno; the names stay as they were then. */
static int learn_names(struct report *report, int sealed) {
	char *text;
	int rc = sealed_read(sealed, &text);
	if (rc < 0)
		return rc;
	struct conf *conf = malloc(sizeof(*conf));
	struct conf_errors *errors = malloc(sizeof(*errors));
	rc = conf && errors ? conf_read(text, "configuration", report->node, conf, errors) : -ENOMEM;
	if (rc == 0)
		sentence_names(conf, &report->names);
	free(errors);
	free(conf);
	free(text);
	return rc;
}

static void write_gap(const struct report *report, const struct message_note *note) {
	char sentence[SENTENCE_MAX];
	uint64_t gap = note->number - report->last - 1;
	if (report->last == 0)
		snprintf(sentence, sizeof(sentence),
			 "the log begins with note %" PRIu64
			 ": those before it went to another report worker, or were dropped",
			 note->number);
	else
		snprintf(sentence, sizeof(sentence), "%" PRIu64 " note%s dropped: the report worker was too slow", gap,
			 gap == 1 ? " was" : "s were");
	log_line(LOG_WARNING, note->real_ns, sentence);
}

static void write_note(struct report *report, const struct message_note *note) {
	char sentence[SENTENCE_MAX];
	if (note->number != report->last + 1)
		write_gap(report, note);
	report->last = note->number;
	int priority = sentence_write(&report->names, &note->note, sentence);
	log_line(priority, note->real_ns, sentence);
}

static void take(struct report *report, const struct message *message, int descriptor) {
	if (message->type == MSG_NOTE)
		write_note(report, &message->note);
	else if (message->type == MSG_RELOAD && descriptor >= 0)
		learn_names(report, descriptor);
}

/* Takes all that is there. -EAGAIN: for now; anything else: for ever. */
static int drain(struct report *report, int fd) {
	struct message message;
	for (;;) {
		int descriptor;
		int rc = pipe_receive(fd, &message, &descriptor);
		if (rc < 0)
			return rc;
		take(report, &message, descriptor);
		if (descriptor >= 0)
			close(descriptor);
	}
}

/* Until the monitor or the supervisor is gone, and all that the monitor left is written. */
static void run(struct report *report) {
	struct pollfd pipes[] = {
		{.fd = PROCESS_PIPE, .events = POLLIN},
		{.fd = PROCESS_PIPE_2, .events = POLLIN},
	};
	int rc;
	do {
		if (poll(pipes, 2, -1) < 0 && errno != EINTR)
			return;
		int supervisor = drain(report, PROCESS_PIPE_2);
		rc = drain(report, PROCESS_PIPE);
		if (supervisor != -EAGAIN)
			return;
	} while (rc == -EAGAIN);
}

int report_main(int argc, char **argv) {
	struct process_options options;
	if (process_begin("hamon-report", argc, argv, &options) < 0)
		return 2;
	log_init(options.verbosity, true);
	int rc = privileges_worker();
	if (rc < 0) {
		log_say(LOG_ERR, "the report worker cannot give up its privileges: %s", strerror(-rc));
		return 1;
	}
	struct report report = {.node = options.node};
	struct message message;
	int sealed = -1;
	rc = process_await(PROCESS_PIPE_2, MSG_RELOAD, START_PATIENCE, &message, &sealed);
	if (rc == 0)
		rc = sealed >= 0 ? learn_names(&report, sealed) : -EPROTO;
	if (sealed >= 0)
		close(sealed);
	if (rc < 0) {
		log_say(LOG_ERR, "the report worker has no configuration: %s", strerror(-rc));
		return 1;
	}
	run(&report);
	return 0;
}
