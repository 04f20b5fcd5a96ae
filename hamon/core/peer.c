/* What we believe of the peer: which heartbeats count, what they say, and how old that is. */
#include "hamon/core/parts.h"

span_t peer_late_after(const struct core *core) {
	return 3 * core->config.timers.heartbeat / 2;
}

/* A peer whose interval is longer than ours is not late by ours. */
bool peer_suspect(const struct core *core, mono_t now) {
	span_t interval = mono_max(core->config.timers.heartbeat, core->peer.interval);

	return now - core->peer.rx > 3 * interval / 2;
}

bool peer_fresh(const struct core *core, mono_t now, mono_t echo) {
	return now - echo <= core->config.timers.echo;
}

bool peer_unheard(const struct core *core, mono_t now) {
	return now - core->peer.rx > core->config.timers.unheard;
}

bool peer_late(const struct core *core, mono_t now) {
	return now - core->peer.rx > peer_late_after(core);
}

bool peer_answers(const struct core *core, mono_t now) {
	return core->peer.says && peer_fresh(core, now, core->peer.echo);
}

bool peer_holds(const struct core *core) {
	return core->peer.says && core->peer.frame.lease;
}

mono_t peer_silent_since(const struct core *core) {
	return mono_max(mono_max(core->peer.rx, core->start), mono_max(core->stall, core->last_deaf));
}

/* When we decided the heartbeat that this one echoes. One of another boot, or out of the ring's reach, says nothing. */
static mono_t echoed(const struct core *core, const struct heartbeat *hb) {
	if (hb->echo_boot != core->boot || hb->echo_seq == 0 || hb->echo_seq > core->seq ||
	    core->seq - hb->echo_seq >= CORE_DECIDED)
		return MONO_NEVER;
	return core->decided[hb->echo_seq % CORE_DECIDED];
}

bool peer_differs(const struct core *core) {
	return core->peer.digest != 0 && core->config.digest != 0 && core->peer.digest != core->config.digest;
}

/* One part in n of a new sample. */
static span_t smooth(span_t old, span_t sample, span_t n) {
	return old < 0 ? sample : old + (sample - old) / n;
}

/* For people, never for belief: the round trip as RFC 6298 smooths it, less the time that our frame's echo waited over
 * there; the jitter as RFC 3550 section 6.4.1 does. */
static void measure(const struct core *core, struct link *link, const struct heartbeat *hb, mono_t rx) {
	mono_t decided = echoed(core, hb);
	span_t waited = hb->echo_age_us * USEC;

	if (decided != MONO_NEVER && rx - decided >= waited)
		link->rtt = smooth(link->rtt, rx - decided - waited, 8);
	if (link->seq == 0 || hb->sent_us < link->sent_us || hb->sent_us - link->sent_us > TIMERS_LONGEST / USEC)
		return;
	span_t drift = rx - link->rx - (span_t)(hb->sent_us - link->sent_us) * USEC;
	link->jitter = smooth(mono_max(link->jitter, 0), drift < 0 ? -drift : drift, 16);
}

static bool reflects(const struct core *core, unsigned slot) {
	return core->config.links_reflect >> slot & 1;
}

/* The reflecting link is given a part of the heartbeats only, so it loses none. */
static void count_on_link(struct core *core, const struct heartbeat *hb, mono_t rx, unsigned slot) {
	if (slot >= core->config.links)
		return;
	struct link *link = &core->links[slot];
	if (hb->seq <= link->seq) /* reordered, or repeated: it was counted as lost, or before */
		return;
	measure(core, link, hb, rx);
	if (link->seq != 0) {
		link->lost += reflects(core, slot) ? 0 : hb->seq - link->seq - 1;
		link->gap_max = mono_max(link->gap_max, rx - link->rx);
	}
	link->seq = hb->seq;
	link->rx = rx;
	link->sent_us = hb->sent_us;
	link->received++;
	if (!reflects(core, slot))
		core->peer.direct_rx = mono_max(core->peer.direct_rx, rx);
}

/* A larger boot number: the peer started anew. What it said before is void, and its numbers begin again. */
static void restarted(struct core *core, mono_t now, uint64_t boot, struct actions *actions) {
	struct peer *peer = &core->peer;

	if (peer->known)
		transition_note(core, now, NOTE_PEER_RESTARTED, actions)->value = (int64_t)boot;
	peer->boot = boot;
	peer->seq = peer->accepted = 0;
	peer->says = false;
	peer->echo = MONO_NEVER;
	for (unsigned i = 0; i < CORE_LINKS; i++)
		core->links[i] = (struct link){.up = core->links[i].up, .rx = core->links[i].rx, .rtt = -1, .jitter = -1};
}

/* The peer knows a boot number of ours that is later than this one: the state directory was lost, and the clock is behind.
 * It takes all that we say for a replay, and would for ever, so not even a lease that we hold keeps this start from
 * ending. */
static void check_boot(struct core *core, mono_t now, const struct heartbeat *hb, struct actions *actions) {
	if (core->raising || hb->echo_boot <= core->boot || now - core->wrong_key <= core->config.timers.dead)
		return;
	core->raising = true;
	transition_note(core, now, NOTE_BOOT, actions)->value = (int64_t)hb->echo_boot;
	core_act(actions, ACT_RAISE_BOOT)->boot = hb->echo_boot;
}

static void note_digest(struct core *core, mono_t now, const struct heartbeat *hb, struct actions *actions) {
	struct peer *peer = &core->peer;

	if (hb->digest != 0) {
		peer->digest = hb->digest;
		peer->loaded = hb->loaded;
	}
	if (peer_differs(core) == peer->digest_noted)
		return;
	peer->digest_noted = peer_differs(core);
	transition_note(core, now, NOTE_DIGEST, actions)->detail = peer->digest_noted;
}

static void note_cover(struct core *core, mono_t now, struct actions *actions) {
	struct peer *peer = &core->peer;
	bool covered = timers_cover(&core->config.timers, peer->cover);

	if (!covered && !peer->uncovered_noted)
		transition_note(core, now, NOTE_PEER_UNCOVERED, actions)->value = peer->cover;
	peer->uncovered_noted = !covered;
}

/* "heartbeat in: deaf". It counts for the sequence and for `seen`, and is not heard: no echo, no lease, no silence
 * ended. */
static void deaf(struct core *core, mono_t rx) {
	core->peer.deaf_rx = mono_max(core->peer.deaf_rx, rx);
	core->peer.says = false;
	core->peer.echo = MONO_NEVER;
}

/* "heartbeat in: normal". */
static void normal(struct core *core, mono_t now, const struct heartbeat *hb, mono_t rx) {
	struct peer *peer = &core->peer;

	/* Who was out of hearing may have served meanwhile, and have given in to the first word it heard of us. */
	if (core->served && rx - peer->rx > core->config.timers.unheard)
		serve_announce_again(core, now);
	peer->accepted = hb->seq;
	peer->accepted_rx = rx;
	peer->rx = mono_max(peer->rx, rx);
	peer->frame = *hb;
	peer->says = true;
	peer->echo = echoed(core, hb);
	peer->echo_newest = mono_max(peer->echo_newest, peer->echo);
	core->late_since_rx = 0;
	core->aborted = false;
	gate_heard(core);
	/* Released to a request that is no longer made: the release is void. */
	if (core->rel != hb->want)
		core->rel = 0;
	if (hb->lease)
		core->faults &= (uint16_t)~FAULT_STANDDOWN;
}

void peer_heartbeat(struct core *core, mono_t now, const struct heartbeat *hb, mono_t rx, unsigned link,
		    struct actions *actions) {
	struct peer *peer = &core->peer;

	if (hb->boot < peer->boot) {
		peer->old_boot++;
		if (!hb->deaf) /* who says deaf keeps nobody waiting */
			peer->old_rx = mono_max(peer->old_rx, rx);
		return;
	}
	if (hb->boot > peer->boot)
		restarted(core, now, hb->boot, actions);
	count_on_link(core, hb, rx, link);
	reflect_heard(core, now, hb, rx, link);
	if (hb->seq <= peer->seq) {
		peer->duplicates++;
		return;
	}
	check_boot(core, now, hb, actions);
	peer->known = core->met = true;
	peer->received++;
	peer->seq = hb->seq;
	peer->cover = hb->cover_us * USEC;
	peer->interval = hb->interval_us * USEC;
	note_cover(core, now, actions);
	note_digest(core, now, hb, actions);
	epoch_adopt(core, now, hb->seen, actions);
	if (hb->deaf)
		deaf(core, rx);
	else
		normal(core, now, hb, rx);
	conflict_heard(core, now, actions);
}
