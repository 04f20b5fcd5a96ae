/* The states that people see, derived from what the rules hold, and the one place where a change of them is recorded with
 * its cause and the facts it rested on. */
#include "hamon/core/parts.h"

mono_t transition_dead_at(const struct core *core) {
	return mono_max(peer_silent_since(core) + core->config.timers.dead, claim_delayed_until(core, claim_delay(core)));
}

/* The lease was ours, and nobody confirms that we may have it again. */
static bool isolated(const struct core *core, mono_t now) {
	return core->held && epoch_owned(core) && !peer_fresh(core, now, core->peer.echo);
}

static enum state serving(const struct core *core) {
	return core->served ? STATE_PRIMARY : STATE_CLAIMING;
}

/* To a claim. Not where somebody answers for a shared IP, nor beside a peer that is deaf (so we are not) if we may not. */
static bool runs_down(const struct core *core, mono_t now) {
	return !evidence_held(core, now) && (now < core->force_until || claim_eligible(core, now));
}

/* The order is the order of importance. */
static enum state state_of(const struct core *core, mono_t now) {
	if (core->leaving)
		return STATE_LEAVING;
	if (core->hold)
		return serving(core);
	if (core->claim != CLAIM_NONE)
		return STATE_CLAIMING;
	if (speak_listening(core, now))
		return STATE_INIT;
	if (core->faults)
		return STATE_FAULT;
	if (core->rel != 0 && !peer_holds(core))
		return STATE_YIELDING;
	if (core->want != 0)
		return STATE_ASKING;
	if (isolated(core, now))
		return STATE_ISOLATED;
	if (speak_deaf(core, now))
		return STATE_DEAF;
	if (peer_unheard(core, now))
		return runs_down(core, now) ? STATE_COUNTDOWN : STATE_SUSPECT;
	if (peer_suspect(core, now))
		return STATE_SUSPECT;
	return peer_holds(core) ? STATE_BACKUP : STATE_WAITING;
}

/* Of a fault that began before the state could show it. */
static enum cause fault_cause(const struct core *core) {
	if (core->faults & FAULT_CARRIER)
		return CAUSE_CARRIER;
	if (core->faults & FAULT_ADDRESSES)
		return CAUSE_ADDRESSES;
	if (core->faults & FAULT_EPOCHS)
		return CAUSE_EPOCHS;
	if (core->faults & FAULT_PERMIT)
		return CAUSE_PERMIT;
	if (core->faults & FAULT_VETO)
		return CAUSE_VETO;
	if (core->faults & FAULT_STRANGER)
		return CAUSE_STRANGER;
	return CAUSE_OPERATOR; /* a standdown by force */
}

/* Where no rule spoke in this step, time did. */
static enum cause plain_cause(const struct core *core, enum state to) {
	switch (to) {
	case STATE_SUSPECT:
		return CAUSE_LATE;
	case STATE_COUNTDOWN:
		return CAUSE_SILENCE;
	case STATE_DEAF:
		return CAUSE_TESTS;
	case STATE_PRIMARY:
		return CAUSE_SERVING;
	case STATE_BACKUP:
	case STATE_WAITING:
		return core->peer.known ? CAUSE_HEARD : CAUSE_START;
	case STATE_ISOLATED:
		return CAUSE_LAPSED;
	case STATE_FAULT:
		return fault_cause(core);
	case STATE_INIT:
	case STATE_CLAIMING:
	case STATE_YIELDING:
	case STATE_ASKING:
	case STATE_LEAVING:
	case STATE__COUNT:
		break;
	}
	return CAUSE_NONE;
}

static void state_facts(const struct core *core, mono_t now, struct facts *facts) {
	/* A frame that is drained late in a wake is newer than the wake. */
	facts->silent = core->peer.known ? mono_max(0, now - core->peer.rx) : -1;
	facts->echo_age = core->peer.echo_newest == MONO_NEVER ? -1 : now - core->peer.echo_newest;
	facts->late = core->late_since_rx;
	facts->epoch = core->hold ? core->epoch : core->seen;
	facts->peer_seq = core->peer.seq;
	facts->tests = core->config.tests;
	facts->tests_fresh = connectivity_fresh_mask(core, now);
	facts->tests_proven = connectivity_proven_mask(core, now);
	facts->links = (uint16_t)((1U << core->config.links) - 1);
	facts->links_up = 0;
	for (unsigned i = 0; i < core->config.links; i++)
		facts->links_up |= (uint16_t)(core->links[i].up << i);
	facts->faults = core->faults;
	facts->addresses = (uint16_t)ip_set_count(&core->config.ips);
}

struct note *transition_note(struct core *core, mono_t now, enum note_type type, struct actions *actions) {
	struct note *note = &core_act(actions, ACT_NOTE)->note;

	note->event = core->events;
	note->at = now;
	note->type = type;
	note->from = note->to = core->state;
	state_facts(core, now, &note->facts);
	return note;
}

bool transition_is_silence(const struct core *core, mono_t now) {
	enum state to = state_of(core, now);

	return core->cause == CAUSE_NONE && (to == STATE_SUSPECT || to == STATE_COUNTDOWN || to == STATE_DEAF);
}

/* Does the new state go on for the old one's reason? A primary is one because of what made it claim; who claims by a release
 * does so because of what made it ask; who yielded is backup because of what made it yield. */
static bool goes_on(enum state from, enum state to, enum cause cause) {
	switch (cause) {
	case CAUSE_RELEASE:
		return from == STATE_ASKING && to == STATE_CLAIMING;
	case CAUSE_SERVING:
		return from == STATE_CLAIMING && to == STATE_PRIMARY;
	case CAUSE_HEARD:
		return from == STATE_YIELDING && (to == STATE_BACKUP || to == STATE_WAITING);
	default:
		return false;
	}
}

void transition_settle(struct core *core, mono_t now, struct actions *actions) {
	enum state from = core->state, to = state_of(core, now);

	if (from == to)
		return;
	core->state = to;
	core->state_since = now;
	enum cause cause = core->cause != CAUSE_NONE ? core->cause : plain_cause(core, to);
	if (!goes_on(from, to, cause))
		core->state_cause = cause;
	core->events++;
	struct note *note = transition_note(core, now, NOTE_TRANSITION, actions);
	note->from = from;
	note->to = to;
	note->cause = cause;
}
