/* The messages between hamon's own processes, as message.h says: names, lengths, the fingerprint of the layout. */
#include "hamon/wire/message.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

/* What each type is called, and how long its body is. */
static const struct {
	const char *name;
	uint16_t length;
} types[] = {
	[MSG_START] = {"start", sizeof(struct message_start)},
	[MSG_RESERVED] = {"reserved", sizeof(struct message_epochs)},
	[MSG_RELOAD] = {"reload", sizeof(struct message_reload)},
	[MSG_WORKER] = {"worker", sizeof(struct message_worker)},
	[MSG_STOP] = {"stop", 0},
	[MSG_READY] = {"ready", 0},
	[MSG_RESERVE] = {"reserve", sizeof(struct message_epochs)},
	[MSG_OPERATOR] = {"operator", sizeof(struct message_operator)},
	[MSG_ASK_RELOAD] = {"ask-reload", 0},
	[MSG_RELOADED] = {"reloaded", sizeof(struct message_reload)},
	[MSG_RELOAD_FAILED] = {"reload-failed", sizeof(struct message_reload)},
	[MSG_RAISE_BOOT] = {"raise-boot", sizeof(struct message_epochs)},
	[MSG_MET] = {"met", 0},
	[MSG_NOTE] = {"note", sizeof(struct message_note)},
	[MSG_RUN] = {"run", sizeof(struct message_run)},
	[MSG_RAN] = {"ran", sizeof(struct message_ran)},
	[MSG_SAID] = {"said", sizeof(struct message_said)},
};
static_assert(sizeof(types) / sizeof(types[0]) == MSG__COUNT, "one row a message");
static_assert(sizeof(struct message) - MESSAGE_HEADER <= UINT16_MAX, "a body's length fits its field");

static const char *const workers[] = {[WORKER_REPORT] = "report", [WORKER_HOOKS] = "hooks"};
static_assert(sizeof(workers) / sizeof(workers[0]) == WORKER__COUNT, "one name a worker");

const char *message_name(enum message_type type) {
	assert(type < MSG__COUNT);
	return types[type].name;
}

const char *worker_name(enum worker_kind kind) {
	assert(kind < WORKER__COUNT);
	return workers[kind];
}

/* A fingerprint: FNV-1a over the places and sizes that a compiler or an edit could move: it need not withstand an attacker,
 * both ends are started by the same supervisor. */
static uint32_t layout(void) {
	static const uint32_t shape[] = {
		MSG__COUNT,
		WORKER__COUNT,
		STATE__COUNT,
		CAUSE__COUNT,
		NOTE__COUNT,
		MESSAGE_HEADER,
		sizeof(struct message_start),
		offsetof(struct message_start, key),
		offsetof(struct message_start, orders),
		sizeof(struct message_operator),
		offsetof(struct message_operator, disabled),
		sizeof(struct message_epochs),
		offsetof(struct message_epochs, epoch),
		sizeof(struct message_reload),
		offsetof(struct message_reload, text),
		sizeof(struct message_worker),
		sizeof(struct message_note),
		offsetof(struct message_note, note),
		sizeof(struct note),
		offsetof(struct note, cause),
		offsetof(struct note, facts),
		sizeof(struct facts),
		offsetof(struct facts, tests),
		offsetof(struct note, value),
		offsetof(struct note, text),
		RUN__COUNT,
		sizeof(struct message_run),
		offsetof(struct message_run, until_ns),
		sizeof(struct message_ran),
		offsetof(struct message_ran, text),
		sizeof(struct message_said),
		offsetof(struct message_said, text),
	};
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++)
		for (unsigned shift = 0; shift < 32; shift += 8)
			hash = (hash ^ ((shape[i] >> shift) & 0xff)) * 16777619U;
	return hash;
}

size_t message_seal(struct message *message, enum message_type type) {
	assert(type < MSG__COUNT);
	message->layout = layout();
	message->type = (uint16_t)type;
	message->length = types[type].length;
	return MESSAGE_HEADER + types[type].length;
}

static bool ends(const char *text, size_t size) {
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\0')
			return true;
	return false;
}

static bool run_sane(int32_t run) {
	return run >= 0 && run < RUN__COUNT;
}

static bool note_sane(const struct note *note) {
	return note->type < NOTE__COUNT && note->from < STATE__COUNT && note->to < STATE__COUNT &&
	       note->cause < CAUSE__COUNT && ends(note->text, sizeof(note->text));
}

static bool order_sane(const struct message_run *order) {
	return run_sane(order->run) && order->from >= 0 && order->from < STATE__COUNT && order->to >= 0 &&
	       order->to < STATE__COUNT && order->cause >= 0 && order->cause < CAUSE__COUNT;
}

/* Numbers that the reader will use as an index, strings that it will print. */
static bool body_sane(const struct message *message) {
	switch ((enum message_type)message->type) {
	case MSG_START:
		return message->start.orders.disabled_n <= CORE_IPS;
	case MSG_OPERATOR:
		return message->orders.disabled_n <= CORE_IPS;
	case MSG_WORKER:
		return message->worker.kind >= 0 && message->worker.kind < WORKER__COUNT;
	case MSG_RELOAD:
	case MSG_RELOADED:
	case MSG_RELOAD_FAILED:
		return ends(message->reload.text, sizeof(message->reload.text));
	case MSG_NOTE:
		return note_sane(&message->note.note);
	case MSG_RUN:
		return order_sane(&message->run);
	case MSG_RAN:
		return run_sane(message->ran.run) && ends(message->ran.text, sizeof(message->ran.text));
	case MSG_SAID:
		return run_sane(message->said.run) && ends(message->said.text, sizeof(message->said.text));
	case MSG_RESERVED:
	case MSG_RESERVE:
	case MSG_RAISE_BOOT:
	case MSG_MET:
	case MSG_STOP:
	case MSG_READY:
	case MSG_ASK_RELOAD:
	case MSG__COUNT:
		return true;
	}
	return false;
}

int message_check(const struct message *message, size_t received) {
	if (received < MESSAGE_HEADER || message->layout != layout() || message->type >= MSG__COUNT)
		return -EPROTO;
	if (message->length != types[message->type].length || received != MESSAGE_HEADER + (size_t)message->length)
		return -EPROTO;
	return body_sane(message) ? 0 : -EPROTO;
}
