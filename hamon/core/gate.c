/* The two commands that a claim waits for: before-primary, which may veto, and the fence, which makes a silent peer
 * harmless. Each is answered within its deadline, by whoever runs it; nothing else of the node waits. */
#include "hamon/core/parts.h"

/* An agreement, and a fence that succeeded, are worth something for so long: what was fenced may be started again. A veto,
 * and a fence that failed, are asked again after as long. */
static const span_t agreement = 30 * SEC;
static const span_t again = 10 * SEC;

static uint32_t run(struct core *core, enum run what, struct actions *actions) {
	struct action *action = core_act(actions, ACT_RUN);

	action->run.run = what;
	action->run.id = ++core->runs;
	return action->run.id;
}

/* ---- before-primary ---- */

bool gate_open(const struct core *core, mono_t now) {
	return !core->config.gate || (core->gate == GATE_OPEN && now < core->gate_at);
}

bool gate_agrees(struct core *core, mono_t now, struct actions *actions) {
	if (gate_open(core, now))
		return true;
	if (core->gate != GATE_ASKED) {
		core->gate = GATE_ASKED;
		core->gate_run = run(core, RUN_BEFORE_PRIMARY, actions);
	}
	return false;
}

static void gate_answered(struct core *core, mono_t now, bool ok, struct actions *actions) {
	transition_note(core, now, NOTE_VETO, actions)->detail = !ok;
	core->gate = ok ? GATE_OPEN : GATE_UNKNOWN;
	core->gate_at = now + agreement;
	if (ok)
		return;
	core->veto_until = now + again;
	fault_set(core, now, FAULT_VETO, CAUSE_VETO, actions);
}

/* ---- the fence ---- */

bool gate_fenced(const struct core *core) {
	switch (core->config.fence) {
	case FENCE_OFF:
		return true;
	case FENCE_BEST_EFFORT:
		return core->fence == FENCE_DONE || core->fence == FENCE_FAILED;
	case FENCE_REQUIRED:
		return core->fence == FENCE_DONE;
	case FENCE__COUNT:
		break;
	}
	return false;
}

static void fence_answered(struct core *core, mono_t now, bool ok, struct actions *actions) {
	core->fence = ok ? FENCE_DONE : FENCE_FAILED;
	core->fence_at = now + (ok ? agreement : again);
	if (!ok)
		core_because(core, CAUSE_FENCE);
	transition_note(core, now, NOTE_FENCE, actions)->detail = core->fence;
}

/* Silence has lasted long enough, and nothing else stands against the claim. */
static bool fence(struct core *core, mono_t now, struct actions *actions) {
	if ((core->fence == FENCE_DONE || core->fence == FENCE_FAILED) && now >= core->fence_at)
		core->fence = FENCE_IDLE;
	if (gate_fenced(core))
		return true;
	if (core->fence == FENCE_IDLE) {
		core->fence = FENCE_DELAYED;
		core->fence_at = now + core->config.fence_delay;
	}
	if (core->fence == FENCE_DELAYED && now >= core->fence_at) {
		core->fence = FENCE_RUNNING;
		core->fence_run = run(core, RUN_FENCE, actions);
		transition_note(core, now, NOTE_FENCE, actions)->detail = core->fence;
	}
	return false;
}

void gate_heard(struct core *core) {
	core->fence = FENCE_IDLE;
}

/* ---- both ---- */

bool gate_pass(struct core *core, mono_t now, enum cause ground, struct actions *actions) {
	if (!gate_agrees(core, now, actions))
		return false;
	return ground != CAUSE_SILENCE || fence(core, now, actions);
}

bool gate_waits(const struct core *core, mono_t now) {
	return core->gate == GATE_ASKED || core->fence == FENCE_RUNNING ||
	       (core->fence == FENCE_DELAYED && now < core->fence_at);
}

/* A late answer, to a question that is not asked any more, says nothing. */
void gate_ran(struct core *core, mono_t now, enum run what, uint32_t id, bool ok, struct actions *actions) {
	if (what == RUN_BEFORE_PRIMARY && core->gate == GATE_ASKED && id == core->gate_run)
		gate_answered(core, now, ok, actions);
	if (what == RUN_FENCE && core->fence == FENCE_RUNNING && id == core->fence_run)
		fence_answered(core, now, ok, actions);
}

void gate_tick(struct core *core, mono_t now, struct actions *actions) {
	if (core->hold)
		core->gate = GATE_UNKNOWN;
	if ((core->faults & FAULT_VETO) && now >= core->veto_until)
		fault_clear(core, FAULT_VETO, CAUSE_VETO);
	/* Asked early: the answer is to be there when the dead interval is over. */
	if (!core->hold && !core->leaving && peer_unheard(core, now) && !evidence_held(core, now) &&
	    claim_eligible(core, now))
		gate_agrees(core, now, actions);
}

void gate_clear(struct core *core) {
	if (core->fence == FENCE_FAILED)
		core->fence = FENCE_IDLE;
	fault_clear(core, FAULT_VETO, CAUSE_OPERATOR);
}

/* What a command said, or will say, that is configured no more, is nothing. */
void gate_reload(struct core *core) {
	if (core->config.gate)
		return;
	core->gate = GATE_UNKNOWN;
	fault_clear(core, FAULT_VETO, CAUSE_OPERATOR);
}
