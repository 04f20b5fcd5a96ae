/* The facts that are listed for people against the rules that decide: a planned takeover's refusals name what is missing,
 * and whatever happens, no claim by silence is made while a fact of an automatic one does not hold. What each guard of such
 * a claim is, core_claim.c tries one by one. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

static struct world w;

#define FACT(name) (UINT32_C(1) << FACT_##name)

/* ---- a planned takeover ---- */

static void nothing(void) {
}

static void not_echoed(void) {
	w.echoing = false;
	world_pass(&w, world_timers(&w)->echo + world_h(&w));
}

static void unheard(void) {
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + MSEC);
}

static void no_test_answers(void) {
	w.answering = 0;
	world_pass(&w, 5 * SEC);
}

static void told_another_configuration(void) {
	w.config.digest = 1;
	world_reload(&w);
	w.says.digest = 2;
	world_hear(&w);
}

static void no_carrier(void) {
	world_carrier(&w, false);
}

static void no_epoch_in_reserve(void) {
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	w.core.reserved = w.core.seen;
}

static void never_asked(void) {
	w.config.gate = true;
	world_reload(&w);
}

static void vetoed(void) {
	never_asked();
	w.failing = 1U << RUN_BEFORE_PRIMARY;
	world_verb(&w, VERB_TAKEOVER, false, false);
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(world_outcome(&w), OUTCOME_VETOED);
}

static void stood_down(void) {
	w.core.faults |= FAULT_STANDDOWN;
}

/* Of those that are asked for, what stands against an operator's takeover. */
static uint32_t against(uint32_t asked, const struct core_facts *facts) {
	return asked & ~facts->hold & ~facts->ahead & ~facts->forgiven;
}

Test(core_facts, of_a_planned_takeover_are_what_it_is_refused_for) {
	static const struct {
		const char *what;
		void (*out)(void);
		enum outcome outcome;
		uint32_t against;
	} rows[] = {
		{"nothing is missing", nothing, OUTCOME_WOULD, 0},
		{"before-primary was not asked yet", never_asked, OUTCOME_WOULD, 0},
		{"before-primary said no", vetoed, OUTCOME_WOULD, 0},
		{"stood down", stood_down, OUTCOME_WOULD, 0},
		{"no epoch", no_epoch_in_reserve, OUTCOME_EPOCHS, FACT(EPOCHS)},
		{"not echoed", not_echoed, OUTCOME_PEER_UNHEARD, FACT(CONTACT)},
		{"unheard", unheard, OUTCOME_PEER_UNHEARD, FACT(CONTACT)},
		{"no test answers", no_test_answers, OUTCOME_UNFIT, FACT(TESTS)},
		{"the configurations differ", told_another_configuration, OUTCOME_DIFFERS, FACT(DIGEST)},
		{"a fault", no_carrier, OUTCOME_FAULT, FACT(NO_FAULT)},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		world_backup(&w);
		rows[i].out();
		world_verb(&w, VERB_TAKEOVER, false, true);
		cr_assert_eq(world_outcome(&w), rows[i].outcome, "%s: %s", rows[i].what, outcome_name(world_outcome(&w)));
		struct core_facts facts;
		core_facts(&w.core, w.now, &facts);
		uint32_t obstacles = against(facts.planned, &facts);
		cr_assert_eq(obstacles, rows[i].against, "%s: %x", rows[i].what, obstacles);
		world_verb(&w, VERB_TAKEOVER, true, true);
		bool would = world_outcome(&w) == OUTCOME_WOULD;
		cr_assert_eq(against(facts.forced, &facts) == 0, would, "%s by force", rows[i].what);
	}
}

/* Who only regains the role may replace a silent peer that was told something else, and may not ask one that is heard for
 * it. */
Test(core_facts, of_another_configuration_count_while_the_peer_is_heard) {
	struct core_facts facts;

	world_init(&w);
	world_primary(&w);
	unheard();
	world_verb(&w, VERB_STANDDOWN, true, false);
	w.on = true;
	told_another_configuration();
	world_verb(&w, VERB_TAKEOVER, false, true);
	cr_assert_eq(world_outcome(&w), OUTCOME_DIFFERS, "%s", outcome_name(world_outcome(&w)));
	core_facts(&w.core, w.now, &facts);
	cr_assert_eq(against(facts.planned, &facts), FACT(DIGEST), "%x", against(facts.planned, &facts));
	unheard();
	core_facts(&w.core, w.now, &facts);
	cr_assert(facts.hold & FACT(DIGEST));
}

static void somebody_answers(void) {
	world_claimed(&w, EV_HOLDER);
}

static void not_covered(void) {
	w.core.peer.cover = world_timers(&w)->dead;
}

static void the_fence_failed(void) {
	w.config.fence = FENCE_REQUIRED;
	w.failing = 1U << RUN_FENCE;
	world_reload(&w);
	world_pass(&w, world_timers(&w)->dead);
}

/* By force, without contact, it is a takeover by silence: what not even force skips. */
Test(core_facts, of_a_takeover_by_force_are_what_it_does_not_skip) {
	static const struct {
		const char *what;
		void (*out)(void);
		uint32_t against;
	} rows[] = {
		{"nothing is missing", nothing, 0},
		{"no test answers", no_test_answers, 0},
		{"somebody answers", somebody_answers, FACT(NO_HOLDER)},
		{"the peer's times not covered", not_covered, FACT(COVERED)},
		{"the fence failed", the_fence_failed, FACT(FENCED)},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		world_backup(&w);
		unheard();
		rows[i].out();
		struct core_facts facts;
		core_facts(&w.core, w.now, &facts);
		uint32_t obstacles = against(facts.forced, &facts);
		cr_assert_eq(obstacles, rows[i].against, "%s: %x", rows[i].what, obstacles);
	}
}

/* Against a takeover by silence stands a command that said no, and none that was not asked; and test IPs once they are
 * asked. */
Test(core_facts, of_who_is_asked_on_the_way) {
	struct core_facts facts;

	world_init(&w);
	world_backup(&w);
	never_asked();
	core_facts(&w.core, w.now, &facts);
	cr_assert_eq(facts.ahead & (FACT(NO_VETO) | FACT(PROVEN)), FACT(NO_VETO) | FACT(PROVEN));
	vetoed();
	core_facts(&w.core, w.now, &facts);
	cr_assert_eq(facts.ahead & FACT(NO_VETO), 0);
	unheard();
	core_facts(&w.core, w.now, &facts);
	cr_assert_eq(facts.ahead & FACT(PROVEN), 0);
}

/* A request a second is enough while the peer is heard: its answers are older than F most of the time, and good enough. */
Test(core_facts, tests_pass_by_the_slow_verdict_while_the_peer_is_heard) {
	world_init(&w);
	world_backup(&w);
	for (mono_t end = w.now + 3 * SEC; w.now < end;) {
		world_pass(&w, world_h(&w));
		struct core_facts facts;
		core_facts(&w.core, w.now, &facts);
		cr_assert_eq(facts.planned & ~facts.hold, 0, "%x", facts.planned & ~facts.hold);
	}
}

Test(core_facts, what_the_peer_could_do_is_one) {
	world_init(&w);
	world_backup(&w);
	struct core_facts facts;
	core_facts(&w.core, w.now, &facts);
	cr_assert(facts.hold & FACT(PEER_FIT));
	w.says.fitness = 0;
	world_hear(&w);
	core_facts(&w.core, w.now, &facts);
	cr_assert(!(facts.hold & FACT(PEER_FIT)));
	cr_assert(!(facts.planned & FACT(PEER_FIT)) && !(facts.automatic & (FACT(PEER_FIT) | FACT(CONTACT))));
}

Test(core_facts, a_heard_peer_is_all_that_stands_against_a_ready_backup) {
	world_init(&w);
	world_backup(&w);
	cr_assert_eq(world_missing_automatic(&w) & ~FACT(PROVEN), FACT(SILENT), "%x", world_missing_automatic(&w));
}

/* ---- no claim by silence while a fact is missing ---- */

/* A small generator of our own, so that a seed means the same everywhere (Knuth's MMIX). */
static uint64_t drawn;

static uint32_t draw(uint32_t below) {
	drawn = drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(drawn >> 33) % below;
}

static bool seldom(void) {
	return draw(8) == 0;
}

static void random_config(void) {
	world_init(&w);
	w.config.gate = seldom();
	w.config.fence = seldom() ? FENCE_REQUIRED : seldom() ? FENCE_BEST_EFFORT : FENCE_OFF;
	w.config.fence_delay = seldom() ? 200 * MSEC : 0;
	w.config.countdown = seldom() ? 500 * MSEC : 0;
	w.config.hold_down = draw(2) * SEC;
	w.config.hold_down_most = 2 * SEC;
	w.config.wait_for_peer = seldom();
	w.config.stand_down = seldom();
	w.config.digest = 1;
	w.says.digest = 1;
	w.failing = draw(2) << RUN_FENCE | draw(2) << RUN_BEFORE_PRIMARY;
	w.hanging = seldom() << RUN_FENCE | seldom() << RUN_BEFORE_PRIMARY;
}

/* One thing happens. */
static void disturb(void) {
	switch (draw(12)) {
	case 0:
		w.answering = seldom() ? 0 : UINT16_MAX;
		return;
	case 1:
		w.holder = seldom();
		return;
	case 2:
		if (seldom())
			world_event(&w, &(struct event){.type = EV_WRONG_KEY});
		return;
	case 3:
		world_verb(&w, VERB_RESUME, false, false);
		if (seldom())
			world_pause(&w, 0);
		return;
	case 4:
		w.says.digest = seldom() ? 2 : 1;
		return;
	case 5:
		if (seldom())
			world_verb(&w, VERB_ABORT, false, false);
		return;
	case 6:
		world_carrier(&w, !seldom());
		return;
	case 7:
		if (seldom())
			world_claimed(&w, EV_STRANGER);
		return;
	case 8:
		if (seldom())
			w.now += draw(300) * MSEC; /* we stand still */
		return;
	case 9:
		w.says.deaf = seldom();
		return;
	case 10:
		w.on = !w.on;
		w.says.lease = w.on;
		w.says.seen = w.core.seen + (w.core.seen % 2 == 0);
		return;
	case 11:
		world_verb(&w, VERB_CLEAR, false, false);
		return;
	default:
		cr_assert(false, "a disturbance without its case");
	}
}

/* One wake, as world_wake(), with a look at the facts right before the rules decide. Was a claim by silence begun? */
static bool wake(void) {
	world_forget(&w);
	world_event(&w, &(struct event){.type = EV_WAKE});
	if (w.on && w.peer_at <= w.now) {
		world_hear(&w);
		w.peer_at = w.now + world_h(&w);
	}
	uint32_t missing = world_missing_automatic(&w) & ~(FACT(FENCED) | FACT(NO_VETO));
	w.mute = 1U << ACT_PERMIT; /* so that what was begun can be looked at */
	world_event(&w, &(struct event){.type = EV_TICK});
	w.mute = 0;
	if (world_count(&w, ACT_PERMIT) == 0)
		return false;
	bool silent = w.core.claim_ground == CAUSE_SILENCE;
	/* The commands end in the wake that asks for them: they are looked at behind the rules. */
	missing |= world_missing_automatic(&w) & (FACT(FENCED) | FACT(NO_VETO));
	cr_assert(!silent || missing == 0, "claimed by silence, and missing is %x", missing);
	world_done(&w, EV_PERMITTED, 0);
	return silent;
}

Test(core_facts, no_claim_by_silence_while_one_is_missing) {
	enum { PAIRS = 300, WAKES = 600 };
	size_t claims = 0;

	for (uint64_t seed = 0; seed < PAIRS; seed++) {
		drawn = seed;
		random_config();
		world_boot(&w);
		w.on = true;
		for (int i = 0; i < WAKES; i++) {
			w.now += world_h(&w) / 4;
			if (seldom())
				disturb();
			claims += wake();
		}
	}
	cr_assert_gt(claims, PAIRS / 2, "else nothing was tried: %zu", claims);
}
