/* The configuration's commands, as far as the monitor has to do with them: orders to the hooks worker, what it answers, and
 * the deadlines that hold without an answer. Orders wait for a worker in a ring of their own; nothing else waits for
 * one. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hamon/hooks/tale.h"
#include "hamon/node/parts.h"
#include "hamon/pipe.h"

/* Beyond the command's own deadline, which the worker keeps. */
static const span_t answer_spare = SEC;

/* So much of what the worker says is listened to in one wake. */
enum { HEARD_AT_ONCE = 16 };

void node_hooks_init(struct node *node) {
	node->hooks = (struct node_hooks){.fd = -1, .shown = RUN__COUNT, .fence.until = MONO_FAR, .gate.until = MONO_FAR};
}

/* ---- answers to the core ---- */

static struct node_awaited *awaited(struct node *node, int32_t run) {
	return run == RUN_FENCE ? &node->hooks.fence : &node->hooks.gate;
}

static void answer(struct node *node, enum run run, bool ok) {
	struct node_awaited *asked = awaited(node, run);
	struct event event = {.type = EV_RAN, .ran = {.run = run, .id = asked->id, .ok = ok}};

	asked->until = MONO_FAR;
	node_event(node, &event);
}

/* It failed for want of a worker. */
static void give_up(struct node *node, enum run run, const char *why) {
	node_say(node, NOTE_WARNING, 0, "the %s command %s", run_name(run), why);
	answer(node, run, false);
}

/* ---- orders to the worker ---- */

static void forget_oldest(struct node_hooks *hooks) {
	hooks->first = (hooks->first + 1) % NODE_ORDERS;
	hooks->n--;
}

/* What it had, ended with it; what it was not given yet waits for the next one. */
static void detach(struct node *node) {
	static const enum run waited_for[] = {RUN_FENCE, RUN_BEFORE_PRIMARY};
	struct node_hooks *hooks = &node->hooks;

	if (hooks->fd < 0)
		return;
	loop_remove(&node->loop, hooks->fd);
	close(hooks->fd);
	hooks->fd = -1;
	for (size_t i = 0; i < sizeof waited_for / sizeof *waited_for; i++)
		if (awaited(node, waited_for[i])->until != MONO_FAR && awaited(node, waited_for[i])->sent)
			give_up(node, waited_for[i], "was lost with the hooks worker");
}

static void sent(struct node *node, const struct message_run *order) {
	struct node_awaited *asked = awaited(node, order->run);

	if (order->id != 0 && order->id == asked->id)
		asked->sent = true;
	forget_oldest(&node->hooks);
}

/* An order that nobody waits for any more is not given: a fence long after the silence would hit a peer that serves. */
static bool is_over(struct node *node, const struct message_run *order) {
	const struct node_awaited *asked = awaited(node, order->run);

	return order->until_ns <= node->now || (order->id != 0 && (asked->until == MONO_FAR || asked->id != order->id));
}

static void flush(struct node *node) {
	static struct message message;
	struct node_hooks *hooks = &node->hooks;

	while (hooks->fd >= 0 && hooks->n > 0) {
		const struct message_run *order = &hooks->orders[hooks->first];
		if (is_over(node, order)) {
			forget_oldest(hooks);
			continue;
		}
		message.run = *order;
		int error = pipe_send(hooks->fd, &message, MSG_RUN, -1);
		if (error == -EAGAIN) {
			loop_modify(&node->loop, hooks->fd, EPOLLIN | EPOLLOUT);
			return;
		}
		if (error)
			detach(node);
		else
			sent(node, order);
	}
}

static void give_order(struct node *node, enum run run, struct message_run order) {
	struct node_hooks *hooks = &node->hooks;

	order.run = run;
	order.generation = node->generation;
	if (hooks->n == NODE_ORDERS) {
		node_say(node, NOTE_WARNING, 0, "the %s command was not run: there is no hooks worker",
			 run_name((enum run)hooks->orders[hooks->first].run));
		forget_oldest(hooks);
	}
	hooks->orders[(hooks->first + hooks->n++) % NODE_ORDERS] = order;
	flush(node);
}

void node_hooks_run(struct node *node, enum run run, uint32_t id) {
	const struct core_status *status = node_status(node);
	struct node_awaited *asked = awaited(node, run);
	span_t timeout = run == RUN_FENCE ? node->conf.fence_timeout : node->conf.hook_timeout;

	assert(run == RUN_FENCE || run == RUN_BEFORE_PRIMARY);
	*asked = (struct node_awaited){.until = node->now + timeout + answer_spare, .id = id};
	give_order(node, run,
		   (struct message_run){
			   .id = id,
			   .from = (int32_t)status->state,
			   .to = run == RUN_BEFORE_PRIMARY ? STATE_PRIMARY : (int32_t)status->state,
			   .cause = (int32_t)status->cause,
			   .epoch = status->seen,
			   .event = status->events,
			   .until_ns = asked->until,
		   });
}

/* ---- changes of state ---- */

/* Whoever was primary is backup as soon as it is anything else; what starts is, when it has settled as that. A hand-over
 * that came back to us was none: the service was quiesced, and goes on. RUN__COUNT: nothing. */
static enum run command_for(enum state to, enum run shown) {
	bool served = shown == RUN_PRIMARY || shown == RUN_QUIESCE;

	switch (to) {
	case STATE_PRIMARY:
		return shown == RUN_QUIESCE ? RUN_UNQUIESCE : shown == RUN_PRIMARY ? RUN__COUNT : RUN_PRIMARY;
	case STATE_YIELDING:
		return shown == RUN_PRIMARY ? RUN_QUIESCE : RUN__COUNT;
	case STATE_CLAIMING:
		return RUN__COUNT;
	case STATE_FAULT:
		return shown == RUN_FAULT ? RUN__COUNT : RUN_FAULT;
	case STATE_BACKUP:
		return shown == RUN_BACKUP ? RUN__COUNT : RUN_BACKUP;
	case STATE_INIT:
	case STATE_WAITING:
	case STATE_SUSPECT:
	case STATE_COUNTDOWN:
	case STATE_ASKING:
	case STATE_ISOLATED:
	case STATE_DEAF:
	case STATE_LEAVING:
		return served ? RUN_BACKUP : RUN__COUNT;
	case STATE__COUNT:
		break;
	}
	return RUN__COUNT;
}

void node_hooks_note(struct node *node, const struct note *note) {
	if (note->type != NOTE_TRANSITION)
		return;
	enum run run = command_for(note->to, node->hooks.shown);
	if (run == RUN__COUNT)
		return;
	node->hooks.shown = run == RUN_UNQUIESCE ? RUN_PRIMARY : run;
	if (!node->conf.command[run][0])
		return;
	give_order(node, run,
		   (struct message_run){
			   .from = (int32_t)note->from,
			   .to = (int32_t)note->to,
			   .cause = (int32_t)node_status(node)->cause, /* of the role, where the note has the last step's */
			   .epoch = note->facts.epoch,
			   .event = note->event,
			   .until_ns = MONO_FAR,
		   });
}

/* ---- what the worker says ---- */

static void note_command(struct node *node, int32_t run, bool well, const char *text) {
	node_say(node, well ? NOTE_COMMAND : NOTE_WARNING, well ? run : 0, "%s", text);
}

/* Asked all the time, it is told when it is another one than before. */
static void take_health(struct node *node, const struct message_ran *ran, const char *text) {
	bool well = tale_ended_well(ran);
	struct event event = {.type = EV_HEALTH, .health.ok = well};

	if (well == node->hooks.unwell)
		note_command(node, ran->run, well, text);
	node->hooks.unwell = !well;
	node_event(node, &event);
}

/* A late answer is told to people, and to nobody else. */
static void take_end(struct node *node, const struct message_ran *ran) {
	char text[NOTE_TEXT];

	tale_end(ran, text);
	if (ran->run == RUN_HEALTH) {
		take_health(node, ran, text);
		return;
	}
	note_command(node, ran->run, tale_ended_well(ran), text);
	if (ran->run != RUN_FENCE && ran->run != RUN_BEFORE_PRIMARY)
		return;
	const struct node_awaited *asked = awaited(node, ran->run);
	if (asked->until != MONO_FAR && asked->id == ran->id)
		answer(node, (enum run)ran->run, tale_ended_well(ran));
}

static void take_line(struct node *node, const struct message_said *said) {
	char text[NOTE_TEXT];

	tale_line(said, text);
	note_command(node, said->run, true, text);
}

/* 0, or -errno: nothing for now (-EAGAIN), or for ever. */
static int hear(struct node *node) {
	static struct message message;
	int fd;
	int error = pipe_receive(node->hooks.fd, &message, &fd);

	if (error)
		return error;
	if (fd >= 0)
		close(fd);
	if (message.type == MSG_RAN)
		take_end(node, &message.ran);
	else if (message.type == MSG_SAID)
		take_line(node, &message.said);
	return 0;
}

static void worker_ready(void *arg, uint32_t events) {
	struct node *node = arg;
	int error = 0;

	for (unsigned i = 0; i < HEARD_AT_ONCE && error == 0; i++)
		error = hear(node);
	if (error && error != -EAGAIN) {
		detach(node);
	} else if (events & EPOLLOUT) {
		loop_modify(&node->loop, node->hooks.fd, EPOLLIN);
		flush(node);
	}
}

void node_hooks_attach(struct node *node, int fd) {
	detach(node);
	if (loop_add(&node->loop, fd, EPOLLIN, worker_ready, node) != 0) {
		close(fd);
		return;
	}
	node->hooks.fd = fd;
	flush(node);
}

/* ---- deadlines ---- */

/* The peer is heard again before the fence was answered. One that runs goes on, lest it be half done; one
 * that waits behind it in the worker's hands must not begin. */
static void withdraw_fence(struct node *node) {
	struct node_awaited *fence = &node->hooks.fence;

	if (fence->until == MONO_FAR || node_status(node)->fence == FENCE_RUNNING)
		return;
	fence->until = MONO_FAR;
	if (fence->sent)
		give_order(node, RUN_FENCE, (struct message_run){.until_ns = MONO_FAR});
}

void node_hooks_tick(struct node *node) {
	static const char why[] = "did not answer in time: it counts as failed";

	withdraw_fence(node);
	if (node->now >= node->hooks.fence.until)
		give_up(node, RUN_FENCE, why);
	if (node->now >= node->hooks.gate.until)
		give_up(node, RUN_BEFORE_PRIMARY, why);
}

mono_t node_hooks_deadline(const struct node *node) {
	return mono_min(node->hooks.fence.until, node->hooks.gate.until);
}
