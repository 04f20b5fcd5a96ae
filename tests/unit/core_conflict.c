/* RULES "hold, pm.lease", "hold, not pm.lease, seen > b", and the epochs: parity, adoption, the reserve on disk. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

/* ---- conflicts ---- */

Test(core_conflict, the_lower_epoch_drops_its_lease_first) {
	world_init(&w);
	w.mute = 1U << ACT_DROP_LEASE;
	world_primary(&w);
	w.says.lease = true;
	w.says.seen = w.core.epoch + 1;
	world_hear(&w);
	cr_assert(!world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_REMOVE_ADDRESSES), 1);
	const struct note *note = world_note(&w, NOTE_CONFLICT);
	cr_assert(note && note->detail == 0 && note->value == (int64_t)w.says.seen);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_CONFLICT);
	world_expect(&w, STATE_BACKUP);
}

Test(core_conflict, the_higher_epoch_stays_and_announces_again_once_the_peer_holds_nothing) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 10 * SEC);
	world_forget(&w);
	w.says.lease = true;
	w.says.seen = w.core.epoch - 1;
	world_pass(&w, 3 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert(world_status(&w)->conflict);
	cr_assert_eq(world_notes(&w, NOTE_CONFLICT), 1, "noted once");
	cr_assert_eq(world_note(&w, NOTE_CONFLICT)->detail, 1);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
	w.says.lease = false;
	world_pass(&w, world_h(&w));
	cr_assert(!world_status(&w)->conflict);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
}

/* It adopted our epoch before it dropped its own lease. */
Test(core_conflict, the_same_epoch_is_ours) {
	world_init(&w);
	world_primary(&w);
	w.says.lease = true;
	w.says.seen = w.core.epoch;
	world_hear(&w);
	cr_assert(world_status(&w)->hold && world_status(&w)->conflict);
}

Test(core_conflict, over_when_the_peer_falls_silent) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 10 * SEC);
	w.says.lease = true;
	world_pass(&w, world_h(&w));
	world_forget(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + world_h(&w));
	cr_assert(!world_status(&w)->conflict);
	cr_assert_geq(world_count(&w, ACT_ANNOUNCE), 1);
}

Test(core_conflict, a_peer_that_holds_nothing_and_saw_more_makes_us_raise_the_epoch) {
	world_init(&w);
	world_primary(&w);
	mono_t until = world_status(&w)->lease_until;
	w.says.seen = 501;
	world_hear(&w);
	cr_assert_eq(world_status(&w)->epoch, 502);
	cr_assert_eq(world_status(&w)->seen, 502);
	cr_assert_eq(world_status(&w)->lease_until, until, "the lease is untouched");
	cr_assert_eq(world_note(&w, NOTE_EPOCH)->value, 502);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 0);
	world_pass(&w, 5 * world_timers(&w)->lease);
	world_expect(&w, STATE_PRIMARY);
}

/* ---- epochs ---- */

Test(core_epoch, each_node_claims_its_own_parity) {
	for (unsigned parity = 0; parity < 2; parity++)
		for (uint64_t mark = 40; mark < 44; mark++) {
			world_init(&w);
			w.config.parity = parity;
			w.memory.epoch_mark = mark;
			world_boot(&w);
			world_pass(&w, world_timers(&w)->dead + world_h(&w));
			world_expect(&w, STATE_PRIMARY);
			uint64_t epoch = world_status(&w)->epoch;
			cr_assert_eq(epoch & 1, parity);
			cr_assert(epoch > mark && epoch <= mark + 2, "%lu after %lu", epoch, mark);
		}
}

/* A node that starts anew begins at its mark: the holder must be able to go above that without a disk. */
Test(core_epoch, a_restart_of_the_peer_costs_the_primary_no_lease) {
	for (unsigned parity = 0; parity < 2; parity++) {
		struct core_memory peer;

		world_init(&w);
		w.config.parity = parity;
		w.says.sender = (uint8_t)(1 - parity);
		w.memory.epoch_mark = w.memory.reserved = WORLD_MARK + parity;
		world_boot(&w);
		w.on = true;
		w.says.seen = w.memory.epoch_mark;
		world_pass(&w, 6 * world_h(&w));
		world_expect(&w, STATE_PRIMARY);
		/* The peer keeps as many ahead as any node that does not hold. */
		static struct core other;
		struct core_config config = w.config;
		config.parity = 1 - parity;
		peer = (struct core_memory){.boot = 1, .epoch_mark = w.core.seen, .reserved = w.core.seen};
		core_init(&other, &config, &peer, w.now);
		struct actions actions = {.n = 0};
		core_step(&other, w.now, &(struct event){.type = EV_TICK}, &actions);
		uint64_t mark = 0;
		for (size_t i = 0; i < actions.n; i++)
			if (actions.list[i].type == ACT_RESERVE_EPOCHS)
				mark = actions.list[i].epoch;
		cr_assert_gt(mark, w.core.seen);

		w.mute = 1U << ACT_RESERVE_EPOCHS; /* the disk does not answer */
		w.says.seen = mark;
		world_hear(&w);
		cr_assert_gt(world_status(&w)->epoch, mark, "parity %u", parity);
		world_pass(&w, 5 * world_timers(&w)->lease);
		world_expect(&w, STATE_PRIMARY);
	}
}

Test(core_epoch, the_reserve_is_kept_ahead_and_asked_for_once) {
	world_init(&w);
	w.memory.reserved = WORLD_MARK;
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	world_boot(&w);
	world_pass(&w, 10 * world_h(&w));
	cr_assert_eq(world_count(&w, ACT_RESERVE_EPOCHS), 1);
	cr_assert_gt(world_last(&w, ACT_RESERVE_EPOCHS)->epoch, WORLD_MARK + 2);
}

Test(core_epoch, without_a_reserve_nothing_is_claimed) {
	world_init(&w);
	w.memory.reserved = WORLD_MARK + 1;
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	world_boot(&w);
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	w.mute = 0;
	world_event(&w, &(struct event){.type = EV_EPOCHS_RESERVED, .epochs.reserved = WORLD_RESERVE});
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_epoch, a_disk_that_fails_is_no_fault_until_the_reserve_is_used_up) {
	world_init(&w);
	w.memory.reserved = WORLD_MARK + 2;
	w.reserve_error = EIO;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_notes(&w, NOTE_RESERVE), 1);
	cr_assert(world_note(&w, NOTE_RESERVE)->detail == EIO && world_note(&w, NOTE_RESERVE)->value == 2);
	world_pass(&w, 5 * SEC);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_notes(&w, NOTE_RESERVE), 1, "said once, tried again");
	cr_assert_geq(world_count(&w, ACT_RESERVE_EPOCHS), 5);

	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_EPOCHS);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_EPOCHS);
	cr_assert(w.said.offer, "the peer may serve");

	w.reserve_error = 0;
	world_pass(&w, 2 * SEC);
	cr_assert_eq(world_status(&w)->faults, 0);
	world_expect(&w, STATE_PRIMARY);
}

/* It fell silent before the reserve came: nobody will ask us again to raise the epoch. */
Test(core_epoch, raised_as_soon_as_the_reserve_comes) {
	world_init(&w);
	w.memory.reserved = WORLD_MARK + 2;
	w.mute = 1U << ACT_RESERVE_EPOCHS;
	world_primary(&w);
	w.says.seen = 101;
	world_hear(&w);
	cr_assert_eq(world_status(&w)->epoch, WORLD_MARK + 2);
	world_event(&w, &(struct event){.type = EV_EPOCHS_RESERVED, .epochs.reserved = WORLD_RESERVE});
	cr_assert_eq(world_status(&w)->epoch, 102);
}
