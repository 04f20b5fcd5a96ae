/* When heartbeats also go by way of the test IPs, which hand them to the peer: a path that exists whenever both reach one
 * of them. Seldom while links of our own carry; with every heartbeat while one of the two hears nothing on them. */
#include "hamon/core/parts.h"

static const span_t slow_interval = 1 * SEC;

/* The peer says for so long that one of ours arrived; never told within it, they do not. */
static const span_t proof_memory = 60 * SEC;
static const span_t proof_patience = 90 * SEC;
static const span_t tried_again = 600 * SEC;

bool reflect_unheard(const struct core *core, mono_t now) {
	return now - core->peer.direct_rx > peer_late_after(core);
}

bool reflect_arrives(const struct core *core, mono_t now) {
	return now - core->reflect_rx <= proof_memory;
}

void reflect_heard(struct core *core, mono_t now, const struct heartbeat *hb, mono_t rx, unsigned slot) {
	if (slot < core->config.links && core->config.links_reflect >> slot & 1)
		core->reflect_rx = mono_max(core->reflect_rx, mono_min(rx, now));
	if (hb->reflected)
		core->reflect_proof = now;
}

/* At full rate: we hear nothing by links of our own, or the peer says so of itself, or that it is deaf. */
static bool needed(const struct core *core, mono_t now) {
	bool deaf = core->peer.known && !core->peer.says;

	return deaf || reflect_unheard(core, now) || core->peer.frame.unheard;
}

uint8_t reflect_links(struct core *core, mono_t now) {
	uint8_t all = (uint8_t)((1U << core->config.links) - 1), own = all & (uint8_t)~core->config.links_reflect;
	bool full = needed(core, now);

	core->reflect_full = full && core->config.links_reflect != 0;
	if (!full && (now < core->reflect_at || core->reflect_off))
		return own;
	core->reflect_at = now + slow_interval;
	return all;
}

/* Switched off where it never arrives: source guards and reverse path filters drop what bears another's source. */
static void off(struct core *core, mono_t now, bool off, struct actions *actions) {
	core->reflect_off = off;
	core->reflect_proof = now;
	transition_note(core, now, NOTE_REFLECT, actions)->detail = !off;
}

void reflect_tick(struct core *core, mono_t now, struct actions *actions) {
	if (core->config.links_reflect == 0)
		return;
	/* Who is not heard cannot tell; and who does not answer the tests reflects nothing. */
	if (peer_unheard(core, now) || connectivity_slow_mask(core, now) == 0) {
		if (!core->reflect_off)
			core->reflect_proof = now;
		return;
	}
	span_t untold = now - core->reflect_proof;
	bool told = core->peer.says && core->peer.frame.reflected;

	if (!core->reflect_off && untold > proof_patience)
		off(core, now, true, actions);
	else if (core->reflect_off && (told || untold > tried_again))
		off(core, now, false, actions);
}
