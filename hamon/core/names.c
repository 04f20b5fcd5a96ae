/* The names of the core's enums, beside one another: what the log, the status and the traces call them. */
#include <assert.h>

#include "hamon/core/core.h"

#define NAMES(table, count) static_assert(sizeof(table) / sizeof *(table) == (count), "a name for each value")

static const char *const states[] = {
	[STATE_INIT] = "init",         [STATE_BACKUP] = "backup",       [STATE_WAITING] = "waiting",
	[STATE_SUSPECT] = "suspect",   [STATE_COUNTDOWN] = "countdown", [STATE_CLAIMING] = "claiming",
	[STATE_PRIMARY] = "primary",   [STATE_YIELDING] = "yielding",   [STATE_ASKING] = "asking",
	[STATE_ISOLATED] = "isolated", [STATE_DEAF] = "deaf",           [STATE_FAULT] = "fault",
	[STATE_LEAVING] = "leaving",
};
NAMES(states, STATE__COUNT);

static const char *const causes[] = {
	[CAUSE_NONE] = "none",
	[CAUSE_START] = "start",
	[CAUSE_HEARD] = "peer-heard",
	[CAUSE_LATE] = "peer-late",
	[CAUSE_SILENCE] = "silence",
	[CAUSE_CONSENT] = "consent",
	[CAUSE_RELEASE] = "release",
	[CAUSE_FAREWELL] = "farewell",
	[CAUSE_LAPSED] = "lease-lapsed",
	[CAUSE_REFUSED] = "lease-refused",
	[CAUSE_LEASE_GONE] = "lease-gone",
	[CAUSE_CONFLICT] = "conflict",
	[CAUSE_ASKED] = "peer-asked",
	[CAUSE_OPERATOR] = "operator",
	[CAUSE_OFFER] = "offer",
	[CAUSE_ILL] = "primary-ill",
	[CAUSE_CARRIER] = "carrier",
	[CAUSE_ADDRESSES] = "addresses",
	[CAUSE_EPOCHS] = "epoch-reserve",
	[CAUSE_PERMIT] = "permit",
	[CAUSE_STALL] = "stall",
	[CAUSE_GUARD] = "guard",
	[CAUSE_SERVING] = "serving",
	[CAUSE_TESTS] = "tests",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_STOP] = "stop",
};
NAMES(causes, CAUSE__COUNT);

static const char *const notes[] = {
	[NOTE_TRANSITION] = "transition",
	[NOTE_STALL] = "stall",
	[NOTE_CONFLICT] = "conflict",
	[NOTE_PEER_RESTARTED] = "peer-restarted",
	[NOTE_PEER_UNCOVERED] = "peer-uncovered",
	[NOTE_EPOCH] = "epoch",
	[NOTE_PAUSED] = "paused",
	[NOTE_ADDRESSES_LOST] = "addresses-lost",
	[NOTE_RESERVE] = "epoch-reserve",
	[NOTE_LINK] = "link",
	[NOTE_REQUEST] = "request",
	[NOTE_LEASE_CHANGED] = "lease-changed",
	[NOTE_WRONG_KEY] = "wrong-key",
	[NOTE_REJECTED] = "rejected",
	[NOTE_INTERFACE] = "interface",
	[NOTE_WARNING] = "warning",
	[NOTE_ERROR] = "error",
	[NOTE_INFO] = "info",
};
NAMES(notes, NOTE__COUNT);

static const char *const events[] = {
	[EV_WAKE] = "wake",
	[EV_TICK] = "tick",
	[EV_HEARTBEAT] = "heartbeat",
	[EV_WRONG_KEY] = "wrong-key",
	[EV_LINK] = "link",
	[EV_CARRIER] = "carrier",
	[EV_SENT] = "sent",
	[EV_PERMITTED] = "permitted",
	[EV_LEASE_DROPPED] = "lease-dropped",
	[EV_LEASE_LOST] = "lease-lost",
	[EV_ADDRESSES_ADDED] = "addresses-added",
	[EV_ADDRESSES_REMOVED] = "addresses-removed",
	[EV_ADDRESSES_LOST] = "addresses-lost",
	[EV_ANNOUNCED] = "announced",
	[EV_MOVED] = "moved",
	[EV_TEST_ANSWERED] = "test-answered",
	[EV_EPOCHS_RESERVED] = "epochs-reserved",
	[EV_OPERATOR] = "operator",
	[EV_STOP] = "stop",
};
NAMES(events, EV__COUNT);

static const char *const actions[] = {
	[ACT_SEND] = "send",
	[ACT_PERMIT] = "permit",
	[ACT_DROP_PERMIT] = "drop-permit",
	[ACT_DROP_LEASE] = "drop-lease",
	[ACT_ADD_ADDRESSES] = "add-addresses",
	[ACT_REMOVE_ADDRESSES] = "remove-addresses",
	[ACT_ANNOUNCE] = "announce",
	[ACT_TEST] = "test",
	[ACT_RESERVE_EPOCHS] = "reserve-epochs",
	[ACT_SAVE_PAUSE] = "save-pause",
	[ACT_ANSWER] = "answer",
	[ACT_NOTE] = "note",
	[ACT_END] = "end",
};
NAMES(actions, ACT__COUNT);

static const char *const outcomes[] = {
	[OUTCOME_DONE] = "done",
	[OUTCOME_ALREADY] = "already",
	[OUTCOME_WOULD] = "would",
	[OUTCOME_PEER_UNHEARD] = "peer-unheard",
	[OUTCOME_PEER_UNFIT] = "peer-unfit",
	[OUTCOME_UNFIT] = "unfit",
	[OUTCOME_FAULT] = "fault",
	[OUTCOME_BUSY] = "busy",
	[OUTCOME_LEAVING] = "leaving",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_ROLLED_BACK] = "rolled-back",
};
NAMES(outcomes, OUTCOME__COUNT);

static const char *const verbs[] = {
	[VERB_TAKEOVER] = "takeover",
	[VERB_STANDDOWN] = "standdown",
	[VERB_PAUSE] = "pause",
	[VERB_RESUME] = "resume",
};
NAMES(verbs, VERB__COUNT);

static const char *const policies[] = {[POLICY_MAJORITY] = "majority", [POLICY_ANY] = "any"};
NAMES(policies, POLICY__COUNT);

static const char *const alones[] = {[ALONE_TESTED] = "tested", [ALONE_ALWAYS] = "always"};
NAMES(alones, ALONE__COUNT);

const char *state_name(enum state state) {
	return state < STATE__COUNT ? states[state] : "?";
}

const char *cause_name(enum cause cause) {
	return cause < CAUSE__COUNT ? causes[cause] : "?";
}

const char *note_name(enum note_type type) {
	return type < NOTE__COUNT ? notes[type] : "?";
}

const char *event_name(enum event_type type) {
	return type < EV__COUNT ? events[type] : "?";
}

const char *action_name(enum action_type type) {
	return type < ACT__COUNT ? actions[type] : "?";
}

const char *outcome_name(enum outcome outcome) {
	return outcome < OUTCOME__COUNT ? outcomes[outcome] : "?";
}

const char *verb_name(enum verb verb) {
	return verb < VERB__COUNT ? verbs[verb] : "?";
}

const char *policy_name(enum policy policy) {
	return policy < POLICY__COUNT ? policies[policy] : "?";
}

const char *alone_name(enum alone alone) {
	return alone < ALONE__COUNT ? alones[alone] : "?";
}

const char *fault_name(enum fault fault) {
	switch (fault) {
	case FAULT_CARRIER:
		return "carrier";
	case FAULT_ADDRESSES:
		return "addresses";
	case FAULT_EPOCHS:
		return "epoch-reserve";
	case FAULT_STANDDOWN:
		return "stood-down";
	case FAULT_PERMIT:
		return "permit";
	}
	return "?";
}
