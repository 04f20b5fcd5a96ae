/* Connectivity: which test IPs answer, how fresh that is, and what the policy makes of it. */
#include "hamon/core/parts.h"

/* While all is well, a request a second to each test IP is enough. */
static const span_t slow_interval = 1 * SEC;

/* The slow verdict bears one lost answer. */
span_t connectivity_slow_limit(const struct core *core) {
	return 5 * slow_interval / 2 + core->config.timers.test_fresh;
}

void connectivity_answer(struct core *core, unsigned slot, mono_t sent) {
	if (slot >= CORE_TESTS || !(core->config.tests >> slot & 1))
		return;
	struct test *test = &core->tests[slot];
	if (sent <= test->answered)
		return;
	/* A gap as long as F would prove nothing. A freeze that we bear, and the interval it interrupts, is no gap. */
	if (sent - test->answered > core->config.timers.test_fresh - core->config.timers.heartbeat / 2)
		test->unbroken = sent;
	test->answered = sent;
}

static bool fresh(const struct core *core, mono_t now, unsigned slot) {
	return now - core->tests[slot].answered <= core->config.timers.test_fresh;
}

static bool proven(const struct core *core, mono_t now, unsigned slot) {
	return fresh(core, now, slot) && now - core->tests[slot].unbroken >= core->config.timers.test_proof;
}

bool connectivity_slow_one(const struct core *core, mono_t now, unsigned slot) {
	return now - core->tests[slot].answered <= connectivity_slow_limit(core);
}

typedef bool judge(const struct core *core, mono_t now, unsigned slot);

static uint16_t mask_of(const struct core *core, mono_t now, judge *passes) {
	uint16_t mask = 0;

	for (unsigned slot = 0; slot < CORE_TESTS; slot++)
		if (core->config.tests >> slot & 1 && passes(core, now, slot))
			mask |= (uint16_t)(1U << slot);
	return mask;
}

/* The policy's word on the test IPs in `passed`. Nothing to test: connectivity counts as given. */
static bool policy_holds(const struct core *core, uint16_t passed) {
	const struct core_config *config = &core->config;
	int all = __builtin_popcount(config->tests), yes = __builtin_popcount(passed);

	if (all == 0)
		return true;
	switch (config->policy) {
	case POLICY_MAJORITY:
		/* Two majorities share an IP. With an even number the first one listed has the casting vote. */
		return 2 * yes > all || (2 * yes == all && passed >> config->casting & 1);
	case POLICY_ANY:
		return yes > 0;
	case POLICY__COUNT:
		break;
	}
	return false;
}

uint16_t connectivity_fresh_mask(const struct core *core, mono_t now) {
	return mask_of(core, now, fresh);
}

uint16_t connectivity_proven_mask(const struct core *core, mono_t now) {
	return mask_of(core, now, proven);
}

uint16_t connectivity_slow_mask(const struct core *core, mono_t now) {
	return mask_of(core, now, connectivity_slow_one);
}

bool connectivity_fit(const struct core *core, mono_t now) {
	return policy_holds(core, connectivity_fresh_mask(core, now));
}

bool connectivity_proven(const struct core *core, mono_t now) {
	return policy_holds(core, connectivity_proven_mask(core, now));
}

bool connectivity_slow(const struct core *core, mono_t now) {
	return policy_holds(core, connectivity_slow_mask(core, now));
}

/* Slow while all is well; from the first late heartbeat on, and while alone, one every h: only these give FIT and the
 * unbroken run, and they start early so that their answers are there when the dead interval is up. */
void connectivity_tick(struct core *core, mono_t now, struct actions *actions) {
	bool burst = peer_late(core, now);

	if (burst && !core->test_burst)
		core->test_at = now;
	core->test_burst = burst;
	if (now < core->test_at || core->config.tests == 0)
		return;
	span_t interval = burst ? core->config.timers.heartbeat : slow_interval;
	core->test_at += interval;
	if (core->test_at <= now)
		core->test_at = now + interval;
	core_act(actions, ACT_TEST)->tests = core->config.tests;
}

void connectivity_reload(struct core *core, mono_t now, uint16_t changed) {
	for (unsigned slot = 0; slot < CORE_TESTS; slot++)
		if (changed >> slot & 1)
			core->tests[slot] = (struct test){.answered = MONO_NEVER, .unbroken = MONO_NEVER};
	if (changed)
		core->test_at = now;
}
