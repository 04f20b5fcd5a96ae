/* What the wire itself says of the shared IPs: who else claims them. An answer outweighs a peer's silence, since the kernel
 * lets nobody answer who has no lease. */
#include "hamon/core/parts.h"

/* A stranger that is not seen for so long is gone. */
static const span_t stranger_memory = 60 * SEC;

/* Whom we stood down for may say nothing unasked. */
static const span_t stranger_probe = 10 * SEC;

/* Asked every h: two answers may be lost. A killed primary's kernel answers for as long as its lease lives, which ends long
 * before the dead interval less this. */
static span_t holder_memory(const struct core *core) {
	return 3 * core->config.timers.heartbeat;
}

bool evidence_held(const struct core *core, mono_t now) {
	return !core->config.lease_off && now - core->holder_at <= holder_memory(core);
}

bool evidence_strange(const struct core *core, mono_t now) {
	return now - core->stranger_at <= stranger_memory;
}

void evidence_holder(struct core *core, mono_t now, unsigned slot, mono_t rx, struct actions *actions) {
	core->holder_at = mono_max(core->holder_at, mono_min(rx, now)); /* counts as soon as we hold it no more */
	if (core->hold) { /* the other node's word came after ours: who heard it must hear ours again */
		serve_defend(core, now, slot, actions);
		return;
	}
	if (core->holder_noted || core->config.lease_off || !peer_unheard(core, now))
		return;
	core->holder_noted = true;
	core_because(core, CAUSE_HOLDER);
	transition_note(core, now, NOTE_HOLDER, actions)->value = slot;
}

void evidence_stranger(struct core *core, mono_t now, unsigned slot, mono_t rx, struct actions *actions) {
	core->stranger_at = mono_max(core->stranger_at, mono_min(rx, now));
	if (!core->config.stand_down)
		serve_defend(core, now, slot, actions);
	else if (!(core->faults & FAULT_STRANGER) && ip_set_has(&core->config.ips, slot))
		fault_set(core, now, FAULT_STRANGER, CAUSE_STRANGER, actions);
}

/* May this node be about to claim by silence? Only then it asks who bears the addresses. */
static bool curious(const struct core *core, mono_t now) {
	bool might = now < core->force_until || claim_eligible(core, now);

	return might && !core->config.lease_off && !core->hold && core->claim == CLAIM_NONE && !core->leaving &&
	       !speak_listening(core, now) && peer_late(core, now);
}

void evidence_tick(struct core *core, mono_t now, struct actions *actions) {
	if (!peer_unheard(core, now))
		core->holder_noted = false;
	if ((core->faults & FAULT_STRANGER) && (!core->config.stand_down || !evidence_strange(core, now)))
		fault_clear(core, FAULT_STRANGER, CAUSE_STRANGER);
	if (!curious(core, now) && !(core->faults & FAULT_STRANGER)) {
		core->probe_at = now;
		return;
	}
	if (now < core->probe_at || ip_set_empty(&core->config.ips))
		return;
	core->probe_at = now + (curious(core, now) ? core->config.timers.heartbeat : stranger_probe);
	core_act(actions, ACT_PROBE)->ips = core->config.ips;
}

void evidence_clear(struct core *core) {
	core->stranger_at = MONO_NEVER;
	fault_clear(core, FAULT_STRANGER, CAUSE_OPERATOR);
}
