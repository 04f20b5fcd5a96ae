/* The world of one node, as core_world.h says. */
#include "tests/unit/core_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { TICK_MS = 4, LAG_MS = 24, WITHIN_MS = 500, SHARED_IPS = 2 };

void world_init(struct world *world) {
	struct timers_ask ask = {
		.within = WITHIN_MS * MSEC, .tick = TICK_MS * MSEC, .jiffies_lag = LAG_MS * MSEC, .addresses = SHARED_IPS};

	memset(world, 0, sizeof *world);
	cr_assert_eq(timers_derive(&ask, &world->config.timers), 0);
	world->config.automatic = world->config.backup_operations = true;
	world->config.tests = 1;
	world->config.links = 2;
	for (unsigned i = 0; i < SHARED_IPS; i++)
		ip_set_add(&world->config.ips, i);
	world->memory = (struct core_memory){
		.boot = WORLD_BOOT, .epoch_mark = WORLD_MARK, .reserved = WORLD_RESERVE, .paused_until = MONO_FAR};
	world->answering = UINT16_MAX;
	world->echoing = true;
	world->now = SEC;
	world->says = (struct heartbeat){.sender = 1,
					 .boot = WORLD_PEER_BOOT,
					 .fitness = 100,
					 .cover_us = (uint32_t)(world->config.timers.cover / USEC),
					 .interval_us = (uint32_t)(world->config.timers.heartbeat / USEC)};
}

void world_boot(struct world *world) {
	core_init(&world->core, &world->config, &world->memory, world->now);
	world->peer_at = world->now;
}

span_t world_h(const struct world *world) {
	return world->config.timers.heartbeat;
}

const struct timers *world_timers(const struct world *world) {
	return &world->config.timers;
}

/* ---- the kernel ---- */

static void answer(struct world *world, const struct action *action, struct event event) {
	if (world->mute & 1U << action->type)
		return;
	cr_assert_lt(world->queue_n, WORLD_QUEUE);
	world->queue[world->queue_n++] = event;
}

static void answer_done(struct world *world, const struct action *action, enum event_type type, int error) {
	answer(world, action, (struct event){.type = type, .done.error = error});
}

static void answer_send(struct world *world, const struct action *action) {
	const enum sent results[] = {[MARK_PLAIN] = world->plain, [MARK_RENEW] = world->renew, [MARK_GRANT] = world->grant};
	const struct heartbeat *hb = &action->send.hb;

	world->said = *hb;
	answer(world, action,
	       (struct event){.type = EV_SENT, .sent = {.seq = hb->seq, .mark = hb->mark, .result = results[hb->mark]}});
}

static void answer_tests(struct world *world, const struct action *action) {
	for (unsigned slot = 0; slot < CORE_TESTS; slot++)
		if (action->tests & world->answering & 1U << slot)
			answer(world, action,
			       (struct event){.type = EV_TEST_ANSWERED, .answer = {.slot = slot, .sent = world->now}});
}

static void answer_probe(struct world *world, const struct action *action) {
	if (world->holder)
		answer(world, action, (struct event){.type = EV_HOLDER, .claimed.rx = world->now});
	if (world->stranger)
		answer(world, action, (struct event){.type = EV_STRANGER, .claimed.rx = world->now});
}

static void answer_run(struct world *world, const struct action *action) {
	uint32_t bit = 1U << action->run.run;
	struct event event = {.type = EV_RAN};

	event.ran.run = action->run.run;
	event.ran.id = action->run.id;
	event.ran.ok = !(world->failing & bit);
	if (!(world->hanging & bit))
		answer(world, action, event);
}

static void obey(struct world *world, const struct action *action) {
	switch (action->type) {
	case ACT_SEND:
		answer_send(world, action);
		return;
	case ACT_PERMIT:
		answer_done(world, action, EV_PERMITTED, world->permit_error);
		return;
	case ACT_DROP_LEASE:
		answer_done(world, action, EV_LEASE_DROPPED, world->drop_error);
		return;
	case ACT_ADD_ADDRESSES:
		answer_done(world, action, EV_ADDRESSES_ADDED, world->add_error);
		return;
	case ACT_REMOVE_ADDRESSES:
		answer_done(world, action, EV_ADDRESSES_REMOVED, world->remove_error);
		return;
	case ACT_ANNOUNCE:
		answer_done(world, action, EV_ANNOUNCED, world->announce_error);
		return;
	case ACT_TEST:
		answer_tests(world, action);
		return;
	case ACT_RESERVE_EPOCHS:
		answer(world, action,
		       (struct event){.type = EV_EPOCHS_RESERVED,
				      .epochs = {.error = world->reserve_error,
						 .reserved = world->reserve_error ? 0 : action->epoch}});
		return;
	case ACT_PROBE:
		answer_probe(world, action);
		return;
	case ACT_RUN:
		answer_run(world, action);
		return;
	case ACT_DROP_PERMIT:
	case ACT_SAVE_PAUSE:
	case ACT_RAISE_BOOT:
	case ACT_ANSWER:
	case ACT_NOTE:
	case ACT_END:
	case ACT__COUNT:
		return;
	}
}

static void take(struct world *world, const struct actions *actions) {
	for (size_t i = 0; i < actions->n; i++) {
		cr_assert_lt(world->log_n, WORLD_LOG);
		world->log[world->log_n++] = actions->list[i];
		obey(world, &actions->list[i]);
	}
}

static void step(struct world *world, const struct event *event) {
	struct actions actions = {.n = 0};

	core_step(&world->core, world->now, event, &actions);
	take(world, &actions);
}

static void settle(struct world *world) {
	for (size_t i = 0; i < world->queue_n; i++) {
		struct event event = world->queue[i];
		step(world, &event);
	}
	world->queue_n = 0;
}

void world_event(struct world *world, const struct event *event) {
	step(world, event);
	settle(world);
}

/* ---- time ---- */

void world_wake(struct world *world) {
	world_event(world, &(struct event){.type = EV_WAKE});
	while (world->on && world->peer_at <= world->now) {
		world_hear(world);
		world->peer_at = world->now + world_h(world);
	}
	world_event(world, &(struct event){.type = EV_TICK});
}

void world_pass(struct world *world, span_t length) {
	mono_t end = world->now + length;

	while (world->now < end) {
		mono_t next = core_deadline(&world->core);
		if (world->on)
			next = mono_min(next, world->peer_at);
		/* At least a little later: a deadline in the past means at once. */
		world->now = mono_min(end, mono_max(next, world->now + USEC));
		world_wake(world);
	}
}

void world_pass_long(struct world *world, span_t length) {
	for (; length > 0; length -= SEC) {
		world_forget(world);
		world_pass(world, mono_min(length, SEC));
	}
}

void world_freeze(struct world *world, span_t length) {
	world->now += length;
	world_wake(world);
}

/* ---- events ---- */

void world_done(struct world *world, enum event_type type, int error) {
	world_event(world, &(struct event){.type = type, .done.error = error});
}

void world_verb(struct world *world, enum verb verb, bool force, bool dry_run) {
	struct event event = {.type = EV_OPERATOR};

	event.asked.verb = verb;
	event.asked.force = force;
	event.asked.dry_run = dry_run;
	event.asked.token = 1;
	world_event(world, &event);
}

void world_pause(struct world *world, span_t length) {
	struct event event = {.type = EV_OPERATOR};

	event.asked.verb = VERB_PAUSE;
	event.asked.pause = length;
	world_event(world, &event);
}

void world_resolve(struct world *world, enum keep keep) {
	struct event event = {.type = EV_OPERATOR};

	event.asked.verb = VERB_RESOLVE;
	event.asked.keep = keep;
	world_event(world, &event);
}

void world_ran(struct world *world, enum run run, bool ok) {
	struct event event = {.type = EV_RAN};

	for (size_t i = 0; i < world->log_n; i++)
		if (world->log[i].type == ACT_RUN && world->log[i].run.run == run)
			event.ran.id = world->log[i].run.id;
	event.ran.run = run;
	event.ran.ok = ok;
	world_event(world, &event);
}

void world_health(struct world *world, bool ok) {
	world_event(world, &(struct event){.type = EV_HEALTH, .health.ok = ok});
}

void world_claimed(struct world *world, enum event_type type) {
	world_event(world, &(struct event){.type = type, .claimed.rx = world->now});
}

void world_carrier(struct world *world, bool up) {
	world_event(world, &(struct event){.type = EV_CARRIER, .carrier.up = up});
}

void world_stop(struct world *world) {
	world_event(world, &(struct event){.type = EV_STOP});
}

void world_reload(struct world *world) {
	struct actions actions = {.n = 0};

	core_reload(&world->core, world->now, &world->config, &actions);
	take(world, &actions);
	settle(world);
}

void world_hear_frame(struct world *world, const struct heartbeat *hb, mono_t rx, unsigned link) {
	world_event(world, &(struct event){.type = EV_HEARTBEAT, .heartbeat = {.hb = *hb, .rx = rx, .link = link}});
}

void world_hear(struct world *world) {
	struct heartbeat hb = world->says;

	hb.seq = ++world->peer_seq;
	if (world->echoing && world->said.seq != 0) {
		hb.echo_boot = world->memory.boot;
		hb.echo_seq = world->said.seq;
	}
	world_hear_frame(world, &hb, world->now, 0);
}

/* ---- what came out ---- */

void world_forget(struct world *world) {
	world->log_n = 0;
}

size_t world_count(const struct world *world, enum action_type type) {
	size_t n = 0;

	for (size_t i = 0; i < world->log_n; i++)
		n += world->log[i].type == type;
	return n;
}

size_t world_notes(const struct world *world, enum note_type type) {
	size_t n = 0;

	for (size_t i = 0; i < world->log_n; i++)
		n += world->log[i].type == ACT_NOTE && world->log[i].note.type == type;
	return n;
}

size_t world_runs(const struct world *world, enum run run) {
	size_t n = 0;

	for (size_t i = 0; i < world->log_n; i++)
		n += world->log[i].type == ACT_RUN && world->log[i].run.run == run;
	return n;
}

const struct action *world_last(const struct world *world, enum action_type type) {
	for (size_t i = world->log_n; i-- > 0;)
		if (world->log[i].type == type)
			return &world->log[i];
	return NULL;
}

const struct note *world_note(const struct world *world, enum note_type type) {
	for (size_t i = world->log_n; i-- > 0;)
		if (world->log[i].type == ACT_NOTE && world->log[i].note.type == type)
			return &world->log[i].note;
	return NULL;
}

enum outcome world_outcome(const struct world *world) {
	const struct action *action = world_last(world, ACT_ANSWER);

	return action ? action->answer.outcome : OUTCOME__COUNT;
}

const struct core_status *world_status(struct world *world) {
	core_status(&world->core, world->now, &world->status);
	return &world->status;
}

uint32_t world_missing_automatic(const struct world *world) {
	struct core_facts facts;

	core_facts(&world->core, world->now, &facts);
	return facts.automatic & ~facts.hold;
}

void world_expect(struct world *world, enum state state) {
	enum state is = world_status(world)->state;

	cr_assert_eq(is, state, "%s, not %s", state_name(is), state_name(state));
}

/* ---- where a test begins ---- */

void world_backup(struct world *world) {
	world_boot(world);
	world->on = true;
	world->says.lease = true;
	world->says.seen = WORLD_MARK + 1;
	world_pass(world, 6 * world_h(world));
	world_expect(world, STATE_BACKUP);
	world_forget(world);
}

void world_primary(struct world *world) {
	world_boot(world);
	world->on = true;
	world->says.seen = WORLD_MARK;
	world_pass(world, 6 * world_h(world));
	world_expect(world, STATE_PRIMARY);
	world->says.seen = world->core.seen;
	world_forget(world);
}
