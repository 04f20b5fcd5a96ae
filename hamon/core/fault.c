/* Faults: what keeps this node from serving, and when it is forgiven. */
#include "hamon/core/parts.h"

/* What failed in the claim is tried again after so many dead intervals: the peer, who is offered the role, comes first. */
enum { RETRY_DEADS = 4 };

void fault_set(struct core *core, mono_t now, enum fault fault, enum cause cause, struct actions *actions) {
	core->faults |= (uint16_t)fault;
	if (fault == FAULT_ADDRESSES || fault == FAULT_PERMIT)
		core->retry_at = now + RETRY_DEADS * core->config.timers.dead;
	core_because(core, cause);
	claim_abandon(core, cause, actions);
	lease_give_up(core, cause, actions);
	core->heartbeat_now = true; /* the offer */
}

void fault_clear(struct core *core, enum fault fault, enum cause cause) {
	if (!(core->faults & fault))
		return;
	core->faults &= (uint16_t)~fault;
	core_because(core, cause);
}

void fault_tick(struct core *core, mono_t now) {
	if (now < core->retry_at)
		return;
	core->retry_at = MONO_FAR;
	fault_clear(core, FAULT_ADDRESSES, CAUSE_ADDRESSES);
	fault_clear(core, FAULT_PERMIT, CAUSE_PERMIT);
}
