/* The pipes to our own processes: what the supervisor keeps and hands over, and the notes for the report worker. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/log.h"
#include "hamon/node/parts.h"
#include "hamon/pipe.h"
#include "hamon/sealed.h"
#include "hamon/words.h"

/* A supervisor that says nothing for so long is not waited for any more. */
static const span_t reload_patience = 10 * SEC;

/* ---- notes ---- */

void node_note(struct node *node, const struct note *note) {
	notes_push(&node->notes, note, log_real_now());
}

static struct note plain_note(struct node *node, enum note_type type) {
	const struct core_status *core = node_status(node);

	return (struct note){.event = core->events, .at = node->now, .type = type, .from = core->state, .to = core->state};
}

void node_say(struct node *node, enum note_type type, int detail, const char *format, ...) {
	struct note note = plain_note(node, type);
	va_list args;

	note.detail = detail;
	va_start(args, format);
	vsnprintf(note.text, sizeof note.text, format, args);
	va_end(args);
	node_note(node, &note);
}

void node_say_value(struct node *node, enum note_type type, int64_t value, const char *text) {
	struct note note = plain_note(node, type);

	note.value = value;
	snprintf(note.text, sizeof note.text, "%s", text);
	node_note(node, &note);
}

static void forget_worker(struct node *node) {
	if (node->notes.fd < 0)
		return;
	loop_remove(&node->loop, node->notes.fd);
	notes_detach(&node->notes);
}

void node_notes_flush(struct node *node) {
	int error = notes_flush(&node->notes);

	if (error == -EAGAIN)
		loop_modify(&node->loop, node->notes.fd, EPOLLOUT);
	else if (error)
		forget_worker(node);
}

/* Writable again, or hung up: the flush at the end of this wake finds out. */
static void worker_ready(void *arg, uint32_t events) {
	struct node *node = arg;

	if (events & (EPOLLHUP | EPOLLERR))
		forget_worker(node);
	else
		loop_modify(&node->loop, node->notes.fd, 0);
}

static void take_report(struct node *node, int fd) {
	forget_worker(node);
	notes_attach(&node->notes, fd);
	if (loop_add(&node->loop, fd, 0, worker_ready, node) != 0)
		notes_detach(&node->notes);
}

static void take_worker(struct node *node, enum worker_kind kind, int fd) {
	if (fd < 0)
		return;
	switch (kind) {
	case WORKER_REPORT:
		take_report(node, fd);
		return;
	case WORKER_HOOKS:
		node_hooks_attach(node, fd);
		return;
	case WORKER__COUNT:
		break;
	}
	assert(!"a worker"); /* message_check() lets no other one through */
}

/* ---- to the supervisor ---- */

static void send_message(struct node *node, struct message *message, enum message_type type) {
	int error = node->supervisor < 0 ? -EPIPE : pipe_send(node->supervisor, message, type, -1);

	if (error && error != -EPIPE) /* -EPIPE: the loop hears of its end, and we step down */
		node_say(node, NOTE_ERROR, -error, "the supervisor could not be told (%s)", message_name(type));
}

void node_tell(struct node *node, enum message_type type) {
	static struct message message;

	send_message(node, &message, type);
}

void node_reserve(struct node *node, uint64_t epoch) {
	static struct message message;

	message.epochs = (struct message_epochs){.epoch = epoch};
	send_message(node, &message, MSG_RESERVE);
}

void node_raise_boot(struct node *node, uint64_t boot) {
	static struct message message;

	message.epochs = (struct message_epochs){.epoch = boot};
	send_message(node, &message, MSG_RAISE_BOOT);
}

void node_save_operator(struct node *node) {
	static struct message message;
	struct message_operator *orders = &message.orders;
	const struct core_status *core = node_status(node);

	memset(orders, 0, sizeof *orders);
	orders->paused = core->paused;
	if (core->paused && core->paused_until != MONO_FAR)
		orders->paused_until_real = (log_real_now() + core->paused_until - node->now) / SEC;
	for (unsigned i = 0; i < CORE_IPS; i++) {
		const struct node_ip *ip = &node->ips.slots[i];
		if (!ip->used || !ip->disabled)
			continue;
		orders->disabled[orders->disabled_n].family = ip->conf.address.family;
		memcpy(orders->disabled[orders->disabled_n++].bytes, ip->conf.address.bytes, sizeof ip->conf.address.bytes);
	}
	send_message(node, &message, MSG_OPERATOR);
}

static void answer_reload(struct node *node, struct json_object *reply) {
	if (node->reload_client != 0)
		control_reply(&node->control, node->reload_client, reply);
	else
		json_object_put(reply);
	node->reload_client = 0;
}

void node_ask_reload(struct node *node, uint32_t client) {
	if (node->reload_client != 0 && node->now - node->reload_at < reload_patience) {
		control_reply(&node->control, client,
			      reply_error(EXIT_REFUSED, "try again in a moment", "another reload is under way"));
		return;
	}
	if (node->reload_client != 0)
		answer_reload(node, reply_error(EXIT_TIMED_OUT, NULL, "the supervisor did not answer"));
	node->reload_client = client;
	node->reload_at = node->now;
	node_tell(node, MSG_ASK_RELOAD);
}

/* ---- a new configuration ---- */

static bool same_links(const struct conf *a, const struct conf *b) {
	for (unsigned i = 0; i < a->links_n && i < b->links_n; i++) {
		const struct conf_link *one = &a->links[i], *other = &b->links[i];
		if (strcmp(one->name, other->name) != 0 || strcmp(one->interface, other->interface) != 0 ||
		    one->transport != other->transport || memcmp(one->address, other->address, sizeof one->address) != 0)
			return false;
	}
	return a->links_n == b->links_n;
}

/* What cannot change while we run keeps its old value, and is named: in sentences, and in a list. */
static void keep(struct conf *next, const struct conf *now, struct words *told, struct words *waits) {
	struct {
		const char *name;
		bool differs;
	} settings[] = {
		{"links", !same_links(next, now)},
		{"connectivity-test.reflect", next->reflect != now->reflect},
		{"heartbeat-port", next->port != now->port},
		{"failover.within", next->within != now->within},
		{"failover.heartbeat-interval", next->heartbeat != now->heartbeat},
		{"failover.lease", next->lease != now->lease || next->lease_off != now->lease_off},
		{"failover.dead-interval", next->dead != now->dead},
		{"failover.dedicated-cpus", next->dedicated_cpus != now->dedicated_cpus},
		{"psk-file", strcmp(next->psk_file, now->psk_file) != 0},
		{"operators", strcmp(next->operators, now->operators) != 0},
		{"observers", strcmp(next->observers, now->observers) != 0},
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (!settings[i].differs)
			continue;
		words_add(told, "%s needs a restart: the old value stays in force\n", settings[i].name);
		words_add(waits, "%s%s", waits->n > 0 ? ", " : "", settings[i].name);
	}
	memcpy(next->links, now->links, sizeof now->links);
	next->links_n = now->links_n;
	next->reflect = now->reflect;
	next->port = now->port;
	next->within = now->within;
	next->heartbeat = now->heartbeat;
	next->lease = now->lease;
	next->lease_off = now->lease_off;
	next->dead = now->dead;
	next->dedicated_cpus = now->dedicated_cpus;
	memcpy(next->psk_file, now->psk_file, sizeof now->psk_file);
	memcpy(next->operators, now->operators, sizeof now->operators);
	memcpy(next->observers, now->observers, sizeof now->observers);
}

/* The digest of what is in force, while something of the file that was read waits for a restart: neither that file's nor
 * that of the one we were started with, for this is neither; but the same on two nodes that were told the same two. */
static uint64_t digest_between(uint64_t started, uint64_t read) {
	uint64_t digest = started ^ (read << 1 | read >> 63);

	return started == read || digest == 0 ? read : digest; /* equal: what waits is no setting of both nodes */
}

static bool same_pair(const struct conf *a, const struct conf *b) {
	for (unsigned i = 0; i < CONF_NODES; i++)
		if (strcmp(a->nodes[i].name, b->nodes[i].name) != 0)
			return false;
	return a->self == b->self && strcmp(a->cluster, b->cluster) == 0;
}

/* Reads the sealed text. 0 or -errno; *next is set on 0. */
static int read_conf(struct node *node, int fd, struct conf *next) {
	static struct conf_errors errors;
	char *text;
	int error = sealed_read(fd, &text);

	if (error)
		return error;
	error = conf_read(text, "configuration", node->conf.nodes[node->conf.self].name, next, &errors);
	free(text);
	return error ? error : same_pair(next, &node->conf) ? 0 : -EXDEV;
}

static void apply_conf(struct node *node, struct conf *next, char *told, size_t size) {
	struct words sentences = words_in(told, size), waits = words_in(node->waits, sizeof node->waits);

	keep(next, &node->conf, &sentences, &waits);
	if (waits.n > 0)
		next->digest = digest_between(node->digest_started, next->digest);
	node->conf = *next;
	node_configure(node, next);
	node_ips_configure(node);
	node_interfaces_resync(node);
	node_ips_resync(node);
	node_tests_configure(node);
	node_reload_core(node);
}

static void reload(struct node *node, uint64_t generation, int fd) {
	static struct conf next;
	static struct message message;
	struct message_reload *result = &message.reload;
	struct json_object *reply;

	memset(result, 0, sizeof *result);
	result->generation = generation;
	int error = read_conf(node, fd, &next);
	if (error) {
		result->error = -error;
		snprintf(result->text, sizeof result->text, "%s",
			 error == -EXDEV ? "the cluster's or the nodes' names changed: this needs a restart\n"
					 : "the configuration could not be taken over\n");
		reply = reply_error(EXIT_FAILED, "nothing changed", "%s", result->text);
	} else {
		node->generation = generation;
		apply_conf(node, &next, result->text, sizeof result->text);
		reply = reply_ok("the new configuration is in force");
		if (result->text[0] != '\0')
			reply_details(reply, result->text);
		node_say(node, NOTE_INFO, 0, "the new configuration is in force");
	}
	answer_reload(node, reply);
	send_message(node, &message, MSG_RELOADED);
}

static void reload_failed(struct node *node, const struct message_reload *result) {
	struct json_object *reply = reply_error(EXIT_USAGE, "nothing changed", "the configuration is broken");

	reply_details(reply, result->text);
	answer_reload(node, reply);
}

/* ---- from the supervisor ---- */

static void reserved(struct node *node, const struct message_epochs *epochs) {
	struct event event = {.type = EV_EPOCHS_RESERVED, .epochs = {.error = epochs->error, .reserved = epochs->epoch}};

	node_step(node, &event);
}

static void stop(struct node *node) {
	struct event event = {.type = EV_STOP};

	node_step(node, &event);
}

static void take_message(struct node *node, const struct message *message, int fd) {
	switch ((enum message_type)message->type) {
	case MSG_RESERVED:
		reserved(node, &message->epochs);
		break;
	case MSG_RELOAD:
		reload(node, message->reload.generation, fd);
		break;
	case MSG_RELOAD_FAILED:
		reload_failed(node, &message->reload);
		break;
	case MSG_WORKER:
		take_worker(node, (enum worker_kind)message->worker.kind, fd);
		return; /* the descriptor is its own now */
	case MSG_STOP:
		stop(node);
		break;
	case MSG_START:
	case MSG_READY:
	case MSG_RESERVE:
	case MSG_OPERATOR:
	case MSG_ASK_RELOAD:
	case MSG_RELOADED:
	case MSG_RAISE_BOOT:
	case MSG_MET:
	case MSG_NOTE:
	case MSG_RUN:
	case MSG_RAN:
	case MSG_SAID:
	case MSG__COUNT:
		node_say(node, NOTE_ERROR, EPROTO, "the supervisor sent what it never sends");
		break;
	}
	if (fd >= 0)
		close(fd);
}

static void supervisor_ready(void *arg, uint32_t events) {
	static struct message message;
	struct node *node = arg;
	int fd = -1, error;

	(void)events;
	while ((error = pipe_receive(node->supervisor, &message, &fd)) == 0 || error == -EPROTO) {
		if (error == 0)
			take_message(node, &message, fd);
		fd = -1;
	}
	if (error == -EAGAIN)
		return;
	/* It is gone, and with it the disk and whoever would start us anew: step down in good order. */
	node_say(node, NOTE_ERROR, -error, "the supervisor is gone: stepping down");
	loop_remove(&node->loop, node->supervisor);
	node->supervisor = -1;
	stop(node);
}

int node_pipes_init(struct node *node) {
	node->digest_started = node->conf.digest;
	return loop_add(&node->loop, node->supervisor, EPOLLIN, supervisor_ready, node);
}
