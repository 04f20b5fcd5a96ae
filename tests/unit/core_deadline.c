/* When the core wants to be woken: never later than half an interval after the last wake, and to the microsecond where it
 * matters: the heartbeat, the lease's end, the end of the dead interval with all that prolongs it. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

static struct world w;

static void primary(void) {
	world_primary(&w);
}

static void backup(void) {
	world_backup(&w);
}

static void listening(void) {
	world_boot(&w);
	world_wake(&w);
}

static void countdown(void) {
	w.config.countdown = 10 * SEC;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
}

static void fence_delayed(void) {
	w.config.fence = FENCE_REQUIRED;
	w.config.fence_delay = 10 * SEC;
	world_backup(&w);
	w.on = false;
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_status(&w)->fence, FENCE_DELAYED);
}

static void vetoed(void) {
	w.config.gate = true;
	w.failing = 1U << RUN_BEFORE_PRIMARY;
	world_backup(&w);
	w.on = false;
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_status(&w)->faults, FAULT_VETO);
}

static void stranger(void) {
	w.config.stand_down = true;
	world_primary(&w);
	world_claimed(&w, EV_STRANGER);
}

static void failback(void) {
	w.config.failback = 10 * SEC;
	w.config.preferred = true;
	world_backup(&w);
}

static void claiming(void) {
	world_backup(&w);
	w.on = false;
	w.mute = 1U << ACT_PERMIT;
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
}

Test(core_deadline, at_most_half_an_interval_after_the_last_wake) {
	static const struct {
		const char *what;
		void (*ready)(void);
	} rows[] = {{"primary", primary},
		    {"backup", backup},
		    {"listening", listening},
		    {"countdown", countdown},
		    {"fence delayed", fence_delayed},
		    {"vetoed", vetoed},
		    {"stranger", stranger},
		    {"failback", failback},
		    {"claiming", claiming}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		rows[i].ready();
		for (int n = 0; n < 50; n++) {
			mono_t at = core_deadline(&w.core);
			cr_assert_leq(at, w.core.last_wake + world_h(&w) / 2, "%s", rows[i].what);
			world_pass(&w, mono_max(at - w.now, USEC));
		}
	}
}

Test(core_deadline, a_holders_is_the_end_of_its_lease_at_the_latest) {
	world_init(&w);
	world_primary(&w);
	w.renew = SENT_FAILED;
	w.mute = 1U << ACT_PERMIT;
	while (world_status(&w)->hold) {
		cr_assert_leq(core_deadline(&w.core), core_lease_until(&w.core) + 1);
		world_pass(&w, mono_max(core_deadline(&w.core) - w.now, USEC));
	}
}

/* The claim is to come at that very moment, whatever prolongs the silence that is asked for. */
Test(core_deadline, the_end_of_the_silence_is_hit) {
	static const struct {
		span_t countdown, hold_down;
	} rows[] = {{0, 0}, {777 * MSEC, 0}, {0, 333 * MSEC}, {111 * MSEC, 333 * MSEC}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		w.config.countdown = rows[i].countdown;
		w.config.hold_down = w.config.hold_down_most = rows[i].hold_down;
		world_backup(&w);
		w.core.failovers = 4;
		w.core.decay_at = w.now + 100 * SEC;
		w.on = false;
		mono_t due =
			world_status(&w)->peer_rx + world_timers(&w)->dead + mono_max(rows[i].countdown, rows[i].hold_down);
		while (world_count(&w, ACT_PERMIT) == 0 && w.now < due + SEC)
			world_pass(&w, mono_max(core_deadline(&w.core) - w.now, USEC));
		cr_assert(w.now >= due && w.now <= due + USEC, "%zu: %ld us", i, (long)((w.now - due) / USEC));
	}
}

Test(core_deadline, lateness_of_the_peer_is_seen_when_it_begins) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	mono_t late = world_status(&w)->peer_rx + 3 * world_h(&w) / 2;
	while (world_status(&w)->state == STATE_BACKUP && w.now < late + SEC)
		world_pass(&w, mono_max(core_deadline(&w.core) - w.now, USEC));
	cr_assert(w.now > late && w.now <= late + USEC);
}
