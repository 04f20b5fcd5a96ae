/* Epochs: every claim bears a higher one than anybody has seen. Owns parity, adoption and the reserve on disk. */
#include "hamon/core/parts.h"

/* Kept so many ahead, so that no claim waits for a disk. A node that starts anew begins at the end of its reserve, and
 * whoever holds the lease must go above that at once, or its lease lapses: so the holder keeps one epoch of its own
 * more. */
enum { RESERVE_AHEAD = 64, RESERVE_HOLDER = RESERVE_AHEAD + 2 };

/* How long to wait after the state directory could not be written. */
static const span_t reserve_retry = 1 * SEC;

bool epoch_owned(const struct core *core) {
	return (core->seen & 1) == core->config.parity;
}

uint64_t epoch_next(const struct core *core) {
	uint64_t next = core->seen + 1;

	return (next & 1) == core->config.parity ? next : next + 1;
}

bool epoch_available(const struct core *core) {
	return epoch_next(core) <= core->reserved;
}

void epoch_adopt(struct core *core, mono_t now, uint64_t seen, struct actions *actions) {
	if (seen <= core->seen)
		return;
	core->seen = seen;
	epoch_reserve(core, now, actions);
}

static uint64_t reserve_target(const struct core *core) {
	return core->seen + (core->hold ? RESERVE_HOLDER : RESERVE_AHEAD);
}

void epoch_reserve(struct core *core, mono_t now, struct actions *actions) {
	/* The last attempt failed, and what was kept ahead is used up. */
	if (core->reserve_at != MONO_NEVER && !core->hold && core->claim == CLAIM_NONE && !epoch_available(core)) {
		core->faults |= FAULT_EPOCHS;
		core_because(core, CAUSE_EPOCHS);
	}
	if (core->reserving || reserve_target(core) <= core->reserved || now < core->reserve_at)
		return;
	core->reserving = true;
	core_act(actions, ACT_RESERVE_EPOCHS)->epoch = reserve_target(core);
}

void epoch_reserved(struct core *core, mono_t now, int error, uint64_t reserved, struct actions *actions) {
	bool first = core->reserve_at == MONO_NEVER;

	core->reserving = false;
	if (error == 0) {
		core->reserve_at = MONO_NEVER;
		core->reserved = reserved > core->reserved ? reserved : core->reserved;
		fault_clear(core, FAULT_EPOCHS, CAUSE_EPOCHS);
		return;
	}
	core->reserve_at = now + reserve_retry;
	if (!first) /* it was said when it began */
		return;
	struct note *note = transition_note(core, now, NOTE_RESERVE, actions);
	note->detail = error;
	note->value = core->reserved > core->seen ? (int64_t)(core->reserved - core->seen) : 0;
}
