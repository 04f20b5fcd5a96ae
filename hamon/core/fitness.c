/* How well this node could serve: what is broken, what the slow tests say, and how the service itself is. */
#include "hamon/core/parts.h"

uint16_t fitness_now(const struct core *core, mono_t now) {
	if (core->faults != 0 || !connectivity_slow(core, now))
		return FITNESS_NONE;
	return core->health == HEALTH_ILL ? FITNESS_ILL : FITNESS_FULL;
}

/* So many results in a row turn the verdict; the first one of all counts by itself when it is good. */
static bool turned(const struct core *core, bool ok) {
	if (ok)
		return core->health == HEALTH_UNKNOWN || core->health_streak >= core->config.health_rise;
	return core->health_streak >= core->config.health_fall;
}

void fitness_health(struct core *core, mono_t now, bool ok, struct actions *actions) {
	if (!core->config.health)
		return;
	if (core->health == (ok ? HEALTH_WELL : HEALTH_ILL)) {
		core->health_streak = 0;
		return;
	}
	core->health_streak++;
	if (!turned(core, ok))
		return;
	bool told = core->health != HEALTH_UNKNOWN || !ok;
	core->health = ok ? HEALTH_WELL : HEALTH_ILL;
	core->health_streak = 0;
	core->heartbeat_now = true;
	if (told)
		transition_note(core, now, NOTE_HEALTH, actions)->detail = core->health;
}

void fitness_reload(struct core *core) {
	if (core->config.health)
		return;
	core->health = HEALTH_UNKNOWN;
	core->health_streak = 0;
}
