/* Flap damping: three takeovers by silence are free, each further one makes the next wait twice as long, and each is
 * forgotten after two minutes. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

enum { FREE = 3 };
static const span_t decay = 120 * SEC;

static struct world w;

static void begin(void) {
	world_init(&w);
	w.config.hold_down = SEC;
	w.config.hold_down_most = 3 * SEC;
	world_backup(&w);
}

/* The peer falls silent until we serve, then serves again itself. How much longer than D did it take? */
static span_t flap(void) {
	mono_t rx = world_status(&w)->peer_rx;

	world_forget(&w);
	w.on = false;
	while (world_count(&w, ACT_PERMIT) == 0 && w.now < rx + 100 * SEC)
		world_pass(&w, MSEC);
	span_t waited = w.now - rx - world_timers(&w)->dead;
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	w.on = true;
	w.says.seen = w.core.seen + 1;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_BACKUP);
	return waited;
}

Test(core_damping, from_the_fourth_on_the_next_waits_twice_as_long_each_time) {
	static const span_t delays[] = {0, 0, 0, 0, SEC, 2 * SEC, 3 * SEC, 3 * SEC};

	begin();
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		cr_assert_eq(world_status(&w)->hold_down, delays[i], "%zu", i);
		span_t waited = flap();
		cr_assert(waited >= delays[i] && waited <= delays[i] + 2 * MSEC, "%zu: %ld us", i, (long)(waited / USEC));
		cr_assert_eq(world_status(&w)->failovers, i + 1);
	}
}

Test(core_damping, a_longer_wait_is_noted) {
	begin();
	for (size_t i = 0; i < FREE; i++) {
		flap();
		cr_assert_eq(world_notes(&w, NOTE_HOLD_DOWN), 0);
	}
	flap();
	const struct note *note = world_note(&w, NOTE_HOLD_DOWN);
	cr_assert(note && note->value == w.config.hold_down && note->detail == FREE + 1);
}

Test(core_damping, the_end_of_the_wait_is_shown) {
	begin();
	for (size_t i = 0; i < FREE + 1; i++)
		flap();
	mono_t rx = world_status(&w)->peer_rx;
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + world_h(&w));
	world_expect(&w, STATE_COUNTDOWN);
	cr_assert_eq(world_status(&w)->dead_at, rx + world_timers(&w)->dead + w.config.hold_down);
}

Test(core_damping, one_is_forgotten_every_two_minutes) {
	begin();
	for (unsigned i = 0; i < FREE + 2; i++)
		flap();
	cr_assert_eq(world_status(&w)->failovers, FREE + 2);
	mono_t counted = w.core.decay_at - decay;
	for (unsigned i = 1; i <= FREE + 2; i++) {
		world_pass_long(&w, counted + i * decay - MSEC - w.now);
		cr_assert_eq(world_status(&w)->failovers, FREE + 3 - i);
		world_pass(&w, world_h(&w));
		cr_assert_eq(world_status(&w)->failovers, FREE + 2 - i);
	}
	cr_assert_eq(w.core.decay_at, MONO_FAR);
	world_pass_long(&w, 2 * decay);
	cr_assert_eq(world_status(&w)->failovers, 0);
}

Test(core_damping, none_is_forgotten_while_they_go_on) {
	begin();
	flap();
	mono_t first = w.now;
	world_pass_long(&w, decay - 2 * SEC);
	flap();
	world_pass_long(&w, first + decay + SEC - w.now);
	cr_assert_eq(world_status(&w)->failovers, 2);
}

Test(core_damping, cleared_by_hand) {
	begin();
	for (size_t i = 0; i < FREE + 1; i++)
		flap();
	cr_assert_neq(world_status(&w)->hold_down, 0);
	world_verb(&w, VERB_CLEAR, false, false);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert(world_status(&w)->hold_down == 0 && world_status(&w)->failovers == 0);
	cr_assert_leq(flap(), 2 * MSEC);
}

Test(core_damping, switched_off_it_delays_nothing) {
	begin();
	w.config.hold_down = 0;
	world_reload(&w);
	for (int i = 0; i < 2 * FREE; i++)
		cr_assert_leq(flap(), 2 * MSEC);
	cr_assert_eq(world_notes(&w, NOTE_HOLD_DOWN), 0);
}

Test(core_damping, the_longer_of_hold_down_and_countdown_counts) {
	static const span_t countdowns[] = {500 * MSEC, 3 * SEC};

	for (size_t i = 0; i < sizeof countdowns / sizeof *countdowns; i++) {
		begin();
		for (size_t n = 0; n < FREE + 1; n++)
			flap();
		w.config.countdown = countdowns[i];
		world_reload(&w);
		span_t expected = mono_max(countdowns[i], w.config.hold_down), waited = flap();
		cr_assert(waited >= expected && waited <= expected + 2 * MSEC, "%ld us", (long)(waited / USEC));
	}
}

/* A start beside a dead node, and what the two agreed on, is no flapping. */
Test(core_damping, only_takeovers_from_a_peer_that_fell_silent_count) {
	world_init(&w);
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_status(&w)->failovers, 0, "cold boot");

	world_init(&w);
	world_primary(&w);
	cr_assert_eq(world_status(&w)->failovers, 0, "consent");

	begin();
	world_verb(&w, VERB_TAKEOVER, false, false);
	world_event(&w, &(struct event){.type = EV_TICK});
	w.says.rel = w.said.want;
	w.says.lease = false;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_status(&w)->failovers, 0, "release");
}

/* A lone survivor whose own lease lapsed takes back what is its own: that moves nothing, waits for nothing and counts for
 * nothing. */
Test(core_damping, who_takes_back_his_own_does_not_wait) {
	begin();
	for (size_t i = 0; i < FREE + 1; i++)
		flap();
	w.config.countdown = 5 * SEC;
	world_reload(&w);
	w.on = false;
	world_pass(&w, 10 * SEC);
	world_expect(&w, STATE_PRIMARY);
	unsigned failovers = world_status(&w)->failovers;
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_status(&w)->failovers, failovers);
}
