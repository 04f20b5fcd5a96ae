/* Flap damping: a link that comes and goes shall not move the role each time. Each takeover by silence is counted and
 * forgotten after a while; from the fourth one on the next waits longer, twice as long each time. */
#include "hamon/core/parts.h"

enum { FREE = 3 };
static const span_t decay = 120 * SEC;

span_t damping_delay(const struct core *core) {
	span_t delay = core->config.hold_down;

	if (core->failovers < FREE + 1 || delay == 0)
		return 0;
	for (unsigned i = FREE + 1; i < core->failovers && delay < core->config.hold_down_most; i++)
		delay *= 2;
	return mono_min(delay, core->config.hold_down_most);
}

/* At a claim by silence. */
void damping_count(struct core *core, mono_t now, struct actions *actions) {
	span_t before = damping_delay(core);

	core->failovers++;
	core->decay_at = now + decay;
	if (damping_delay(core) == before)
		return;
	struct note *note = transition_note(core, now, NOTE_HOLD_DOWN, actions);
	note->value = damping_delay(core);
	note->detail = (int32_t)core->failovers;
}

void damping_tick(struct core *core, mono_t now) {
	if (now < core->decay_at)
		return;
	core->failovers--;
	core->decay_at = core->failovers > 0 ? now + decay : MONO_FAR;
}

void damping_clear(struct core *core) {
	core->failovers = 0;
	core->decay_at = MONO_FAR;
}
