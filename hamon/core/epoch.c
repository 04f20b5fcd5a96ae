/* Epochs: every claim bears a higher one than anybody has seen. Owns parity, adoption and the reserve on disk. */
#include "hamon/core/parts.h"

/* Asked for so many ahead that no claim waits for a disk, and so early that a slow one does no harm. */
enum { RESERVE_AHEAD = 64, RESERVE_LOW = 48 };

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

void epoch_reserve(struct core *core, mono_t now, struct actions *actions) {
	if (core->reserving || core->seen + RESERVE_LOW <= core->reserved || now < core->reserve_at)
		return;
	core->reserving = true;
	core_act(actions, ACT_RESERVE_EPOCHS)->epoch = core->seen + RESERVE_AHEAD;
}

void epoch_reserved(struct core *core, mono_t now, int error, uint64_t reserved, struct actions *actions) {
	core->reserving = false;
	if (error == 0) {
		core->reserved = reserved > core->reserved ? reserved : core->reserved;
		core->faults &= (uint16_t)~FAULT_EPOCHS;
		return;
	}
	core->reserve_at = now + reserve_retry;
	struct note *note = transition_note(core, now, NOTE_RESERVE, actions);
	note->detail = error;
	note->value = core->reserved > core->seen ? (int64_t)(core->reserved - core->seen) : 0;
	if (!epoch_available(core) && !core->hold)
		core->faults |= FAULT_EPOCHS;
}
