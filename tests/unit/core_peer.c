/* RULES "boot", "heartbeat in": which heartbeats count, what is believed of the peer, and the links' statistics. */
#include <criterion/criterion.h>

#include "tests/unit/core_world.h"

static struct world w;

/* The next heartbeat, with what the test changes still to be changed. */
static struct heartbeat next_frame(void) {
	struct heartbeat hb = w.says;

	hb.seq = ++w.peer_seq;
	hb.echo_boot = w.memory.boot;
	hb.echo_seq = w.said.seq;
	return hb;
}

static void hear(struct heartbeat hb) {
	world_hear_frame(&w, &hb, w.now, 0);
}

/* ---- boot ---- */

Test(core_boot, listens_three_intervals_before_the_first_word) {
	world_init(&w);
	world_boot(&w);
	world_expect(&w, STATE_INIT);
	world_pass(&w, 3 * world_h(&w) - USEC);
	world_expect(&w, STATE_INIT);
	cr_assert_eq(world_count(&w, ACT_SEND), 0);
	world_pass(&w, 2 * USEC);
	cr_assert_eq(world_count(&w, ACT_SEND), 1);
	cr_assert_eq(w.said.seq, 1);
	cr_assert_eq(w.said.boot, WORLD_BOOT);
	cr_assert(!w.said.lease && !w.said.deaf && w.said.mark == MARK_PLAIN);
}

Test(core_boot, seen_begins_at_the_mark_on_disk) {
	world_init(&w);
	world_boot(&w);
	cr_assert_eq(world_status(&w)->seen, WORLD_MARK);
	cr_assert_eq(world_status(&w)->reserved, WORLD_RESERVE);
	cr_assert(!world_status(&w)->hold && !world_status(&w)->peer_known);
}

Test(core_boot, a_pause_outlives_the_restart) {
	world_init(&w);
	w.memory.paused = true;
	w.memory.paused_until = w.now + SEC;
	world_boot(&w);
	cr_assert(world_status(&w)->paused);
	world_pass(&w, SEC);
	cr_assert(!world_status(&w)->paused);
}

Test(core_boot, alone_it_waits_the_dead_interval_then_serves) {
	world_init(&w);
	world_boot(&w);
	mono_t start = w.now;
	while (world_status(&w)->state != STATE_PRIMARY && w.now < start + SEC)
		world_pass(&w, MSEC);
	world_expect(&w, STATE_PRIMARY);
	span_t took = w.now - start, dead = world_timers(&w)->dead;
	cr_assert(took >= dead && took <= dead + 2 * MSEC, "%ld us", (long)(took / USEC));
}

Test(core_boot, both_at_once_the_owner_of_the_highest_epoch_claims) {
	static const struct {
		unsigned parity;
		enum state state;
	} rows[] = {{0, STATE_PRIMARY}, {1, STATE_WAITING}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_init(&w);
		w.config.parity = rows[i].parity;
		w.says.seen = WORLD_MARK;
		world_boot(&w);
		w.on = true;
		world_pass(&w, 6 * world_h(&w));
		world_expect(&w, rows[i].state);
	}
}

/* ---- heartbeat in: drop, counted ---- */

Test(core_heartbeat_in, an_older_boot_number_is_dropped) {
	world_init(&w);
	world_backup(&w);
	mono_t rx = world_status(&w)->peer_rx;
	struct heartbeat hb = next_frame();
	hb.boot = WORLD_PEER_BOOT - 1;
	hb.seen = 500;
	hb.lease = false;
	w.now += MSEC;
	hear(hb);
	cr_assert_eq(world_status(&w)->old_boot, 1);
	cr_assert_eq(world_status(&w)->seen, WORLD_MARK + 1);
	cr_assert_eq(world_status(&w)->peer_rx, rx);
	cr_assert(world_status(&w)->peer_lease);
}

Test(core_heartbeat_in, a_sequence_that_is_not_newer_is_dropped) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat hb = next_frame();
	hear(hb);
	mono_t rx = world_status(&w)->peer_rx;
	hb.seen = 500;
	hb.lease = false;
	w.now += MSEC;
	hear(hb);
	hb.seq--;
	hear(hb);
	cr_assert_eq(world_status(&w)->duplicates, 2);
	cr_assert_eq(world_status(&w)->seen, WORLD_MARK + 1);
	cr_assert_eq(world_status(&w)->peer_rx, rx);
	cr_assert(world_status(&w)->peer_lease);
}

Test(core_heartbeat_in, a_newer_boot_number_begins_the_sequence_anew) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat hb = next_frame();
	hb.boot = WORLD_PEER_BOOT + 1;
	hb.seq = 1;
	hear(hb);
	cr_assert_eq(world_status(&w)->peer_boot, WORLD_PEER_BOOT + 1);
	cr_assert_eq(world_status(&w)->duplicates, 0);
	const struct note *note = world_note(&w, NOTE_PEER_RESTARTED);
	cr_assert(note && note->value == WORLD_PEER_BOOT + 1);
	w.on = false;
	world_pass(&w, world_h(&w));
	cr_assert(w.said.echo_boot == WORLD_PEER_BOOT + 1 && w.said.echo_seq == 1);
}

/* ---- heartbeat in: seen ---- */

Test(core_heartbeat_in, a_higher_epoch_is_adopted_a_lower_one_is_not) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat hb = next_frame();
	hb.seen = 21;
	hear(hb);
	cr_assert_eq(world_status(&w)->seen, 21);
	hb = next_frame();
	hb.seen = 15;
	hear(hb);
	cr_assert_eq(world_status(&w)->seen, 21);
}

/* ---- heartbeat in: deaf ---- */

Test(core_heartbeat_in, a_deaf_one_counts_for_sequence_and_epoch_and_is_not_heard) {
	world_init(&w);
	world_backup(&w);
	mono_t rx = world_status(&w)->peer_rx;
	struct heartbeat hb = next_frame();
	hb.deaf = true;
	hb.lease = false;
	hb.seen = 21;
	w.now += MSEC;
	hear(hb);
	const struct core_status *s = world_status(&w);
	cr_assert_eq(s->seen, 21);
	cr_assert_eq(s->peer_rx, rx);
	cr_assert(s->peer_deaf && !s->peer_lease);
	hear(hb);
	cr_assert_eq(world_status(&w)->duplicates, 1);
	w.on = false;
	world_pass(&w, world_h(&w));
	cr_assert_eq(w.said.echo_seq, hb.seq - 1, "what is echoed is the newest that was not deaf");
}

Test(core_heartbeat_in, a_deaf_peer_is_silent_for_the_dead_interval) {
	world_init(&w);
	world_backup(&w);
	w.says.deaf = true;
	w.says.lease = false;
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

/* ---- heartbeat in: normal ---- */

Test(core_heartbeat_in, a_normal_one_is_echoed) {
	world_init(&w);
	world_backup(&w);
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.echo_boot, WORLD_PEER_BOOT);
	cr_assert(w.said.echo_seq == w.peer_seq || w.said.echo_seq == w.peer_seq - 1);
}

Test(core_heartbeat_in, the_kernels_receive_time_counts_not_the_moment_of_reading) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat hb = next_frame();
	mono_t rx = w.now + MSEC;
	w.now += 3 * MSEC;
	world_hear_frame(&w, &hb, rx, 0);
	cr_assert_eq(world_status(&w)->peer_rx, rx);
}

/* An echo's age counts from our own decision, whenever it arrives; an older echo does not take the newest one back. */
Test(core_heartbeat_in, an_echo_is_as_old_as_our_sending) {
	world_init(&w);
	world_backup(&w);
	uint64_t seq = w.said.seq;
	mono_t decided = w.core.decided[seq % CORE_DECIDED];
	world_pass(&w, 3 * world_h(&w));
	struct heartbeat hb = next_frame();
	hb.echo_seq = seq;
	hear(hb);
	cr_assert_eq(w.core.peer.echo, decided);
	cr_assert_gt(w.core.peer.echo_newest, decided);
}

Test(core_heartbeat_in, an_echo_of_another_boot_or_of_what_was_never_said_is_none) {
	static const struct {
		const char *what;
		int64_t boot, seq;
	} rows[] = {{"an older boot", -1, 0},
		    {"a later boot", 1, 0},
		    {"not said yet", 0, 1},
		    {"beyond the ring", 0, -CORE_DECIDED}};

	world_init(&w);
	world_backup(&w);
	w.on = false;
	w.core.seq = w.said.seq = 5000; /* far enough for the ring to have gone round */
	w.core.decided[w.said.seq % CORE_DECIDED] = w.now;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct heartbeat hb = next_frame();
		hb.echo_boot = (uint64_t)((int64_t)hb.echo_boot + rows[i].boot);
		hb.echo_seq = (uint64_t)((int64_t)hb.echo_seq + rows[i].seq);
		hear(hb);
		cr_assert_eq(w.core.peer.echo, MONO_NEVER, "%s", rows[i].what);
	}
}

Test(core_heartbeat_in, dead_interval_too_short_for_the_peers_times_is_said_once) {
	world_init(&w);
	world_backup(&w);
	uint32_t cover = w.says.cover_us;
	cr_assert(world_status(&w)->peer_covered);
	w.says.cover_us = 4 * cover;
	world_pass(&w, 4 * world_h(&w));
	cr_assert(!world_status(&w)->peer_covered);
	cr_assert_eq(world_notes(&w, NOTE_PEER_UNCOVERED), 1);
	cr_assert_eq(world_note(&w, NOTE_PEER_UNCOVERED)->value, 4 * (int64_t)cover * USEC);
	w.says.cover_us = cover;
	world_pass(&w, 2 * world_h(&w));
	cr_assert(world_status(&w)->peer_covered);
}

/* ---- the configuration's digest ---- */

Test(core_digest, a_difference_is_noted_when_it_begins_and_when_it_ends) {
	world_init(&w);
	w.config.digest = 7;
	w.config.loaded = 1000;
	w.says.digest = 7;
	world_backup(&w);
	cr_assert_eq(world_notes(&w, NOTE_DIGEST), 0);
	cr_assert(w.said.digest == 7 && w.said.loaded == 1000);
	w.says.digest = 8;
	w.says.loaded = 2000;
	world_pass(&w, 3 * world_h(&w));
	cr_assert_eq(world_notes(&w, NOTE_DIGEST), 1);
	cr_assert_eq(world_note(&w, NOTE_DIGEST)->detail, 1);
	const struct core_status *s = world_status(&w);
	cr_assert(s->digest_differs && s->peer_digest == 8 && s->peer_loaded == 2000);
	cr_assert(s->digest == 7 && s->loaded == 1000);
	w.config.digest = 8;
	world_reload(&w);
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_notes(&w, NOTE_DIGEST), 2);
	cr_assert_eq(world_note(&w, NOTE_DIGEST)->detail, 0);
	cr_assert(!world_status(&w)->digest_differs);
}

Test(core_digest, what_is_not_told_does_not_differ) {
	world_init(&w);
	w.config.digest = 7;
	world_backup(&w);
	cr_assert(!world_status(&w)->digest_differs, "not told");
	w.says.digest = 8;
	world_hear(&w);
	cr_assert(world_status(&w)->digest_differs);
	w.says.digest = 0;
	world_hear(&w);
	cr_assert(world_status(&w)->digest_differs, "what was told stands");
}

/* ---- a lost boot number ---- */

/* The state directory was wiped and the clock is behind: the peer takes all that we say for a replay. */
static void hear_of_a_later_life(void) {
	struct heartbeat hb = next_frame();

	hb.echo_boot = WORLD_BOOT + 5;
	hb.echo_seq = 9;
	hear(hb);
}

Test(core_lost_boot, the_peer_knows_it_and_it_is_made_anew) {
	for (int known = 0; known < 2; known++)
		for (int deaf = 0; deaf < 2; deaf++) {
			world_init(&w);
			world_boot(&w);
			if (known)
				hear(next_frame());
			w.says.deaf = deaf;
			hear_of_a_later_life();
			const struct action *raise = world_last(&w, ACT_RAISE_BOOT);
			cr_assert(raise && raise->boot == WORLD_BOOT + 5);
			cr_assert_eq(world_note(&w, NOTE_BOOT)->value, WORLD_BOOT + 5);
			hear_of_a_later_life();
			cr_assert_eq(world_count(&w, ACT_RAISE_BOOT), 1, "asked for once");
		}
}

/* The peer does not echo it, so its lease would run out anyway. */
Test(core_lost_boot, a_holder_is_no_exception) {
	world_init(&w);
	world_primary(&w);
	hear_of_a_later_life();
	cr_assert_eq(world_count(&w, ACT_RAISE_BOOT), 1);
}

/* Else two nodes under one name would outbid each other for ever. */
Test(core_lost_boot, not_while_somebody_else_speaks_in_our_name) {
	world_init(&w);
	world_boot(&w);
	world_event(&w, &(struct event){.type = EV_WRONG_KEY});
	hear_of_a_later_life();
	cr_assert_eq(world_count(&w, ACT_RAISE_BOOT), 0);
}

/* It is the peer that lost its own: it lives, and its frames pass for those of an earlier life. */
Test(core_lost_boot, a_peer_that_lost_its_own_is_not_dead) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	mono_t end = w.now + 3 * world_timers(&w)->dead;
	while (w.now < end) {
		struct heartbeat hb = next_frame();
		hb.boot = WORLD_PEER_BOOT - 1;
		hear(hb);
		world_pass(&w, world_h(&w));
	}
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	cr_assert_eq(w.said.echo_boot, WORLD_PEER_BOOT, "it can learn what it was");
	world_pass(&w, 3 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}

/* Nothing of its present life was accepted yet: its boot number is told all the same. */
Test(core_lost_boot, the_peers_number_is_told_though_it_was_only_deaf) {
	world_init(&w);
	world_boot(&w);
	w.on = true;
	w.says.deaf = true;
	world_pass(&w, 5 * world_h(&w));
	cr_assert(w.said.echo_boot == WORLD_PEER_BOOT && w.said.echo_seq == 0);
}

Test(core_lost_boot, an_older_life_of_ours_is_no_news) {
	for (int64_t later = -1; later <= 0; later++) {
		world_init(&w);
		world_boot(&w);
		struct heartbeat hb = next_frame();
		hb.echo_boot = (uint64_t)(WORLD_BOOT + later);
		hb.echo_seq = 9;
		hear(hb);
		cr_assert_eq(world_count(&w, ACT_RAISE_BOOT), 0);
	}
}

/* ---- links ---- */

/* Round trip and jitter: `waited` is how long the echoed frame lay at the peer, by its own word. */
static void hear_measured(span_t after, span_t waited, uint64_t sent_us) {
	struct heartbeat hb = next_frame();

	hb.echo_age_us = (uint32_t)(waited / USEC);
	hb.sent_us = sent_us;
	w.now += after;
	hear(hb);
}

Test(core_links, the_round_trip_is_the_echos_less_its_wait) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_event(&w, &(struct event){.type = EV_LINK, .link = {.link = 1, .up = true}});
	cr_assert_eq(world_status(&w)->link[1].rtt, -1, "nothing came on this one");
	world_event(&w, &(struct event){.type = EV_TICK}); /* a heartbeat, now */
	w.core.links[0].rtt = -1;
	hear_measured(5 * MSEC, 3 * MSEC, 0);
	cr_assert_eq(world_status(&w)->link[0].rtt, 2 * MSEC);
	hear_measured(0, 4200 * USEC, 0); /* RFC 6298: one part in eight of what is new */
	cr_assert_eq(world_status(&w)->link[0].rtt, 2 * MSEC - (2 * MSEC - 800 * USEC) / 8);
	span_t before = world_status(&w)->link[0].rtt;
	hear_measured(0, 6 * MSEC, 0);
	cr_assert_eq(world_status(&w)->link[0].rtt, before, "a wait longer than the trip is a lie");
}

Test(core_links, our_own_wait_is_told) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_hear(&w);
	mono_t rx = w.now;
	world_pass(&w, world_h(&w) + world_h(&w) / 2);
	cr_assert_eq(w.said.echo_seq, w.peer_seq);
	cr_assert_eq(w.said.echo_age_us, (uint32_t)((w.core.decided[w.said.seq % CORE_DECIDED] - rx) / USEC));
	cr_assert_gt(w.said.echo_age_us, 0);
}

Test(core_links, jitter_is_how_unevenly_they_come) {
	static const span_t late[] = {0, 4 * MSEC, 0, -3 * MSEC};
	span_t expected = 0, gap = 10 * MSEC;
	uint64_t sent_us = 5000;

	world_init(&w);
	world_backup(&w);
	w.on = false;
	w.core.links[0].jitter = -1;
	hear_measured(0, 0, sent_us);
	w.core.links[0].jitter = -1;
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		sent_us += (uint64_t)(gap / USEC);
		hear_measured(gap + late[i], 0, sent_us);
		/* RFC 3550 section 6.4.1 */
		expected += ((late[i] < 0 ? -late[i] : late[i]) - expected) / 16;
		cr_assert_eq(world_status(&w)->link[0].jitter, expected);
	}
	hear_measured(gap, 0, sent_us - 1);
	cr_assert_eq(world_status(&w)->link[0].jitter, expected, "its clock never goes back");
}

Test(core_links, each_counts_its_own_losses_and_gaps) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	struct link_status before = world_status(&w)->link[0];
	mono_t first = w.now;
	struct heartbeat hb = next_frame();
	world_hear_frame(&w, &hb, first, 1); /* the first on this link: what came before is not its loss */
	hb.seq = w.peer_seq += 4;
	w.now += 7 * MSEC;
	world_hear_frame(&w, &hb, w.now, 1);
	world_hear_frame(&w, &hb, w.now,
			 0); /* the copy on the other link is a duplicate, and received there all the same */
	const struct core_status *s = world_status(&w);
	cr_assert_eq(s->link[1].received, 2);
	cr_assert_eq(s->link[1].lost, 3);
	cr_assert_eq(s->link[1].gap_max, 7 * MSEC);
	cr_assert_eq(s->link[1].rx, w.now);
	cr_assert_eq(s->link[0].received, before.received + 1);
	cr_assert_eq(s->link[0].lost, before.lost + 4);
	cr_assert_eq(s->duplicates, 1);
}

Test(core_links, a_reordered_frame_is_not_counted_twice) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat newer = next_frame(), older = newer;
	newer.seq++;
	hear(newer);
	struct link_status before = world_status(&w)->link[0];
	hear(older);
	cr_assert_eq(world_status(&w)->link[0].received, before.received);
	cr_assert_eq(world_status(&w)->link[0].lost, before.lost);
}

Test(core_links, statistics_begin_anew_with_the_peers_boot_number) {
	world_init(&w);
	world_backup(&w);
	struct heartbeat hb = next_frame();
	hb.boot++;
	hb.seq = 9;
	w.now += SEC;
	world_event(&w, &(struct event){.type = EV_WAKE});
	hear(hb);
	struct link_status link = world_status(&w)->link[0];
	cr_assert_eq(link.received, 1);
	cr_assert_eq(link.lost, 0);
	cr_assert_eq(link.gap_max, 0, "the time between two lives is no gap");
}

Test(core_links, a_link_that_comes_up_is_used_at_once_and_noted) {
	world_init(&w);
	world_backup(&w);
	struct event event = {.type = EV_LINK, .link = {.link = 1, .up = true}};
	world_event(&w, &event);
	world_event(&w, &event);
	cr_assert_eq(world_notes(&w, NOTE_LINK), 1);
	cr_assert(world_note(&w, NOTE_LINK)->value == 1 && world_note(&w, NOTE_LINK)->detail == 1);
	cr_assert(world_status(&w)->link[1].up && !world_status(&w)->link[0].up);
	uint64_t seq = w.said.seq;
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(w.said.seq, seq + 1);
}

/* Carrier and link go with the same cable: the second event must not take back the haste of the first. */
Test(core_links, a_link_that_goes_down_does_not_delay_what_is_urgent) {
	world_init(&w);
	world_primary(&w);
	world_event(&w, &(struct event){.type = EV_LINK, .link = {.link = 0, .up = true}});
	world_wake(&w);
	world_carrier(&w, false);
	world_event(&w, &(struct event){.type = EV_LINK, .link = {.link = 0, .up = false}});
	uint64_t seq = w.said.seq;
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert_eq(w.said.seq, seq + 1);
	cr_assert(w.said.offer);
}
