/* The addresses and announcements of a primary, the rollback of a claim, faults, and a configuration that changes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/core_world.h"

static struct world w;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

static struct ip_set one_ip(unsigned slot) {
	struct ip_set set = {{0}};

	ip_set_add(&set, slot);
	return set;
}

static bool same(const struct ip_set *a, const struct ip_set *b) {
	return memcmp(a, b, sizeof *a) == 0;
}

/* ---- addresses and announcements ---- */

Test(core_serve, primary_when_the_addresses_are_in_place) {
	world_init(&w);
	w.mute = 1U << ACT_ADD_ADDRESSES;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_CLAIMING);
	cr_assert(world_status(&w)->hold);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
	cr_assert(ip_set_empty(&world_status(&w)->serving));
	world_done(&w, EV_ADDRESSES_ADDED, 0);
	world_expect(&w, STATE_PRIMARY);
	cr_assert(same(&world_status(&w)->serving, &w.config.ips));
	tick();
	cr_assert(world_status(&w)->announced);
}

Test(core_serve, announcements_are_repeated_with_back_off_then_refreshed) {
	world_init(&w);
	world_primary(&w);
	mono_t last = w.now;
	span_t before = 0;
	world_pass(&w, 60 * SEC); /* through the back-off */
	world_forget(&w);
	for (unsigned i = 0; i < 3; i++) {
		while (world_count(&w, ACT_ANNOUNCE) == 0)
			world_pass(&w, 100 * MSEC);
		span_t gap = w.now - last;
		last = w.now;
		cr_assert(i < 2 || (gap > before - SEC && gap < before + SEC), "a steady refresh");
		before = gap;
		world_forget(&w);
	}
	cr_assert_gt(before, 10 * SEC);
}

Test(core_serve, several_announcements_in_the_first_seconds) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 3 * SEC);
	cr_assert_geq(world_count(&w, ACT_ANNOUNCE), 3);
	cr_assert(same(&world_last(&w, ACT_ANNOUNCE)->ips, &w.config.ips));
}

Test(core_serve, another_mac_is_announced_from_the_beginning) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 10 * SEC);
	world_forget(&w);
	world_event(&w, &(struct event){.type = EV_MOVED});
	uint64_t seq = w.said.seq;
	tick();
	cr_assert_eq(w.said.seq, seq + 1, "the peer first: it learns the MAC from a heartbeat");
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
	world_pass(&w, world_h(&w));
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
	world_pass(&w, SEC);
	cr_assert_geq(world_count(&w, ACT_ANNOUNCE), 3, "and again");
}

Test(core_serve, a_backup_announces_no_mac) {
	world_init(&w);
	world_boot(&w);
	world_event(&w, &(struct event){.type = EV_MOVED});
	tick();
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
}

Test(core_serve, an_announcement_that_failed_begins_anew) {
	world_init(&w);
	w.announce_error = ENOBUFS;
	world_primary(&w);
	world_pass(&w, 300 * MSEC);
	cr_assert(!world_status(&w)->announced);
	cr_assert_geq(world_count(&w, ACT_ANNOUNCE), 4);
	w.announce_error = 0;
	world_pass(&w, 100 * MSEC);
	cr_assert(world_status(&w)->announced);
}

Test(core_serve, the_end_removes_every_address_that_could_be_there) {
	world_init(&w);
	world_primary(&w);
	world_carrier(&w, false);
	cr_assert_eq(ip_set_count(&world_last(&w, ACT_REMOVE_ADDRESSES)->ips), CORE_IPS);
	world_pass(&w, SEC);
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 0);
	cr_assert(ip_set_empty(&world_status(&w)->serving));
}

Test(core_serve, a_removal_that_failed_is_done_again) {
	world_init(&w);
	world_primary(&w);
	w.remove_error = EIO;
	world_carrier(&w, false);
	world_pass(&w, world_h(&w));
	cr_assert_geq(world_count(&w, ACT_REMOVE_ADDRESSES), 2);
	w.remove_error = 0;
	world_pass(&w, world_h(&w));
	world_forget(&w);
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(world_count(&w, ACT_REMOVE_ADDRESSES), 0);
}

Test(core_serve, an_address_that_somebody_deletes_is_restored_and_noted) {
	world_init(&w);
	world_primary(&w);
	world_pass(&w, 10 * SEC);
	world_forget(&w);
	struct event event = {.type = EV_ADDRESSES_LOST, .lost = one_ip(1)};
	ip_set_add(&event.lost, 40); /* not configured: no business of ours */
	world_event(&w, &event);
	struct ip_set one = one_ip(1);
	cr_assert(same(&world_last(&w, ACT_ADD_ADDRESSES)->ips, &one));
	cr_assert_eq(world_note(&w, NOTE_ADDRESSES_LOST)->value, 1);
	tick();
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
	world_expect(&w, STATE_PRIMARY);
}

/* Two losses, one answer for both. */
Test(core_serve, one_answer_may_stand_for_several_additions) {
	world_init(&w);
	world_primary(&w);
	w.mute = 1U << ACT_ADD_ADDRESSES;
	for (unsigned slot = 0; slot < 2; slot++)
		world_event(&w, &(struct event){.type = EV_ADDRESSES_LOST, .lost = one_ip(slot)});
	world_pass(&w, 10 * SEC);
	world_forget(&w);
	world_done(&w, EV_ADDRESSES_ADDED, 0);
	tick();
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
	world_done(&w, EV_ADDRESSES_ADDED, 0); /* to nothing that is under way */
	tick();
	cr_assert_eq(world_count(&w, ACT_ANNOUNCE), 1);
}

Test(core_serve, one_that_cannot_be_restored_is_tried_again_and_the_others_served) {
	world_init(&w);
	world_primary(&w);
	w.add_error = EADDRNOTAVAIL;
	world_event(&w, &(struct event){.type = EV_ADDRESSES_LOST, .lost = one_ip(1)});
	world_pass(&w, 5 * SEC);
	world_expect(&w, STATE_PRIMARY);
	size_t tries = world_count(&w, ACT_ADD_ADDRESSES);
	cr_assert(tries >= 3 && tries <= 7, "%zu", tries);
	w.add_error = 0;
	world_pass(&w, 2 * SEC);
	world_forget(&w);
	world_pass(&w, 5 * SEC);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
}

Test(core_serve, a_backup_restores_nothing) {
	world_init(&w);
	world_backup(&w);
	world_event(&w, &(struct event){.type = EV_ADDRESSES_LOST, .lost = one_ip(1)});
	world_done(&w, EV_ADDRESSES_ADDED, 0);
	world_done(&w, EV_ANNOUNCED, 0);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES), 0);
	world_expect(&w, STATE_BACKUP);
}

/* ---- the claim is rolled back ---- */

/* Claimed by consent, and the addresses fail. */
static void rolled_back(void) {
	world_init(&w);
	w.add_error = EPERM;
	world_boot(&w);
	w.on = true;
	w.says.seen = WORLD_MARK;
	world_pass(&w, 6 * world_h(&w));
}

Test(core_rollback, lease_and_addresses_go_and_the_role_is_offered) {
	rolled_back();
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_ADDRESSES);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_count(&w, ACT_REMOVE_ADDRESSES), 1);
	cr_assert(w.said.offer && !w.said.lease && w.said.fitness == 0);
}

Test(core_rollback, the_peer_takes_it) {
	rolled_back();
	w.says.want = 5;
	w.says.seen = w.core.seen;
	world_pass(&w, 2 * world_h(&w));
	cr_assert_eq(w.said.rel, 5);
	w.says.want = 0;
	w.says.lease = true;
	w.says.seen++;
	world_pass(&w, 5 * world_timers(&w)->dead);
	world_expect(&w, STATE_BACKUP);
}

Test(core_rollback, not_taken_it_is_tried_again_after_a_while) {
	rolled_back();
	w.says.seen = w.core.seen;
	w.add_error = 0;
	world_forget(&w);
	world_pass(&w, 4 * world_timers(&w)->dead - 6 * world_h(&w));
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_expect(&w, STATE_FAULT);
	world_pass(&w, 7 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

/* ---- carrier ---- */

Test(core_carrier, lost_the_primary_steps_down_and_offers) {
	world_init(&w);
	world_primary(&w);
	world_carrier(&w, false);
	world_carrier(&w, false);
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 1);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_CARRIER);
	tick();
	cr_assert(w.said.offer && w.said.fitness == 0);
}

Test(core_carrier, lost_during_a_claim_abandons_it) {
	world_init(&w);
	w.mute = 1U << ACT_PERMIT;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
	world_carrier(&w, false);
	cr_assert_eq(world_count(&w, ACT_DROP_PERMIT), 1);
	world_expect(&w, STATE_FAULT);
}

Test(core_carrier, back_the_node_is_backup_of_who_serves_now) {
	world_init(&w);
	world_primary(&w);
	world_carrier(&w, false);
	w.says.lease = true;
	w.says.seen = w.core.seen + 1;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_FAULT);
	world_carrier(&w, true);
	world_expect(&w, STATE_BACKUP);
	world_pass(&w, 5 * world_timers(&w)->dead);
	world_expect(&w, STATE_BACKUP);
}

Test(core_carrier, back_before_anybody_took_over_it_serves_again) {
	world_init(&w);
	world_primary(&w);
	world_carrier(&w, false);
	world_pass(&w, 2 * world_h(&w));
	world_carrier(&w, true);
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_carrier, a_backup_without_it_claims_nothing) {
	world_init(&w);
	world_backup(&w);
	world_carrier(&w, false);
	w.on = false;
	world_pass(&w, 3 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
}

/* ---- reload ---- */

Test(core_reload, shared_ips_come_and_go_while_serving) {
	world_init(&w);
	world_primary(&w);
	ip_set_remove(&w.config.ips, 0);
	ip_set_add(&w.config.ips, 7);
	world_forget(&w);
	world_reload(&w);
	struct ip_set gone = one_ip(0), came = one_ip(7);
	cr_assert(same(&world_last(&w, ACT_REMOVE_ADDRESSES)->ips, &gone));
	cr_assert(same(&world_last(&w, ACT_ADD_ADDRESSES)->ips, &came));
	tick();
	cr_assert(same(&world_last(&w, ACT_ANNOUNCE)->ips, &w.config.ips));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 0);
}

Test(core_reload, all_of_the_most_shared_ips_are_replaced) {
	world_init(&w);
	for (unsigned i = 0; i < CORE_IPS / 2; i++)
		ip_set_add(&w.config.ips, i);
	world_primary(&w);
	struct ip_set before = w.config.ips, all;
	memset(&all, 0xff, sizeof all);
	w.config.ips = ip_set_less(all, &before);
	world_reload(&w);
	cr_assert(same(&world_last(&w, ACT_REMOVE_ADDRESSES)->ips, &before));
	cr_assert(same(&world_last(&w, ACT_ADD_ADDRESSES)->ips, &w.config.ips));
	world_expect(&w, STATE_PRIMARY);
}

/* While the addresses of the claim are being added: the one answer that comes is for all. */
Test(core_reload, during_a_claim) {
	world_init(&w);
	w.mute = 1U << ACT_ADD_ADDRESSES;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_CLAIMING);
	ip_set_add(&w.config.ips, 7);
	world_reload(&w);
	world_expect(&w, STATE_CLAIMING);
	world_done(&w, EV_ADDRESSES_ADDED, 0);
	world_expect(&w, STATE_PRIMARY);
	tick();
	cr_assert(same(&world_last(&w, ACT_ANNOUNCE)->ips, &w.config.ips));
}

Test(core_reload, between_permit_and_grant_the_new_ips_are_claimed) {
	world_init(&w);
	w.mute = 1U << ACT_PERMIT;
	world_boot(&w);
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	cr_assert_eq(w.core.claim, CLAIM_PERMIT);
	w.config.ips = one_ip(7);
	world_reload(&w);
	world_done(&w, EV_PERMITTED, 0);
	cr_assert(same(&world_last(&w, ACT_ADD_ADDRESSES)->ips, &w.config.ips));
}

Test(core_reload, a_new_ip_that_fails_takes_the_others_nothing) {
	world_init(&w);
	world_primary(&w);
	w.add_error = EINVAL;
	ip_set_add(&w.config.ips, 7);
	world_reload(&w);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_count(&w, ACT_DROP_LEASE), 0);
}

Test(core_reload, an_old_ip_that_could_not_be_removed_is_tried_again_while_serving) {
	world_init(&w);
	world_primary(&w);
	w.remove_error = EIO;
	ip_set_remove(&w.config.ips, 0);
	world_reload(&w);
	world_pass(&w, world_h(&w));
	const struct ip_set *again = &world_last(&w, ACT_REMOVE_ADDRESSES)->ips;
	cr_assert_geq(world_count(&w, ACT_REMOVE_ADDRESSES), 2);
	cr_assert(ip_set_has(again, 0) && !ip_set_has(again, 1), "and what is served stays");
	world_expect(&w, STATE_PRIMARY);
}

Test(core_reload, a_backup_touches_no_address) {
	world_init(&w);
	world_backup(&w);
	w.config.ips = one_ip(7);
	world_reload(&w);
	cr_assert_eq(world_count(&w, ACT_ADD_ADDRESSES) + world_count(&w, ACT_REMOVE_ADDRESSES), 0);
	cr_assert(same(&world_status(&w)->wanted, &w.config.ips));
}

Test(core_reload, automatic_failover_goes_off_and_on) {
	world_init(&w);
	world_backup(&w);
	w.config.automatic = false;
	world_reload(&w);
	w.on = false;
	world_pass(&w, 3 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	w.config.automatic = true;
	world_reload(&w);
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_reload, a_restarts_business_stays_as_it_was) {
	world_init(&w);
	world_backup(&w);
	struct timers before = w.config.timers;
	w.config.parity = 1;
	w.config.links = 5;
	w.config.timers.dead *= 2;
	world_reload(&w);
	cr_assert_eq(world_status(&w)->links, 2);
	cr_assert_eq(w.core.config.parity, 0);
	cr_assert_eq(w.core.config.timers.dead, before.dead);
}
