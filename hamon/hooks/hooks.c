/* The hooks worker's process: orders in, commands run, lines and ends out. What a command's course is, lane.c; how the log
 * tells of it, tale.c. */
#include "hamon/hooks/hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/hooks/parts.h"
#include "hamon/log.h"
#include "hamon/pipe.h"
#include "hamon/process.h"
#include "hamon/sealed.h"

#define START_PATIENCE (5 * SEC)

/* ---- the configuration ---- */

/* The monitor refuses a configuration of another pair while it runs, and so do we: both mean the same one always. */
static bool other_pair(const struct hooks *hooks, const struct conf *next) {
	const struct conf *conf = &hooks->conf;
	if (hooks->generation == 0)
		return false;
	return strcmp(conf->cluster, next->cluster) != 0 ||
	       strcmp(conf->nodes[!conf->self].name, next->nodes[!next->self].name) != 0 || conf->self != next->self;
}

/* 0 or -errno: the one that is there stays. */
static int read_configuration(struct hooks *hooks, uint64_t generation, int sealed) {
	char *text;
	int rc = sealed < 0 ? -EPROTO : sealed_read(sealed, &text);
	if (rc < 0)
		return rc;
	struct conf *next = malloc(sizeof(*next));
	rc = next ? conf_read(text, "configuration", hooks->node, next, &hooks->errors) : -ENOMEM;
	if (rc == 0 && other_pair(hooks, next))
		rc = -EXDEV;
	if (rc == 0) {
		hooks->conf = *next;
		hooks->generation = generation;
		hooks->health_due = mono_now();
	}
	free(next);
	free(text);
	return rc;
}

/* Takes all that is there. */
static void hear_supervisor(struct hooks *hooks) {
	int descriptor, rc;
	while ((rc = pipe_receive(PROCESS_PIPE_2, &hooks->message, &descriptor)) == 0) {
		if (hooks->message.type == MSG_RELOAD)
			read_configuration(hooks, hooks->message.reload.generation, descriptor);
		if (descriptor >= 0)
			close(descriptor);
	}
	hooks->gone = hooks->gone || rc != -EAGAIN;
}

static void supervisor_says(void *arg, uint32_t events) {
	(void)events;
	hear_supervisor(arg);
}

/* ---- orders ---- */

/* Both pipes are filled by others: a newer configuration than ours is there by the time its monitor means it. An older one
 * is what the monitor decided by; that this node changed its state is so by any configuration. */
static bool other_configuration(struct hooks *hooks, const struct message_run *order) {
	if (order->generation > hooks->generation)
		hear_supervisor(hooks);
	if (order->id == 0) /* a change of state, or a fence that is taken back */
		return false;
	return order->generation != hooks->generation && (order->run == RUN_FENCE || order->run == RUN_BEFORE_PRIMARY);
}

/* The newest is the one that is waited for: the silence that an older one was meant for is over. */
static void take_fence(struct hooks *hooks, const struct message_run *order) {
	if (hooks->fence.id)
		lane_refuse(hooks, &hooks->fence, "was not run: nobody waits for it any more");
	hooks->fence = *order;
}

static void take_order(struct hooks *hooks, const struct message_run *order) {
	struct message_run dropped;
	if (other_configuration(hooks, order))
		lane_refuse(hooks, order, "was not run: the configuration is another one meanwhile");
	else if (order->run == RUN_FENCE)
		take_fence(hooks, order);
	else if (queue_push(&hooks->queue, order, &dropped))
		lane_refuse(hooks, &dropped, "was not run: too many others wait behind it");
}

/* Takes all that is there; at the end of the pipe the monitor is gone. */
static void monitor_says(void *arg, uint32_t events) {
	struct hooks *hooks = arg;
	int descriptor, rc;
	(void)events;
	while ((rc = pipe_receive(PROCESS_PIPE, &hooks->message, &descriptor)) == 0) {
		struct message_run order = hooks->message.run;
		if (descriptor >= 0)
			close(descriptor);
		if (hooks->message.type == MSG_RUN && order.run != RUN_HEALTH)
			take_order(hooks, &order);
	}
	if (rc == -EAGAIN)
		return;
	loop_remove(&hooks->loop, PROCESS_PIPE);
	hooks->ending = true;
}

/* ---- whose turn it is ---- */

static void run_next(struct hooks *hooks) {
	struct message_run order;
	while (!hooks->lanes[LANE_STATES].busy && queue_take(&hooks->queue, &order))
		lane_run(&hooks->lanes[LANE_STATES], &order);
	if (hooks->lanes[LANE_FENCE].busy || !hooks->fence.id)
		return;
	order = hooks->fence;
	hooks->fence.id = 0;
	if (hooks->ending)
		lane_refuse(hooks, &order, "was not run: nobody waits for it any more");
	else if (other_configuration(hooks, &order))
		lane_refuse(hooks, &order, "was not run: the configuration is another one meanwhile");
	else
		lane_run(&hooks->lanes[LANE_FENCE], &order);
}

/* When the service is asked next: an interval after it was asked last, and not before that ended. */
static mono_t health_due(const struct hooks *hooks) {
	bool idle = !hooks->ending && hooks->conf.command[RUN_HEALTH][0] && !hooks->lanes[LANE_HEALTH].busy;
	return idle ? hooks->health_due : MONO_FAR;
}

static void ask_health(struct hooks *hooks) {
	static const struct message_run order = {.run = RUN_HEALTH, .until_ns = MONO_FAR};
	if (mono_now() < health_due(hooks))
		return;
	hooks->health_due = mono_now() + hooks->conf.health_interval;
	lane_run(&hooks->lanes[LANE_HEALTH], &order);
}

/* Until the supervisor is gone; or the monitor, and all that it ordered of this node's own is done. What still runs then
 * ends with us: its guard sees to that. */
static void run(struct hooks *hooks) {
	while (!hooks->gone && !(hooks->ending && hooks->queue.n == 0 && !hooks->lanes[LANE_STATES].busy)) {
		loop_wait(&hooks->loop, health_due(hooks));
		loop_dispatch(&hooks->loop);
		run_next(hooks);
		ask_health(hooks);
	}
}

/* ---- the start ---- */

static int begin(struct hooks *hooks) {
	struct message *message = &hooks->message;
	int sealed = -1;
	int rc = process_await(PROCESS_PIPE_2, MSG_RELOAD, START_PATIENCE, message, &sealed);
	if (rc == 0)
		rc = read_configuration(hooks, message->reload.generation, sealed);
	if (sealed >= 0)
		close(sealed);
	if (rc == 0)
		rc = loop_init(&hooks->loop);
	if (rc == 0)
		rc = loop_add(&hooks->loop, PROCESS_PIPE_2, EPOLLIN, supervisor_says, hooks);
	if (rc == 0)
		rc = loop_add(&hooks->loop, PROCESS_PIPE, EPOLLIN, monitor_says, hooks);
	for (unsigned i = 0; i < LANE__COUNT; i++)
		lane_init(&hooks->lanes[i], hooks);
	return rc;
}

/* Root's, with all that root may do: what the operator's commands need is not known here. */
int hooks_main(int argc, char **argv) {
	static struct hooks hooks; /* large, and one a process */
	struct process_options options;
	if (process_begin("hamon-hooks", argc, argv, &options) < 0)
		return 2;
	log_init(options.verbosity, true);
	umask(022);
	hooks.node = options.node;
	int rc = begin(&hooks);
	if (rc < 0) {
		log_say(LOG_ERR, "the hooks worker has no configuration: %s", strerror(-rc));
		return 1;
	}
	run(&hooks);
	return 0;
}
