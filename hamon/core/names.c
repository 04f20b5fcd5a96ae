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
	[CAUSE_HOLDER] = "holder",
	[CAUSE_STRANGER] = "stranger",
	[CAUSE_FENCE] = "fence",
	[CAUSE_VETO] = "veto",
	[CAUSE_FAILBACK] = "failback",
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
	[NOTE_HOLDER] = "holder",
	[NOTE_FENCE] = "fence",
	[NOTE_VETO] = "veto",
	[NOTE_HEALTH] = "health",
	[NOTE_DIGEST] = "digest",
	[NOTE_HOLD_DOWN] = "hold-down",
	[NOTE_ABORTED] = "aborted",
	[NOTE_REFLECT] = "reflect",
	[NOTE_BOOT] = "boot",
	[NOTE_STRANGER] = "stranger",
	[NOTE_COMMAND] = "command",
	[NOTE_TEST] = "test",
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
	[EV_HOLDER] = "holder",
	[EV_STRANGER] = "stranger",
	[EV_RAN] = "ran",
	[EV_HEALTH] = "health",
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
	[ACT_PROBE] = "probe",
	[ACT_RUN] = "run",
	[ACT_RAISE_BOOT] = "raise-boot",
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
	[OUTCOME_DIFFERS] = "configuration-differs",
	[OUTCOME_VETOED] = "vetoed",
	[OUTCOME_SETTLED] = "settled",
	[OUTCOME_EPOCHS] = "no-epoch",
};
NAMES(outcomes, OUTCOME__COUNT);

static const char *const verbs[] = {
	[VERB_TAKEOVER] = "takeover", [VERB_STANDDOWN] = "standdown", [VERB_PAUSE] = "pause", [VERB_RESUME] = "resume",
	[VERB_RESOLVE] = "resolve",   [VERB_ABORT] = "abort",         [VERB_CLEAR] = "clear",
};
NAMES(verbs, VERB__COUNT);

static const char *const policies[] = {[POLICY_MAJORITY] = "majority", [POLICY_ANY] = "any"};
NAMES(policies, POLICY__COUNT);

static const char *const fence_modes[] = {
	[FENCE_OFF] = "off",
	[FENCE_BEST_EFFORT] = "best-effort",
	[FENCE_REQUIRED] = "required",
};
NAMES(fence_modes, FENCE__COUNT);

static const char *const fence_states[] = {
	[FENCE_IDLE] = "idle", [FENCE_DELAYED] = "delayed", [FENCE_RUNNING] = "running",
	[FENCE_DONE] = "done", [FENCE_FAILED] = "failed",
};
NAMES(fence_states, FENCE_STATE__COUNT);

static const char *const healths[] = {[HEALTH_UNKNOWN] = "unknown", [HEALTH_WELL] = "well", [HEALTH_ILL] = "ill"};
NAMES(healths, HEALTH__COUNT);

static const char *const runs[] = {
	[RUN_PRIMARY] = "primary", [RUN_BACKUP] = "backup",       [RUN_FAULT] = "fault",
	[RUN_QUIESCE] = "quiesce", [RUN_UNQUIESCE] = "unquiesce", [RUN_BEFORE_PRIMARY] = "before-primary",
	[RUN_FENCE] = "fence",     [RUN_HEALTH] = "health",
};
NAMES(runs, RUN__COUNT);

static const char *const facts[] = {
	[FACT_SILENT] = "peer-silent",   [FACT_AUTOMATIC] = "automatic",
	[FACT_NO_FAULT] = "no-fault",    [FACT_KEY] = "key",
	[FACT_DIGEST] = "configuration", [FACT_COVERED] = "times-covered",
	[FACT_TESTS] = "tests",          [FACT_PROVEN] = "tests-unbroken",
	[FACT_NO_HOLDER] = "no-holder",  [FACT_MET] = "peer-met",
	[FACT_HOLD_DOWN] = "hold-down",  [FACT_COUNTDOWN] = "countdown",
	[FACT_NO_ABORT] = "not-aborted", [FACT_FENCED] = "fenced",
	[FACT_NO_VETO] = "no-veto",      [FACT_EPOCHS] = "epochs",
	[FACT_CONTACT] = "peer-heard",   [FACT_PEER_FIT] = "peer-fit",
};
NAMES(facts, FACT__COUNT);

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

const char *fence_mode_name(enum fence_mode mode) {
	return mode < FENCE__COUNT ? fence_modes[mode] : "?";
}

const char *fence_state_name(enum fence_state state) {
	return state < FENCE_STATE__COUNT ? fence_states[state] : "?";
}

const char *health_name(enum health health) {
	return health < HEALTH__COUNT ? healths[health] : "?";
}

const char *run_name(enum run run) {
	return run < RUN__COUNT ? runs[run] : "?";
}

const char *fact_name(enum fact fact) {
	return fact < FACT__COUNT ? facts[fact] : "?";
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
	case FAULT_VETO:
		return "veto";
	case FAULT_STRANGER:
		return "stranger";
	}
	return "?";
}
