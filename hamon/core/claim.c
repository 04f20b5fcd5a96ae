/* Who may claim the role, and the claim itself: permit, guard again, grant, addresses. */
#include <assert.h>

#include "hamon/core/parts.h"

/* A grant that fails again and again is tried once in so many dead intervals. */
enum { CLAIM_DEADS = 4 };

/* A node whose key differs is no dead peer: somebody lives there, and may well serve. Nor is one that lost its boot number,
 * and whose frames therefore pass for those of an earlier life. */
bool claim_stranger(const struct core *core, mono_t now) {
	return now - mono_max(core->wrong_key, core->peer.old_rx) <= core->config.timers.dead;
}

/* The role was ours, and nobody has claimed it since, as far as we know: to take it back moves nothing. */
bool claim_regains(const struct core *core) {
	return core->held && epoch_owned(core);
}

/* The peer was told something else. What a dead peer was told matters to nobody who only regains his own. */
bool claim_misled(const struct core *core) {
	return peer_differs(core) && !claim_regains(core);
}

/* ELIGIBLE: automatic failover is in force, nothing is broken here, no stranger speaks for the peer, both were told the
 * same, the peer was met or need not have been, no operator stopped it, our dead interval covers the peer's times, and the
 * tests hold. */
bool claim_eligible(const struct core *core, mono_t now) {
	return core_automatic(core) && core->faults == 0 && !claim_stranger(core, now) && !claim_misled(core) &&
	       (core->met || !core->config.wait_for_peer) && !core->aborted &&
	       timers_cover(&core->config.timers, core->peer.cover) && connectivity_fit(core, now);
}

/* The countdown that people are given, or the hold-down after too many takeovers. Neither is for a lone survivor whose own
 * lease lapsed. */
span_t claim_delay(const struct core *core) {
	return claim_regains(core) ? 0 : mono_max(core->config.countdown, damping_delay(core));
}

/* It counts from the peer's last heartbeat: a stall of ours begins the dead interval anew, and not all of a countdown, or
 * one would never end on a machine that freezes now and then. */
mono_t claim_delayed_until(const struct core *core, span_t delay) {
	return mono_max(core->peer.rx, core->start) + core->config.timers.dead + delay;
}

/* "claim by release": the peer gave it up to this very request; an older release may still be in the newest frame. */
static bool by_release(const struct core *core, mono_t now) {
	const struct heartbeat *pm = &core->peer.frame;

	return core->want != 0 && peer_answers(core, now) && pm->rel == core->want && core->rel == 0 && !pm->lease;
}

/* "claim by farewell": the peer ends, holds nothing, and knows that we are here. */
static bool by_farewell(const struct core *core, mono_t now) {
	return peer_answers(core, now) && core->peer.frame.leaving && !core->peer.frame.lease;
}

/* "claim by consent": we own the highest epoch, and the peer confirms lately that it holds nothing and asks for nothing. */
static bool by_consent(const struct core *core, mono_t now) {
	const struct heartbeat *pm = &core->peer.frame;

	return epoch_owned(core) && peer_answers(core, now) && !pm->lease && pm->want == 0 && core->rel == 0 &&
	       !peer_unheard(core, now) && !handover_offers(core, now);
}

/* "claim by silence": on all links for D, with tests that held unbroken for H, and nobody who answers for a shared IP.
 * Force skips tests and delays, never D, and never an answer: who answers holds the lease. */
static bool by_silence(const struct core *core, mono_t now) {
	const struct timers *t = &core->config.timers;
	bool forced = now < core->force_until;

	return now - peer_silent_since(core) >= t->dead &&
	       (forced || now >= claim_delayed_until(core, claim_delay(core))) &&
	       (forced || (claim_eligible(core, now) && connectivity_proven(core, now))) && !evidence_held(core, now) &&
	       timers_cover(t, core->peer.cover);
}

/* The rule that lets this node claim now; CAUSE_NONE: none does. */
static enum cause claim_ground(const struct core *core, mono_t now) {
	if (core->hold || core->dropping || core->leaving || core->faults || !epoch_available(core))
		return CAUSE_NONE;
	if (by_release(core, now))
		return CAUSE_RELEASE;
	if (by_farewell(core, now))
		return CAUSE_FAREWELL;
	if (by_consent(core, now))
		return CAUSE_CONSENT;
	if (by_silence(core, now))
		return CAUSE_SILENCE;
	return CAUSE_NONE;
}

/* CLAIM (1): a permit, which outlives nothing. */
void claim_tick(struct core *core, mono_t now, struct actions *actions) {
	if (core->claim != CLAIM_NONE || now < core->claim_at)
		return;
	enum cause ground = claim_ground(core, now);
	if (ground == CAUSE_NONE || !gate_pass(core, now, ground, actions))
		return;
	core->claim = CLAIM_PERMIT;
	core->claim_ground = ground;
	core->claim_decided = now;
	core_because(core, ground);
	core_act(actions, ACT_PERMIT)->permit.life = core->config.timers.permit;
}

void claim_abandon(struct core *core, enum cause cause, struct actions *actions) {
	/* Once the grant is on its way only the kernel's answer ends the claim. */
	if (core->claim != CLAIM_PERMIT)
		return;
	core->claim = CLAIM_NONE;
	core_because(core, cause);
	core_act(actions, ACT_DROP_PERMIT);
}

/* CLAIM (2), (3): the sockets were drained and the clock read anew; the same guard once more, then the heartbeat whose mark
 * turns the permit into a lease as it leaves, or is refused. */
void claim_permitted(struct core *core, mono_t now, int error, struct actions *actions) {
	if (core->claim != CLAIM_PERMIT) {
		core_act(actions, ACT_DROP_PERMIT);
		return;
	}
	if (error != 0) {
		core->claim = CLAIM_NONE;
		fault_set(core, now, FAULT_PERMIT, CAUSE_PERMIT, actions);
		return;
	}
	if (now - core->claim_decided > core->config.timers.stall || claim_ground(core, now) != core->claim_ground) {
		claim_abandon(core, CAUSE_GUARD, actions);
		return;
	}
	core->claim = CLAIM_GRANT;
	core->want = core->rel = 0;
	core->claim_moves = !claim_regains(core);
	core->seen = core->epoch = epoch_next(core);
	epoch_reserve(core, now, actions);
	core_because(core, core->claim_ground);
	speak_grant(core, now, actions);
}

/* What failed once may go well at once; what fails again and again, such as a link that takes nothing, is tried less and
 * less often: each trial takes an epoch. */
static void back_off(struct core *core, mono_t now) {
	const struct timers *t = &core->config.timers;
	span_t wait = t->heartbeat;

	for (unsigned i = 0; i < core->claim_failures && wait < CLAIM_DEADS * t->dead; i++)
		wait *= 2;
	core->claim_failures++;
	core->claim_at = now + mono_min(wait, CLAIM_DEADS * t->dead);
}

/* CLAIM (4): the kernel's word on the grant. Refused: there is no lease, and `seen` stays. */
void claim_granted(struct core *core, mono_t now, enum sent result, mono_t decided, struct actions *actions) {
	assert(core->claim == CLAIM_GRANT);
	core->claim = CLAIM_NONE;
	core_act(actions, ACT_DROP_PERMIT);
	if (result != SENT_OUT) {
		core_because(core, CAUSE_REFUSED);
		back_off(core, now);
		return;
	}
	core->claim_failures = 0;
	core->aborted = false; /* that countdown is history: whoever serves may regain its own */
	lease_granted(core, decided);
	core_because(core, core->claim_ground);
	if (core->claim_ground == CAUSE_SILENCE && core->claim_moves && core->met)
		damping_count(core, now, actions);
	conflict_granted(core, now, actions);
	if (core->leaving)
		lease_give_up(core, CAUSE_STOP, actions);
	if (core->faults)
		lease_give_up(core, CAUSE_CARRIER, actions);
	if (core->hold)
		serve_begin(core, actions);
}
