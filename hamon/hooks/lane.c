/* One command after the other, as parts.h says: started, listened to, its end told. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hamon/hooks/parts.h"
#include "hamon/hooks/tale.h"
#include "hamon/log.h"
#include "hamon/pipe.h"
#include "hamon/process.h"

/* A command that writes without end has a deadline, too; meanwhile the others get their turn. */
enum { READ_MAX = 64 << 10, READ_ONCE = 4 << 10 };

/* ---- who is told ---- */

/* True: the monitor has it, or is too busy to take it. False: it is gone, and only the log is left. */
static bool tell_monitor(struct hooks *hooks, enum message_type type) {
	return !hooks->ending && pipe_send(PROCESS_PIPE, &hooks->message, type, -1) != -EPIPE;
}

static void tell_line(struct lane *lane, const char *line) {
	char text[NOTE_TEXT];
	struct message_said *said = &lane->hooks->message.said;
	*said = (struct message_said){.run = lane->order.run, .dropped = lane->unsaid};
	snprintf(said->text, sizeof(said->text), "%s", line);
	lane->unsaid = 0;
	if (tell_monitor(lane->hooks, MSG_SAID))
		return;
	tale_line(said, text);
	log_say(LOG_INFO, "%s", text);
}

/* How it ended is in hooks->message.ran. Nobody asks for the service's health any more once the monitor is gone. */
static void tell_end(struct hooks *hooks) {
	char text[NOTE_TEXT];
	const struct message_ran *ran = &hooks->message.ran;
	if (tell_monitor(hooks, MSG_RAN) || ran->run == RUN_HEALTH)
		return;
	tale_end(ran, text);
	log_say(tale_ended_well(ran) ? LOG_INFO : LOG_WARNING, "%s", text);
}

void lane_refuse(struct hooks *hooks, const struct message_run *order, const char *why) {
	struct message_ran *ran = &hooks->message.ran;
	*ran = (struct message_ran){.run = order->run, .id = order->id, .status = -1};
	snprintf(ran->text, sizeof(ran->text), "%s", why);
	tell_end(hooks);
}

/* ---- output ---- */

/* Health is asked for all the time, and of what it says the last line is told with each end. */
static void said(void *arg, const char *line) {
	struct lane *lane = arg;
	memcpy(lane->last, line, strlen(line) + 1);
	if (lane->order.run == RUN_HEALTH)
		return;
	if (lane->said == LANE_LINES) {
		lane->unsaid++;
		return;
	}
	lane->said++;
	tell_line(lane, line);
}

static void close_output(struct lane *lane) {
	if (lane->command.output < 0)
		return;
	loop_remove(&lane->hooks->loop, lane->command.output);
	command_close_output(&lane->command);
	lines_end(&lane->lines, said, lane);
	if (lane->unsaid == 0)
		return;
	lane->unsaid--; /* the last one is told */
	tell_line(lane, lane->last);
}

/* What is there now, and no more than a pipe holds. */
static void read_output(struct lane *lane) {
	char bytes[READ_ONCE];
	for (size_t all = 0; lane->command.output >= 0 && all < READ_MAX;) {
		ssize_t n = command_read(&lane->command, bytes, sizeof(bytes));
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			close_output(lane);
			return;
		}
		lines_feed(&lane->lines, bytes, (size_t)n, said, lane);
		all += (size_t)n;
	}
}

static void output_ready(void *arg, uint32_t events) {
	(void)events;
	read_output(arg);
}

/* ---- the end ---- */

static void tell_verdict(struct lane *lane, const struct guard_verdict *verdict) {
	struct message_ran *ran = &lane->hooks->message.ran;
	read_output(lane);
	close_output(lane); /* what it left running may write on, but not here */
	*ran = (struct message_ran){
		.run = lane->order.run,
		.id = lane->order.id,
		.status = verdict->status,
		.timed_out = verdict->timed_out,
		.took_ns = mono_now() - lane->command.started,
	};
	memcpy(ran->text, lane->last, sizeof(lane->last));
	lane->told = true;
	tell_end(lane->hooks);
}

/* After the deadline the processes still have to go: the lane is free when they have, or are not waited for any more. */
static void verdict_ready(void *arg, uint32_t events) {
	struct lane *lane = arg;
	struct guard_verdict verdict;
	int rc;
	(void)events;
	while ((rc = command_verdict(&lane->command, &verdict)) == 0)
		tell_verdict(lane, &verdict);
	if (rc == -EAGAIN)
		return;
	close_output(lane);
	if (!lane->told)
		lane_refuse(lane->hooks, &lane->order, "was lost with its guard, and what it started may still run");
	loop_remove(&lane->hooks->loop, lane->command.verdict);
	command_end(&lane->command);
	lane->busy = false;
}

/* ---- the start ---- */

/* Health has its interval; but a second is little for a process that must be started first. */
static span_t timeout_of(const struct conf *conf, enum run run) {
	if (run == RUN_FENCE)
		return conf->fence_timeout;
	return run == RUN_HEALTH ? mono_max(conf->health_interval, SEC) : conf->hook_timeout;
}

static int start(struct lane *lane, const struct message_run *order, span_t timeout) {
	struct hooks *hooks = lane->hooks;
	char input[ENVIRONMENT_INPUT];
	environment_make(&hooks->environment, &hooks->conf, order);
	environment_fence_input(input, &hooks->conf);
	struct command_ask ask = {
		.line = hooks->conf.command[order->run],
		.environment = hooks->environment.list,
		.input = order->run == RUN_FENCE ? input : NULL,
		.timeout = timeout,
	};
	int rc = command_start(&lane->command, &ask);
	if (rc < 0)
		return rc;
	lane->busy = true;
	rc = loop_add(&hooks->loop, lane->command.verdict, EPOLLIN, verdict_ready, lane);
	if (rc == 0)
		rc = loop_add(&hooks->loop, lane->command.output, EPOLLIN, output_ready, lane);
	assert(rc == 0); /* there is room for all lanes */
	return 0;
}

void lane_run(struct lane *lane, const struct message_run *order) {
	assert(!lane->busy);
	const struct conf *conf = &lane->hooks->conf;
	span_t left = order->until_ns - mono_now();
	if (!conf->command[order->run][0]) {
		lane_refuse(lane->hooks, order, "was not run: the configuration does not name one any more");
		return;
	}
	if (left <= 0) {
		lane_refuse(lane->hooks, order, "was not run: nobody waits for it any more");
		return;
	}
	lane_init(lane, lane->hooks);
	lane->order = *order;
	int rc = start(lane, order, mono_min(left, timeout_of(conf, (enum run)order->run)));
	if (rc < 0) {
		char why[LINES_TEXT];
		snprintf(why, sizeof(why), "was not run: %s", strerror(-rc));
		lane_refuse(lane->hooks, order, why);
	}
}

void lane_init(struct lane *lane, struct hooks *hooks) {
	*lane = (struct lane){.hooks = hooks, .command = {.output = -1, .verdict = -1}};
}
