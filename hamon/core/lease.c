/* The lease policy: when the primary may renew, what it believes of the lease's end, and how it gives it up. The lease
 * itself is the kernel's. */
#include "hamon/core/parts.h"

/* ALONE: the peer is unheard, and the tests say that it is not our own network. */
bool lease_alone(const struct core *core, mono_t now) {
	return peer_unheard(core, now) && (core->config.alone == ALONE_ALWAYS || connectivity_fit(core, now));
}

/* "send": only these let a primary renew. The echo's age counts from our own sending, so that neither delay nor an old echo
 * repeated can keep a lease alive. */
bool lease_may_renew(const struct core *core, mono_t now) {
	return core->hold && core->seen == core->epoch &&
	       (peer_fresh(core, now, core->peer.echo_newest) || lease_alone(core, now));
}

/* The end that we may count on: from before the decision, less the tick by which the kernel may be early. */
static mono_t lease_end(const struct core *core, mono_t decided) {
	return decided + core->config.timers.lease - core->config.timers.tick;
}

mono_t lease_renewed_at(const struct core *core) {
	const struct timers *t = &core->config.timers;

	return core->hold ? core->lease_until - (t->lease - t->tick) : MONO_NEVER;
}

mono_t core_lease_until(const struct core *core) {
	return core->lease_until;
}

void lease_granted(struct core *core, mono_t decided) {
	core->hold = core->held = true;
	core->lease_until = lease_end(core, decided);
	core->lease_lowest = core->config.timers.lease;
}

void lease_renewed(struct core *core, mono_t now, mono_t decided) {
	if (!core->hold)
		return;
	if (core->lease_until - now < core->lease_lowest)
		core->lease_lowest = core->lease_until - now;
	core->lease_until = mono_max(core->lease_until, lease_end(core, decided));
}

/* "now > est": the lease ran out. `seen` stays. */
void lease_lapse(struct core *core, mono_t now, struct actions *actions) {
	if (core->hold && now > core->lease_until)
		lease_give_up(core, CAUSE_LAPSED, actions);
}

/* Until the kernel confirmed, every heartbeat still says that we hold it. */
void lease_give_up(struct core *core, enum cause cause, struct actions *actions) {
	if (!core->hold)
		return;
	core_because(core, cause);
	core->hold = false;
	core->dropping = true;
	core->lease_until = MONO_NEVER;
	core->conflict = false;
	core_act(actions, ACT_DROP_LEASE);
	serve_end(core, actions);
}

void lease_dropped(struct core *core, mono_t now, int error) {
	core->drop_at = error != 0 ? now + core->config.timers.heartbeat / 4 : MONO_FAR;
	if (error != 0)
		return;
	core->dropping = false;
	core->heartbeat_now = true;
}

void lease_tick(struct core *core, mono_t now, struct actions *actions) {
	if (now < core->drop_at)
		return;
	core->drop_at = MONO_FAR;
	core_act(actions, ACT_DROP_LEASE);
}
