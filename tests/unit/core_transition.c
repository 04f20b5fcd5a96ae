/* The states that people see: each by its rule, each change recorded once with cause and facts; and every name. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/core_world.h"

static struct world w;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

/* ---- recorded once, with cause and facts ---- */

Test(core_transition, each_is_recorded_once_and_numbered) {
	world_init(&w);
	world_backup(&w);
	uint64_t events = world_status(&w)->events;
	w.on = false;
	world_pass(&w, world_timers(&w)->dead + 2 * world_h(&w));
	static const struct {
		enum state from, to;
		enum cause cause;
	} expected[] = {{STATE_BACKUP, STATE_SUSPECT, CAUSE_LATE},
			{STATE_SUSPECT, STATE_COUNTDOWN, CAUSE_SILENCE},
			{STATE_COUNTDOWN, STATE_CLAIMING, CAUSE_SILENCE},
			{STATE_CLAIMING, STATE_PRIMARY, CAUSE_SERVING}};
	size_t n = 0;
	for (size_t i = 0; i < w.log_n; i++) {
		const struct note *note = &w.log[i].note;
		if (w.log[i].type != ACT_NOTE || note->type != NOTE_TRANSITION)
			continue;
		cr_assert_lt(n, sizeof expected / sizeof *expected);
		cr_assert(note->from == expected[n].from && note->to == expected[n].to, "%s to %s", state_name(note->from),
			  state_name(note->to));
		cr_assert_eq(note->cause, expected[n].cause, "%s", cause_name(note->cause));
		cr_assert_eq(note->event, events + ++n);
	}
	cr_assert_eq(n, sizeof expected / sizeof *expected);
	cr_assert_eq(world_status(&w)->events, events + n);
	world_pass(&w, SEC);
	cr_assert_eq(world_status(&w)->events, events + n);
}

Test(core_transition, a_primary_is_one_because_of_what_made_it_claim) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	while (w.core.state != STATE_PRIMARY)
		world_pass(&w, MSEC);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_SERVING);
	cr_assert_eq(world_status(&w)->cause, CAUSE_SILENCE);
}

Test(core_transition, the_facts_are_those_of_the_moment) {
	world_init(&w);
	w.config.tests = 0x3;
	w.answering = 0x1;
	world_backup(&w);
	world_event(&w, &(struct event){.type = EV_LINK, .link = {.link = 1, .up = true}});
	w.on = false;
	mono_t rx = world_status(&w)->peer_rx;
	uint64_t seq = w.peer_seq;
	w.mute = 1U << ACT_PERMIT;
	while (w.core.state != STATE_CLAIMING)
		world_pass(&w, MSEC);
	const struct note *note = world_note(&w, NOTE_TRANSITION);
	const struct facts *facts = &note->facts;
	cr_assert_eq(facts->silent, note->at - rx);
	cr_assert_geq(facts->silent, world_timers(&w)->dead);
	cr_assert_geq(facts->echo_age, facts->silent);
	cr_assert_eq(facts->peer_seq, seq);
	cr_assert_eq(facts->epoch, WORLD_MARK + 1);
	cr_assert(facts->tests == 0x3 && facts->tests_fresh == 0x1 && facts->tests_proven == 0x1);
	cr_assert(facts->links == 0x3 && facts->links_up == 0x2);
	cr_assert(facts->faults == 0 && facts->addresses == ip_set_count(&w.config.ips));
}

Test(core_transition, what_was_never_heard_is_told_apart) {
	world_init(&w);
	world_boot(&w);
	world_pass(&w, 4 * world_h(&w));
	const struct facts *facts = &world_note(&w, NOTE_TRANSITION)->facts;
	cr_assert(facts->silent == -1 && facts->echo_age == -1);
}

Test(core_transition, a_fault_from_before_the_first_word_is_a_cause) {
	world_init(&w);
	world_boot(&w);
	world_carrier(&w, false);
	world_expect(&w, STATE_INIT);
	world_pass(&w, 4 * world_h(&w));
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_CARRIER);
}

Test(core_transition, lateness_of_our_own_is_a_fact_until_the_next_heartbeat) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_event(&w, &(struct event){.type = EV_WAKE, .wake.late = 3 * MSEC});
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->facts.late, 3 * MSEC);
	world_hear(&w);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->facts.late, 0);
}

Test(core_transition, what_came_in_while_we_slept_is_heard_before_silence_is_told) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_forget(&w);
	w.now += 3 * world_timers(&w)->dead;
	world_event(&w, &(struct event){.type = EV_WAKE});
	world_hear(&w);
	world_event(&w, &(struct event){.type = EV_TICK});
	world_expect(&w, STATE_BACKUP);
	cr_assert_eq(world_notes(&w, NOTE_TRANSITION), 0);
	cr_assert_eq(world_notes(&w, NOTE_STALL), 1);
}

/* ---- the states ---- */

Test(core_state, suspect_and_back) {
	world_init(&w);
	world_backup(&w);
	w.on = false;
	world_pass(&w, 3 * world_h(&w));
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_status(&w)->dead_at, world_status(&w)->peer_rx + world_timers(&w)->dead);
	world_hear(&w);
	world_expect(&w, STATE_BACKUP);
	cr_assert_eq(world_status(&w)->dead_at, MONO_FAR);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_HEARD);
}

Test(core_state, waiting_when_the_peer_holds_nothing_and_nobody_may_claim) {
	world_init(&w);
	world_backup(&w);
	w.says.lease = false; /* it owns the epoch */
	world_hear(&w);
	tick();
	world_expect(&w, STATE_WAITING);
}

Test(core_state, isolated_only_who_held_and_owns_and_is_not_echoed) {
	world_init(&w);
	world_primary(&w);
	w.echoing = false;
	w.answering = 0;
	world_pass(&w, world_timers(&w)->echo + world_timers(&w)->lease + 2 * world_h(&w));
	world_expect(&w, STATE_ISOLATED);
	w.says.lease = true;
	w.says.seen = w.core.seen + 1;
	world_hear(&w);
	world_expect(&w, STATE_BACKUP);

	world_init(&w);
	world_boot(&w);
	w.on = true;
	w.echoing = false;
	world_pass(&w, 6 * world_h(&w));
	world_expect(&w, STATE_WAITING); /* it never held */
}

Test(core_state, alone_is_shown) {
	world_init(&w);
	world_primary(&w);
	cr_assert(!world_status(&w)->alone);
	w.on = false;
	world_pass(&w, world_timers(&w)->dead);
	cr_assert(world_status(&w)->alone);
}

/* ---- status ---- */

Test(core_status, the_peer_as_it_says) {
	world_init(&w);
	world_backup(&w);
	w.says.fitness = 40;
	world_hear(&w);
	const struct core_status *s = world_status(&w);
	cr_assert(s->peer_known && s->peer_lease && !s->peer_deaf && !s->peer_leaving);
	cr_assert_eq(s->peer_boot, WORLD_PEER_BOOT);
	cr_assert_eq(s->peer_seen, WORLD_MARK + 1);
	cr_assert_eq(s->peer_fitness, 40);
	cr_assert_eq(s->peer_rx, w.now);
	cr_assert_eq(s->peer_cover, w.says.cover_us * USEC);
	cr_assert_eq(s->received, w.peer_seq);
	cr_assert_eq(s->sent, w.said.seq);
	cr_assert_eq(s->boot, WORLD_BOOT);
}

Test(core_status, before_anybody_was_heard) {
	world_init(&w);
	world_boot(&w);
	const struct core_status *s = world_status(&w);
	cr_assert(!s->peer_known && s->peer_rx == MONO_NEVER && s->echo == MONO_NEVER);
	cr_assert(s->epoch == 0 && s->lease_until == MONO_NEVER && s->dead_at == MONO_FAR);
	cr_assert_eq(s->lease_lowest, world_timers(&w)->lease);
	cr_assert(s->automatic && s->backup_operations && !s->paused);
	cr_assert_eq(s->cause, CAUSE_START);
}

/* ---- names ---- */

static const char *state_at(int i) {
	return state_name((enum state)i);
}
static const char *cause_at(int i) {
	return cause_name((enum cause)i);
}
static const char *note_at(int i) {
	return note_name((enum note_type)i);
}
static const char *event_at(int i) {
	return event_name((enum event_type)i);
}
static const char *action_at(int i) {
	return action_name((enum action_type)i);
}
static const char *outcome_at(int i) {
	return outcome_name((enum outcome)i);
}
static const char *verb_at(int i) {
	return verb_name((enum verb)i);
}
static const char *policy_at(int i) {
	return policy_name((enum policy)i);
}
static const char *alone_at(int i) {
	return alone_name((enum alone)i);
}
static const char *fence_mode_at(int i) {
	return fence_mode_name((enum fence_mode)i);
}
static const char *fence_state_at(int i) {
	return fence_state_name((enum fence_state)i);
}
static const char *run_at(int i) {
	return run_name((enum run)i);
}
static const char *health_at(int i) {
	return health_name((enum health)i);
}
static const char *fact_at(int i) {
	return fact_name((enum fact)i);
}
static const char *fault_at(int i) {
	return fault_name((enum fault)(1 << i));
}

Test(core_names, each_value_has_one_of_its_own) {
	static const struct {
		const char *what;
		const char *(*at)(int);
		int n;
	} tables[] = {
		{"state", state_at, STATE__COUNT},
		{"cause", cause_at, CAUSE__COUNT},
		{"note", note_at, NOTE__COUNT},
		{"event", event_at, EV__COUNT},
		{"action", action_at, ACT__COUNT},
		{"outcome", outcome_at, OUTCOME__COUNT},
		{"verb", verb_at, VERB__COUNT},
		{"policy", policy_at, POLICY__COUNT},
		{"alone", alone_at, ALONE__COUNT},
		{"fault", fault_at, FAULTS},
		{"fence mode", fence_mode_at, FENCE__COUNT},
		{"fence state", fence_state_at, FENCE_STATE__COUNT},
		{"run", run_at, RUN__COUNT},
		{"health", health_at, HEALTH__COUNT},
		{"fact", fact_at, FACT__COUNT},
	};

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		for (int i = 0; i < tables[t].n; i++) {
			const char *name = tables[t].at(i);
			cr_assert(name && name[0] && name[0] != '?', "%s %d", tables[t].what, i);
			cr_assert_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name), "%s", name);
			for (int j = 0; j < i; j++)
				cr_assert_str_neq(name, tables[t].at(j));
		}
		cr_assert_str_eq(tables[t].at(tables[t].n), "?", "%s", tables[t].what);
	}
}

/* One way is cut: the peer says that it is deaf, and so this node is not. */
static void hear_only_deaf_frames(void) {
	w.says.lease = false;
	w.says.deaf = true;
	w.echoing = false;
}

Test(core_transition, no_countdown_runs_where_none_would_take_over) {
	world_init(&w);
	world_backup(&w);
	hear_only_deaf_frames();
	w.answering = 0;
	world_pass_long(&w, 30 * SEC);
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_status(&w)->dead_at, MONO_FAR);
}

Test(core_transition, a_countdown_that_was_stopped_is_none) {
	world_init(&w);
	w.config.countdown = 60 * SEC;
	world_backup(&w);
	hear_only_deaf_frames();
	world_pass(&w, world_timers(&w)->dead);
	world_expect(&w, STATE_COUNTDOWN);
	world_verb(&w, VERB_ABORT, false, false);
	world_pass_long(&w, 90 * SEC);
	world_expect(&w, STATE_SUSPECT);
	cr_assert_eq(world_status(&w)->dead_at, MONO_FAR);
}
