/* When heartbeats go by way of the test IPs as well: seldom while all is well, with every one when one of the two hears
 * nothing on links of its own, and not at all where they never arrive. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

enum { REFLECT = 2, OWN = 0x3, ALL = 0x7 };

static const span_t told_for = 60 * SEC, patience = 90 * SEC, tried_again = 600 * SEC;

static struct world w;

/* A backup with two links of its own and the reflecting one. */
static void begin(void) {
	world_init(&w);
	w.config.links = 3;
	w.config.links_reflect = 1U << REFLECT;
	w.says.reflected = true;
	world_backup(&w);
}

/* How many heartbeats went out, and how many of them on the reflecting link too. */
struct rate {
	size_t sent, reflected;
};

static struct rate rate_over(span_t length) {
	struct rate rate = {0, 0};

	world_forget(&w);
	world_pass(&w, length);
	for (size_t i = 0; i < w.log_n; i++) {
		if (w.log[i].type != ACT_SEND)
			continue;
		uint8_t links = w.log[i].send.links;
		cr_assert(links == OWN || links == ALL, "%x", links);
		rate.sent++;
		rate.reflected += links == ALL;
	}
	return rate;
}

/* The peer is heard on the reflecting link alone. */
static void only_reflected_for(span_t length) {
	mono_t end = w.now + length;

	w.on = false;
	while (w.now < end) {
		struct heartbeat hb = w.says;
		hb.seq = ++w.peer_seq;
		hb.echo_boot = w.memory.boot;
		hb.echo_seq = w.said.seq;
		world_hear_frame(&w, &hb, w.now, REFLECT);
		world_pass(&w, world_h(&w));
	}
}

Test(core_reflect, one_a_second_while_all_is_well) {
	begin();
	struct rate rate = rate_over(10 * SEC);
	cr_assert(rate.reflected >= 9 && rate.reflected <= 11, "%zu", rate.reflected);
	cr_assert_gt(rate.sent, 10 * rate.reflected);
	cr_assert(!world_status(&w)->reflecting && !world_status(&w)->reflect_off);
	cr_assert(!w.said.unheard);
}

Test(core_reflect, every_one_as_soon_as_links_of_our_own_are_late) {
	begin();
	w.on = false;
	world_pass(&w, 3 * world_h(&w) / 2 + world_h(&w));
	struct rate rate = rate_over(3 * world_h(&w));
	cr_assert(rate.sent >= 3 && rate.reflected == rate.sent);
	cr_assert(w.said.unheard, "and the peer is told");
	cr_assert(world_status(&w)->reflecting);
}

/* Within 2.5 h both know, and the reflected ones arrive: nothing happens. */
Test(core_reflect, a_peer_heard_by_reflection_alone_is_heard) {
	begin();
	only_reflected_for(2 * SEC);
	world_expect(&w, STATE_BACKUP);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	cr_assert(w.said.unheard, "on no link of our own");
	cr_assert(w.said.reflected);
	struct rate rate = rate_over(3 * world_h(&w));
	cr_assert_eq(rate.reflected, rate.sent);
	w.on = true;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(!w.said.unheard && !world_status(&w)->reflecting);
}

Test(core_reflect, every_one_for_a_peer_that_hears_nothing_on_links_of_its_own) {
	begin();
	w.says.unheard = true;
	world_pass(&w, 2 * world_h(&w));
	struct rate rate = rate_over(SEC);
	cr_assert_eq(rate.reflected, rate.sent);
	cr_assert(!w.said.unheard, "we hear it");
	w.says.unheard = false;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_leq(rate_over(SEC).reflected, 2);
}

/* Who is deaf hears nobody: nobody needs it more. */
Test(core_reflect, every_one_for_a_deaf_peer) {
	begin();
	w.says.deaf = w.says.unheard = true;
	w.says.lease = false;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(world_status(&w)->peer_deaf);
	struct rate rate = rate_over(3 * world_h(&w));
	cr_assert_eq(rate.reflected, rate.sent);
}

Test(core_reflect, the_peer_is_told_for_a_minute_that_one_of_its_own_arrived) {
	begin();
	cr_assert(!w.said.reflected);
	only_reflected_for(world_h(&w));
	w.on = true;
	mono_t last = w.core.reflect_rx;
	world_pass_long(&w, last + told_for - 2 * world_h(&w) - w.now);
	cr_assert(w.said.reflected);
	world_pass(&w, 5 * world_h(&w));
	cr_assert(!w.said.reflected);
}

Test(core_reflect, it_is_shown_as_a_link_that_loses_nothing) {
	begin();
	only_reflected_for(3 * world_h(&w));
	w.peer_seq += 5;
	only_reflected_for(world_h(&w));
	const struct link_status *link = &world_status(&w)->link[REFLECT];
	cr_assert(link->reflect && !world_status(&w)->link[0].reflect);
	cr_assert(link->received >= 4 && link->lost == 0, "a part of the heartbeats goes there");
}

Test(core_reflect, without_such_a_link_nothing_is_reflected) {
	begin();
	w.config.links = 2;
	w.config.links_reflect = 0;
	world_boot(&w);
	w.says.reflected = false;
	world_pass_long(&w, 2 * patience);
	cr_assert_eq(rate_over(SEC).reflected, 0);
	cr_assert(!world_status(&w)->reflect_off && !world_status(&w)->reflecting);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard);
	cr_assert_eq(rate_over(3 * world_h(&w)).reflected, 0);
	cr_assert(!world_status(&w)->reflecting);
}

/* ---- switched off ---- */

Test(core_reflect, it_stays_on_while_the_peer_says_that_they_arrive) {
	begin();
	for (mono_t end = w.now + 2 * patience; w.now < end;) {
		cr_assert_geq(rate_over(5 * SEC).reflected, 4);
		cr_assert_eq(world_notes(&w, NOTE_REFLECT), 0);
	}
}

/* The peer is heard, and never says that one of ours arrived. */
static void never_arriving(void) {
	begin();
	w.says.reflected = false;
	world_pass(&w, world_h(&w));
}

static void wait_until_off(void) {
	mono_t end = w.now + 2 * patience;

	while (!world_status(&w)->reflect_off && w.now < end) {
		world_forget(&w);
		world_pass(&w, 100 * MSEC);
	}
}

Test(core_reflect, where_none_ever_arrives_it_is_switched_off_with_a_warning) {
	never_arriving();
	mono_t since = w.core.reflect_proof;
	wait_until_off();
	cr_assert(w.now - since > patience && w.now - since < patience + SEC);
	cr_assert_eq(world_notes(&w, NOTE_REFLECT), 1);
	cr_assert_eq(world_note(&w, NOTE_REFLECT)->detail, 0);
	cr_assert_eq(rate_over(5 * SEC).reflected, 0);
}

Test(core_reflect, when_it_is_needed_it_is_tried_all_the_same) {
	never_arriving();
	wait_until_off();
	w.on = false;
	world_pass(&w, 3 * world_h(&w));
	struct rate rate = rate_over(2 * world_h(&w));
	cr_assert(rate.sent > 0 && rate.reflected == rate.sent);
}

Test(core_reflect, tried_again_after_ten_minutes) {
	never_arriving();
	wait_until_off();
	mono_t off = w.now;
	world_pass_long(&w, tried_again - SEC);
	cr_assert(world_status(&w)->reflect_off);
	world_pass_long(&w, 2 * SEC);
	cr_assert(!world_status(&w)->reflect_off);
	cr_assert_geq(rate_over(5 * SEC).reflected, 4);
	wait_until_off();
	cr_assert(w.now - off > tried_again + patience - SEC, "and given up again");
}

Test(core_reflect, one_that_arrives_after_all_switches_it_on) {
	never_arriving();
	wait_until_off();
	w.says.reflected = true;
	world_forget(&w);
	world_pass(&w, 2 * world_h(&w));
	cr_assert(!world_status(&w)->reflect_off);
	cr_assert_eq(world_note(&w, NOTE_REFLECT)->detail, 1);
}

static void the_peer_is_silent(void) {
	w.on = false;
}

static void no_test_ip_answers(void) {
	w.answering = 0;
}

static void there_is_no_test_ip(void) {
	w.config.tests = 0;
	world_reload(&w);
}

/* Who is not heard cannot tell, and who answers no test reflects nothing. */
Test(core_reflect, it_is_not_blamed_for_what_it_cannot_help) {
	static const struct {
		const char *what;
		void (*reason)(void);
	} rows[] = {{"the peer is silent", the_peer_is_silent},
		    {"no test IP answers", no_test_ip_answers},
		    {"there is no test IP", there_is_no_test_ip}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		never_arriving();
		rows[i].reason();
		world_pass_long(&w, 2 * patience);
		cr_assert(!world_status(&w)->reflect_off, "%s", rows[i].what);
	}
}
