/* Heartbeats out: when, and what they say. */
#include "hamon/core/parts.h"

/* Farewells follow one another fast: the node is about to end. */
static const span_t farewell_gap = 3 * MSEC;

/* After the start a node listens before it says a word: its sequence and its boot number are new to the peer, what the peer
 * says is new to it. */
static mono_t first_word(const struct core *core) {
	return core->start + 3 * core->config.timers.heartbeat;
}

bool speak_listening(const struct core *core, mono_t now) {
	return now < first_word(core);
}

/* DEAF: we hear nobody, and may not take over. A peer that counted us as heard would wait for ever. A forced takeover may:
 * and each time that we say deaf, its dead interval would begin anew. Who receives the peer's own deaf heartbeats is not
 * deaf, though they count for nothing else: two that may not take over would else stay deaf to one another after a
 * split. */
bool speak_deaf(const struct core *core, mono_t now) {
	mono_t received = mono_max(core->peer.rx, core->peer.deaf_rx);

	return !core->hold && !core->dropping && core->claim == CLAIM_NONE && !core->leaving && now >= core->force_until &&
	       now - mono_max(received, core->stall) > core->config.timers.unheard && !claim_eligible(core, now);
}

/* How long the frame that we echo has been here. */
static uint32_t echo_age(const struct core *core, mono_t now) {
	span_t age = core->peer.accepted ? mono_max(0, now - core->peer.accepted_rx) : 0;

	return (uint32_t)mono_min(age / USEC, UINT32_MAX);
}

/* "send": everything we say, decided at `now`. */
static struct heartbeat *compose(struct core *core, mono_t now, struct actions *actions) {
	struct action *action = core_act(actions, ACT_SEND);
	struct heartbeat *hb = &action->send.hb;
	const struct peer *peer = &core->peer;

	action->send.links = reflect_links(core, now);
	hb->sender = (uint8_t)core->config.parity;
	hb->boot = core->boot;
	hb->seq = ++core->seq;
	hb->seen = core->seen;
	hb->lease = core->hold || core->dropping;
	hb->leaving = core->leaving > 0;
	hb->offer = handover_offers(core, now);
	hb->echo_boot =
		peer->boot; /* known, though nothing of it was accepted: a node whose number was lost must learn it */
	hb->echo_seq = peer->accepted;
	hb->want = core->want;
	/* Released is what the kernel confirmed, not what we decided. */
	hb->rel = core->dropping || core->leaving ? 0 : core->rel;
	hb->fitness = fitness_now(core, now);
	hb->digest = core->config.digest;
	hb->loaded = core->config.loaded;
	hb->sent_us = (uint64_t)(now / USEC);
	hb->echo_age_us = echo_age(core, now);
	hb->unheard = reflect_unheard(core, now);
	hb->reflected = reflect_arrives(core, now);
	hb->cover_us = (uint32_t)((core->config.timers.cover + USEC - 1) / USEC);
	hb->interval_us = (uint32_t)(core->config.timers.heartbeat / USEC);
	core->decided[hb->seq % CORE_DECIDED] = now;
	return hb;
}

/* CLAIM (3): the heartbeat with the new epoch. It says `lease` because it leaves only if the kernel grants it. */
void speak_grant(struct core *core, mono_t now, struct actions *actions) {
	struct heartbeat *hb = compose(core, now, actions);

	hb->mark = MARK_GRANT;
	hb->lease = true;
}

static void say(struct core *core, mono_t now, struct actions *actions) {
	bool deaf = speak_deaf(core, now);
	struct heartbeat *hb = compose(core, now, actions);

	hb->deaf = deaf;
	if (deaf)
		core->last_deaf = now;
	if (lease_may_renew(core, now))
		hb->mark = MARK_RENEW;
}

/* "stop": three farewells, then the end; not before the kernel confirmed that nothing is held. */
static void leave(struct core *core, mono_t now, struct actions *actions) {
	if (core->dropping || core->claim == CLAIM_GRANT || now < core->farewell_at)
		return;
	if (--core->leaving == 0) {
		core_act(actions, ACT_END);
		core->leaving = 1; /* still, until the process is gone */
		core->farewell_at = MONO_FAR;
		return;
	}
	compose(core, now, actions);
	core->farewell_at = now + mono_min(farewell_gap, core->config.timers.heartbeat);
}

void speak_tick(struct core *core, mono_t now, struct actions *actions) {
	span_t h = core->config.timers.heartbeat;

	if (core->leaving) {
		leave(core, now, actions);
		return;
	}
	/* While the grant is on its way no other frame may say that nothing is held. */
	if (speak_listening(core, now) || core->claim == CLAIM_GRANT)
		return;
	if (now < core->heartbeat_at && !core->heartbeat_now)
		return;
	if (now >= core->heartbeat_at) {
		core->heartbeat_at += h;
		if (core->heartbeat_at <= now)
			core->heartbeat_at = now + h / 2;
	}
	core->heartbeat_now = false;
	say(core, now, actions);
}

mono_t speak_deadline(const struct core *core) {
	if (core->leaving)
		return core->dropping ? MONO_FAR : core->farewell_at;
	if (core->heartbeat_now && core->claim != CLAIM_GRANT)
		return first_word(core);
	return mono_max(core->heartbeat_at, first_word(core));
}
