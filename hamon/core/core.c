/* The contract of core.h: the one step function, the deadline, the reload. */
#include "hamon/core/core.h"

#include <assert.h>
#include <string.h>

#include "hamon/core/parts.h"

struct action *core_act(struct actions *actions, enum action_type type) {
	assert(actions->n < CORE_ACTIONS);
	struct action *action = &actions->list[actions->n++];

	memset(action, 0, sizeof *action);
	action->type = type;
	return action;
}

bool core_automatic(const struct core *core) {
	return core->config.automatic && core->config.backup_operations && !core->paused;
}

void core_because(struct core *core, enum cause cause) {
	if (core->cause == CAUSE_NONE)
		core->cause = cause;
}

/* "boot". Lease and addresses were purged before. */
void core_init(struct core *core, const struct core_config *config, const struct core_memory *memory, mono_t now) {
	assert(config->parity <= 1 && config->links <= CORE_LINKS && memory->boot > 0);
	memset(core, 0, sizeof *core);
	core->config = *config;
	core->boot = memory->boot;
	core->seen = memory->epoch_mark;
	core->reserved = memory->reserved;
	core->met = memory->met;
	core->paused = memory->paused;
	core->paused_until = memory->paused_until;
	core->now = core->start = core->stall = core->last_wake = core->state_since = now;
	core->last_deaf = core->lease_until = core->wrong_key = core->want_until = core->offer_until = core->force_until =
		MONO_NEVER;
	core->reserve_at = core->worst_gap_at = core->claim_decided = core->claim_at = MONO_NEVER;
	core->holder_at = core->stranger_at = core->announced_at = core->reflect_rx = MONO_NEVER;
	core->fit_since = core->decay_at = MONO_FAR;
	core->reflect_proof = core->reflect_at = core->probe_at = now;
	core->ill_since = core->announce_at = core->restore_at = core->retry_at = core->drop_at = core->remove_at =
		MONO_FAR;
	core->lease_lowest = config->timers.lease;
	core->heartbeat_at = core->test_at = now;
	for (unsigned i = 0; i < CORE_DECIDED; i++)
		core->decided[i] = MONO_NEVER;
	for (unsigned i = 0; i < CORE_TESTS; i++)
		core->tests[i] = (struct test){.answered = MONO_NEVER, .unbroken = MONO_NEVER};
	for (unsigned i = 0; i < CORE_LINKS; i++)
		core->links[i] = (struct link){.rx = MONO_NEVER, .rtt = -1, .jitter = -1};
	core->peer.rx = core->peer.direct_rx = now;
	core->peer.echo = core->peer.echo_newest = core->peer.deaf_rx = core->peer.old_rx = MONO_NEVER;
	core->state = STATE_INIT;
	core->state_cause = CAUSE_START;
}

/* "every wake": the lease's end first. A gap since the last wake is our own stall, and not the peer's death. */
static void wake(struct core *core, mono_t now, span_t late, struct actions *actions) {
	span_t gap = now - core->last_wake;

	core->last_wake = now;
	core->worst_late = mono_max(core->worst_late, late);
	core->late_since_rx = mono_max(core->late_since_rx, late);
	if (gap > core->worst_gap) {
		core->worst_gap = gap;
		core->worst_gap_at = now;
	}
	if (gap <= core->config.timers.stall)
		return;
	core->stall = now;
	claim_abandon(core, CAUSE_STALL, actions);
	transition_note(core, now, NOTE_STALL, actions)->value = gap;
}

/* Once a wake, when all that came in is known: the rules, in this order. */
static void tick(struct core *core, mono_t now, struct actions *actions) {
	fault_tick(core, now);
	damping_tick(core, now);
	evidence_tick(core, now, actions);
	gate_tick(core, now, actions);
	reflect_tick(core, now, actions);
	epoch_reserve(core, now, actions);
	lease_tick(core, now, actions);
	handover_tick(core, now, actions);
	connectivity_tick(core, now, actions);
	claim_tick(core, now, actions);
	serve_tick(core, now, actions);
	speak_tick(core, now, actions);
}

static void link_changed(struct core *core, mono_t now, unsigned slot, bool up, struct actions *actions) {
	if (slot >= core->config.links || core->links[slot].up == up)
		return;
	core->links[slot].up = up;
	struct note *note = transition_note(core, now, NOTE_LINK, actions);
	note->value = slot;
	note->detail = up;
	if (up)
		core->heartbeat_now = true;
}

static void carrier_changed(struct core *core, mono_t now, bool up, struct actions *actions) {
	if (up)
		fault_clear(core, FAULT_CARRIER, CAUSE_CARRIER);
	else if (!(core->faults & FAULT_CARRIER))
		fault_set(core, now, FAULT_CARRIER, CAUSE_CARRIER, actions);
}

static void sent(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	mono_t decided = core->decided[event->sent.seq % CORE_DECIDED];

	switch (event->sent.mark) {
	case MARK_PLAIN:
		return;
	case MARK_RENEW:
		if (event->sent.result == SENT_OUT)
			lease_renewed(core, now, decided);
		else if (event->sent.result == SENT_REFUSED)
			lease_give_up(core, CAUSE_REFUSED, actions);
		return;
	case MARK_GRANT:
		claim_granted(core, now, event->sent.result, decided, actions);
		return;
	}
}

/* What an action brought back. */
static void answered(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	switch (event->type) {
	case EV_SENT:
		sent(core, now, event, actions);
		return;
	case EV_PERMITTED:
		claim_permitted(core, now, event->done.error, actions);
		return;
	case EV_LEASE_DROPPED:
		lease_dropped(core, now, event->done.error);
		return;
	case EV_ADDRESSES_ADDED:
		serve_added(core, now, event->done.error, actions);
		return;
	case EV_ADDRESSES_REMOVED:
		serve_removed(core, now, event->done.error);
		return;
	case EV_ANNOUNCED:
		serve_announced(core, now, event->done.error);
		return;
	case EV_EPOCHS_RESERVED:
		epoch_reserved(core, now, event->epochs.error, event->epochs.reserved, actions);
		conflict_reserved(core, now, actions);
		return;
	case EV_RAN:
		gate_ran(core, now, event->ran.run, event->ran.id, event->ran.ok, actions);
		return;
	case EV_WAKE:
	case EV_TICK:
	case EV_HEARTBEAT:
	case EV_WRONG_KEY:
	case EV_LINK:
	case EV_CARRIER:
	case EV_LEASE_LOST:
	case EV_ADDRESSES_LOST:
	case EV_MOVED:
	case EV_TEST_ANSWERED:
	case EV_HOLDER:
	case EV_STRANGER:
	case EV_HEALTH:
	case EV_OPERATOR:
	case EV_STOP:
	case EV__COUNT:
		assert(!"an answer");
	}
}

/* What happened by itself, or was asked for. */
static void happened(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	switch (event->type) {
	case EV_WAKE:
		wake(core, now, event->wake.late, actions);
		return;
	case EV_TICK:
		tick(core, now, actions);
		return;
	case EV_HEARTBEAT:
		peer_heartbeat(core, now, &event->heartbeat.hb, event->heartbeat.rx, event->heartbeat.link, actions);
		return;
	case EV_WRONG_KEY:
		core->wrong_key = now;
		return;
	case EV_LINK:
		link_changed(core, now, event->link.link, event->link.up, actions);
		return;
	case EV_CARRIER:
		carrier_changed(core, now, event->carrier.up, actions);
		return;
	case EV_LEASE_LOST:
		lease_give_up(core, CAUSE_LEASE_GONE, actions);
		return;
	case EV_ADDRESSES_LOST:
		serve_lost(core, now, &event->lost, actions);
		return;
	case EV_MOVED:
		/* The heartbeat first: it tells the peer that the new MAC is ours, and no stranger's. */
		core->heartbeat_now = true;
		serve_announce_again(core, now + core->config.timers.heartbeat / 4);
		return;
	case EV_TEST_ANSWERED:
		connectivity_answer(core, event->answer.slot, event->answer.sent);
		return;
	case EV_HOLDER:
		evidence_holder(core, now, event->claimed.slot, event->claimed.rx, actions);
		return;
	case EV_STRANGER:
		evidence_stranger(core, now, event->claimed.slot, event->claimed.rx, actions);
		return;
	case EV_HEALTH:
		fitness_health(core, now, event->health.ok, actions);
		return;
	case EV_OPERATOR:
		handover_verb(core, now, event, actions);
		return;
	case EV_STOP:
		handover_leave(core, actions);
		return;
	case EV_SENT:
	case EV_PERMITTED:
	case EV_LEASE_DROPPED:
	case EV_ADDRESSES_ADDED:
	case EV_ADDRESSES_REMOVED:
	case EV_ANNOUNCED:
	case EV_EPOCHS_RESERVED:
	case EV_RAN:
		answered(core, now, event, actions);
		return;
	case EV__COUNT:
		assert(!"an event");
	}
}

void core_step(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	assert(now >= core->now);
	core->now = now;
	core->cause = CAUSE_NONE;
	lease_lapse(core, now, actions);
	happened(core, now, event, actions);
	/* Before the tick, what came in while we slept may not be drained yet: silence is not told of until then. */
	if (event->type == EV_TICK || !transition_is_silence(core, now))
		transition_settle(core, now, actions);
}

/* The earliest of `a` and `b` that is still to come. */
static mono_t sooner(mono_t now, mono_t a, mono_t b) {
	return b > now && b < a ? b : a;
}

mono_t core_deadline(const struct core *core) {
	const struct timers *t = &core->config.timers;
	mono_t now = core->now, at = core->last_wake + t->heartbeat / 2;

	at = mono_min(at, speak_deadline(core));
	at = mono_min(at, serve_deadline(core));
	if (core->config.tests)
		at = mono_min(at, core->test_at);
	if (core->hold)
		return mono_min(at, core->lease_until + 1);
	at = sooner(now, at, core->peer.rx + peer_late_after(core) + 1);
	at = sooner(now, at, transition_dead_at(core));
	return at;
}

void core_reload(struct core *core, mono_t now, const struct core_config *config, struct actions *actions) {
	struct core_config before = core->config;
	uint16_t changed = (before.tests ^ config->tests) | config->tests_renewed;

	core->config = *config;
	core->config.parity = before.parity;
	core->config.timers = before.timers;
	core->config.links = before.links;
	core->config.links_reflect = before.links_reflect;
	core->cause = CAUSE_NONE;
	core_because(core, CAUSE_OPERATOR);
	fitness_reload(core);
	gate_reload(core);
	connectivity_reload(core, now, changed);
	serve_reload(core, now, &before.ips, actions);
	transition_settle(core, now, actions);
}
