/* What the wire says of the shared IPs: who is asked and when, the peer's answer that keeps us from claiming, the stranger
 * that is defended against or given in to. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

static struct world w;

static const span_t defend_interval = 10 * SEC, stranger_memory = 60 * SEC;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

/* The peer falls silent now; returns when it was heard last. */
static mono_t falls_silent(void) {
	w.on = false;
	return world_status(&w)->peer_rx;
}

/* ---- asked ---- */

Test(core_probe, a_late_peers_shared_ips_are_asked_after_every_interval) {
	world_init(&w);
	world_backup(&w);
	world_pass(&w, SEC);
	cr_assert_eq(world_count(&w, ACT_PROBE), 0, "not while it is heard");
	mono_t rx = falls_silent();
	while (world_count(&w, ACT_PROBE) == 0 && w.now < rx + SEC)
		world_pass(&w, USEC * 100);
	cr_assert_leq(w.now - rx, 2 * world_h(&w), "from 1.5 h on");
	cr_assert_gt(w.now - rx, 3 * world_h(&w) / 2);
	cr_assert_eq(ip_set_count(&world_last(&w, ACT_PROBE)->ips), ip_set_count(&w.config.ips));
	world_pass(&w, 5 * world_h(&w));
	size_t n = world_count(&w, ACT_PROBE);
	cr_assert(n >= 5 && n <= 6, "%zu", n);
}

Test(core_probe, nobody_is_asked_once_we_serve) {
	world_init(&w);
	world_backup(&w);
	falls_silent();
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
	world_forget(&w);
	world_pass(&w, SEC);
	cr_assert_eq(world_count(&w, ACT_PROBE), 0);
}

static void automatic_off(void) {
	w.config.automatic = false;
	world_reload(&w);
}

static void a_fault(void) {
	world_carrier(&w, false);
}

static void leaving(void) {
	world_stop(&w);
}

static void no_lease(void) {
	w.config.lease_off = true;
	world_reload(&w);
}

static void no_shared_ip(void) {
	w.config.ips = (struct ip_set){.bits = {0}};
	world_reload(&w);
}

static void nothing(void) {
}

Test(core_probe, who_will_not_claim_asks_nobody) {
	static const struct {
		const char *what;
		void (*out)(void);
	} rows[] = {{"nothing is missing", nothing},
		    {"automatic failover off", automatic_off},
		    {"a fault", a_fault},
		    {"leaving", leaving},
		    {"no lease: no proof", no_lease},
		    {"no shared IP", no_shared_ip}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		world_backup(&w);
		rows[i].out();
		falls_silent();
		world_pass(&w, world_timers(&w)->dead - world_h(&w));
		cr_assert_eq(world_count(&w, ACT_PROBE) > 0, rows[i].out == nothing, "%s", rows[i].what);
	}
}

Test(core_probe, who_claims_by_force_asks) {
	world_init(&w);
	world_backup(&w);
	automatic_off();
	falls_silent();
	world_pass(&w, world_timers(&w)->unheard + world_h(&w));
	world_verb(&w, VERB_TAKEOVER, true, false);
	world_pass(&w, 2 * world_h(&w));
	cr_assert_geq(world_count(&w, ACT_PROBE), 1);
}

/* ---- the peer answers ---- */

Test(core_holder, an_answer_proves_a_living_holder_for_as_long_as_it_comes) {
	world_init(&w);
	world_backup(&w);
	falls_silent();
	w.holder = true;
	world_pass(&w, 5 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_status(&w)->dead_at, MONO_FAR, "nothing runs down");
	cr_assert_eq(world_notes(&w, NOTE_HOLDER), 1, "said once");
	cr_assert_eq(world_note(&w, NOTE_HOLDER)->value, 0, "and which");
	cr_assert(!w.said.deaf);

	mono_t last = world_status(&w)->holder_at;
	cr_assert_leq(w.now - last, 2 * world_h(&w));
	w.holder = false;
	world_pass(&w, last + 3 * world_h(&w) - w.now);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_holder, it_is_the_cause_that_is_shown) {
	world_init(&w);
	world_backup(&w);
	falls_silent();
	world_pass(&w, world_timers(&w)->unheard + world_h(&w));
	world_expect(&w, STATE_COUNTDOWN);
	world_claimed(&w, EV_HOLDER);
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_HOLDER);
}

Test(core_holder, each_silence_tells_of_its_own) {
	world_init(&w);
	world_backup(&w);
	w.holder = true;
	for (size_t i = 1; i <= 2; i++) {
		falls_silent();
		world_pass(&w, 2 * world_timers(&w)->dead);
		cr_assert_eq(world_notes(&w, NOTE_HOLDER), i);
		w.on = true;
		world_pass(&w, 2 * world_h(&w));
		world_expect(&w, STATE_BACKUP);
	}
}

/* The kernel of a killed primary answers until its lease is over: that costs no time. */
Test(core_holder, a_killed_primarys_last_answers_cost_no_time) {
	world_init(&w);
	world_backup(&w);
	mono_t rx = falls_silent();
	w.holder = true;
	world_pass(&w, rx + world_timers(&w)->lease - w.now);
	w.holder = false;
	world_pass(&w, rx + world_timers(&w)->dead - USEC - w.now);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * USEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

/* What counts is when it came in, as the kernel says; and never later than now. */
Test(core_holder, an_answer_is_as_old_as_its_receipt) {
	static const struct {
		const char *what;
		span_t received, counted; /* after now */
	} rows[] = {{"just now", 0, 0}, {"read late", -20 * MSEC, -20 * MSEC}, {"from the future", SEC, 0}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		world_backup(&w);
		falls_silent();
		world_pass(&w, world_timers(&w)->unheard);
		mono_t counted = w.now + rows[i].counted;
		struct event event = {.type = EV_HOLDER, .claimed.rx = w.now + rows[i].received};
		world_event(&w, &event);
		cr_assert_eq(world_status(&w)->holder_at, counted, "%s", rows[i].what);
		w.now = counted + 3 * world_h(&w);
		cr_assert(world_missing_automatic(&w) >> FACT_NO_HOLDER & 1, "%s", rows[i].what);
		w.now++;
		cr_assert(!(world_missing_automatic(&w) >> FACT_NO_HOLDER & 1), "%s", rows[i].what);
	}
}

/* Who answers holds the lease: force overrides the tests, not that. */
Test(core_holder, force_does_not_override_it) {
	world_init(&w);
	world_backup(&w);
	falls_silent();
	w.holder = true;
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_verb(&w, VERB_TAKEOVER, true, false);
	world_pass(&w, 5 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	cr_assert_eq(world_outcome(&w), OUTCOME_TIMEOUT);
}

/* Without a lease a dead primary's kernel may answer for ever. */
Test(core_holder, without_a_lease_an_answer_proves_nothing) {
	world_init(&w);
	w.config.lease_off = true;
	world_backup(&w);
	mono_t rx = falls_silent();
	world_pass(&w, rx + world_timers(&w)->dead - MSEC - w.now);
	world_claimed(&w, EV_HOLDER);
	cr_assert_eq(world_notes(&w, NOTE_HOLDER), 0);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * MSEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

/* ---- defence ---- */

/* Primary for so long that announcements are a minute apart. */
static void settled_primary(void) {
	world_init(&w);
	world_primary(&w);
	world_pass_long(&w, 40 * SEC);
	world_forget(&w);
}

Test(core_defence, whoever_claims_our_address_it_is_announced_at_once) {
	static const enum event_type claims[] = {EV_STRANGER, EV_HOLDER};

	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		settled_primary();
		world_claimed(&w, claims[i]);
		cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1, "%s", event_name(claims[i]));
		cr_assert(ip_set_has(&world_last(&w, ACT_ANNOUNCE)->ips, 0));
		world_expect(&w, STATE_PRIMARY);
	}
}

/* RFC 5227 section 2.4: two hosts that both defend must not flood the network. Refreshes count as well. */
Test(core_defence, at_most_once_in_ten_seconds) {
	settled_primary();
	mono_t last = MONO_NEVER, end = w.now + 3 * stranger_memory;
	size_t n = 0;
	while (w.now < end) {
		world_forget(&w);
		world_claimed(&w, EV_STRANGER);
		world_pass(&w, MSEC);
		size_t announced = world_count(&w, ACT_ANNOUNCE);
		cr_assert_leq(announced, 1);
		if (announced == 0)
			continue;
		cr_assert_geq(w.now - last, defend_interval - MSEC, "%ld ms", (long)((w.now - last) / MSEC));
		last = w.now;
		n++;
	}
	cr_assert_geq(n, 3 * stranger_memory / defend_interval - 2, "and not much less: %zu", n);
}

/* The one that is attacked first in each interval must not take the defence of all others. */
Test(core_defence, of_every_address_that_is_claimed) {
	settled_primary();
	mono_t last[2] = {w.now, w.now}, end = w.now + 3 * stranger_memory;
	while (w.now < end) {
		world_forget(&w);
		for (unsigned slot = 0; slot < 2; slot++)
			world_event(&w, &(struct event){.type = EV_STRANGER, .claimed = {.slot = slot, .rx = w.now}});
		world_pass(&w, 10 * MSEC);
		for (unsigned slot = 0; slot < 2; slot++) {
			const struct action *action = world_last(&w, ACT_ANNOUNCE);
			if (action && ip_set_has(&action->ips, slot))
				last[slot] = w.now;
			cr_assert_leq(w.now - last[slot], defend_interval + 20 * MSEC, "slot %u", slot);
		}
	}
}

Test(core_defence, what_was_announced_just_now_needs_none) {
	world_init(&w);
	world_primary(&w);
	world_wake(&w);
	world_forget(&w);
	world_claimed(&w, EV_STRANGER);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
}

/* The repeats after a claim, too, are defences while a stranger is there. */
Test(core_defence, repeats_are_no_exception) {
	world_init(&w);
	world_primary(&w);
	world_claimed(&w, EV_STRANGER);
	world_pass(&w, SEC); /* the one that was due */
	mono_t last = MONO_NEVER, end = w.now + stranger_memory / 2;
	size_t n = 0;
	while (w.now < end) {
		world_forget(&w);
		world_pass(&w, 10 * MSEC);
		if (world_count(&w, ACT_ANNOUNCE) == 0)
			continue;
		cr_assert_geq(w.now - last, defend_interval);
		last = w.now;
		n++;
	}
	cr_assert_geq(n, 2);
}

Test(core_defence, only_of_what_we_serve) {
	settled_primary();
	world_event(&w, &(struct event){.type = EV_STRANGER, .claimed = {.slot = 7, .rx = w.now}});
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0, "switched off on this node");

	world_init(&w);
	world_backup(&w);
	world_claimed(&w, EV_STRANGER);
	world_pass(&w, SEC);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
	world_expect(&w, STATE_BACKUP);
}

Test(core_defence, an_alarm_that_was_cleared_comes_again_with_the_next_claim) {
	settled_primary();
	world_claimed(&w, EV_STRANGER);
	cr_assert(world_status(&w)->stranger);
	world_verb(&w, VERB_CLEAR, false, false);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert(!world_status(&w)->stranger);
	world_claimed(&w, EV_STRANGER);
	cr_assert(world_status(&w)->stranger);
}

Test(core_defence, a_stranger_is_shown_for_a_minute) {
	settled_primary();
	world_claimed(&w, EV_STRANGER);
	cr_assert_eq(world_status(&w)->stranger_at, w.now);
	world_pass_long(&w, stranger_memory);
	cr_assert(world_status(&w)->stranger);
	world_pass(&w, MSEC);
	cr_assert(!world_status(&w)->stranger);
}

/* ---- stand down ---- */

static void stood_down(void) {
	world_init(&w);
	w.config.stand_down = true;
	world_primary(&w);
	w.says.seen = w.core.seen;
	world_claimed(&w, EV_STRANGER);
}

Test(core_stand_down, the_lease_is_dropped_and_the_role_offered) {
	stood_down();
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0, "no defence");
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_STRANGER);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_STRANGER);
	tick();
	cr_assert(w.said.offer && !w.said.lease && w.said.fitness == 0);
	uint64_t seq = w.said.seq;
	world_claimed(&w, EV_STRANGER);
	tick();
	cr_assert_eq(w.said.seq, seq, "and said once in haste");
}

Test(core_stand_down, until_it_is_gone_for_a_minute) {
	stood_down();
	world_pass_long(&w, stranger_memory / 2);
	world_claimed(&w, EV_STRANGER);
	world_pass_long(&w, stranger_memory);
	world_expect(&w, STATE_FAULT);
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_stand_down, clear_and_another_policy_end_it) {
	stood_down();
	world_verb(&w, VERB_CLEAR, false, false);
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_PRIMARY);

	stood_down();
	w.config.stand_down = false;
	world_reload(&w);
	world_pass(&w, world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_stand_down, not_for_an_address_that_is_off_here) {
	world_init(&w);
	w.config.stand_down = true;
	world_primary(&w);
	world_event(&w, &(struct event){.type = EV_STRANGER, .claimed = {.slot = 7, .rx = w.now}});
	world_expect(&w, STATE_PRIMARY);
	cr_assert(world_status(&w)->stranger, "but it is shown");
}
