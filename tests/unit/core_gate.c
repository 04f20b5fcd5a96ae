/* The two commands that a claim waits for: before-primary, which is asked early and may veto, and the fence, which runs
 * when nothing else stands against a claim by silence. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/core_world.h"

static struct world w;

/* An agreement, and a fence that succeeded, are worth something for so long; what was refused is asked again after as
 * long. */
static const span_t agreement = 30 * SEC, again = 10 * SEC;

static void tick(void) {
	world_event(&w, &(struct event){.type = EV_TICK});
}

static void fall_silent_for(span_t length) {
	w.on = false;
	world_pass(&w, world_status(&w)->peer_rx + length - w.now);
}

/* The place of the first action of this type in the log, or, of ACT_RUN, of this command. */
static size_t place(enum action_type type, enum run run) {
	for (size_t i = 0; i < w.log_n; i++)
		if (w.log[i].type == type && (type != ACT_RUN || w.log[i].run.run == run))
			return i;
	return WORLD_LOG;
}

Test(core_gate, without_commands_nothing_runs) {
	world_init(&w);
	world_backup(&w);
	fall_silent_for(world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_count(&w, ACT_RUN), 0);
}

/* ---- before-primary ---- */

/* A backup with the command, which does not end before the test says so. */
static void gated(void) {
	world_init(&w);
	w.config.gate = true;
	w.hanging = 1U << RUN_BEFORE_PRIMARY;
	world_backup(&w);
}

Test(core_before_primary, asked_while_the_dead_interval_runs_it_costs_no_time) {
	gated();
	w.hanging = 0;
	fall_silent_for(world_timers(&w)->unheard);
	cr_assert_eq(world_count(&w, ACT_RUN), 0);
	fall_silent_for(world_timers(&w)->dead - USEC);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1, "asked once");
	cr_assert_eq(world_notes(&w, NOTE_VETO), 1);
	cr_assert_eq(world_note(&w, NOTE_VETO)->detail, 0);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	world_pass(&w, 2 * USEC);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
	world_pass(&w, SEC);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
}

Test(core_before_primary, a_claim_waits_for_it) {
	gated();
	fall_silent_for(5 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
	world_ran(&w, RUN_BEFORE_PRIMARY, true);
	tick();
	cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
}

/* The peer leaves, or gives way to the owner of the epoch. */
Test(core_before_primary, so_does_a_claim_that_the_peer_agrees_to) {
	for (int leaving = 0; leaving < 2; leaving++) {
		gated();
		w.says.lease = false;
		w.says.leaving = leaving;
		w.says.seen += !leaving;
		world_pass(&w, 3 * world_h(&w));
		cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
		cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
		world_ran(&w, RUN_BEFORE_PRIMARY, true);
		world_pass(&w, world_h(&w));
		cr_assert_eq(world_count(&w, ACT_PERMIT), 1);
	}
}

/* What is released is not served meanwhile: so the role is not asked for before. */
Test(core_before_primary, a_takeover_asks_it_first_and_waits_for_it_as_long_as_it_runs) {
	gated();
	world_verb(&w, VERB_TAKEOVER, false, false);
	world_pass(&w, 20 * world_timers(&w)->dead);
	cr_assert_eq(w.said.want, 0);
	cr_assert_eq(world_outcome(&w), OUTCOME__COUNT);
	world_ran(&w, RUN_BEFORE_PRIMARY, true);
	tick();
	cr_assert_neq(w.said.want, 0);
	w.says.rel = w.said.want;
	w.says.lease = false;
	world_pass(&w, 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
}

Test(core_before_primary, a_takeover_that_is_vetoed_asks_nobody) {
	gated();
	world_verb(&w, VERB_TAKEOVER, false, false);
	world_ran(&w, RUN_BEFORE_PRIMARY, false);
	tick();
	cr_assert_eq(world_outcome(&w), OUTCOME_VETOED);
	cr_assert_eq(w.said.want, 0);
	world_pass(&w, SEC);
	cr_assert_eq(w.said.want, 0);
}

Test(core_before_primary, a_veto_is_a_fault_for_a_while_then_asked_again) {
	gated();
	fall_silent_for(world_timers(&w)->dead);
	w.hanging = 0;
	w.failing = 1U << RUN_BEFORE_PRIMARY;
	world_ran(&w, RUN_BEFORE_PRIMARY, false);
	cr_assert_eq(world_note(&w, NOTE_VETO)->detail, 1);
	world_expect(&w, STATE_FAULT);
	cr_assert_eq(world_status(&w)->faults, FAULT_VETO);
	cr_assert(world_status(&w)->vetoed);
	cr_assert_eq(world_note(&w, NOTE_TRANSITION)->cause, CAUSE_VETO);
	world_pass(&w, again - MSEC);
	cr_assert_eq(world_status(&w)->faults, FAULT_VETO);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
	w.failing = 0;
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 2);
	world_expect(&w, STATE_PRIMARY);
}

/* The owner of the epoch that may not serve lets the other have it. */
Test(core_before_primary, who_is_vetoed_offers_the_role) {
	gated();
	w.says.lease = false;
	w.says.seen++;
	world_hear(&w);
	tick();
	world_ran(&w, RUN_BEFORE_PRIMARY, false);
	tick();
	cr_assert(w.said.offer && w.said.fitness == 0);
}

Test(core_before_primary, clear_and_takeover_forgive_a_veto) {
	static const enum verb verbs[] = {VERB_CLEAR, VERB_TAKEOVER};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		gated();
		world_verb(&w, VERB_TAKEOVER, false, false);
		world_ran(&w, RUN_BEFORE_PRIMARY, false);
		tick();
		cr_assert_eq(world_status(&w)->faults, FAULT_VETO);
		world_verb(&w, verbs[i], false, false);
		cr_assert_eq(world_status(&w)->faults, 0, "%s", verb_name(verbs[i]));
	}
}

Test(core_before_primary, an_agreement_grows_old) {
	gated();
	w.hanging = 0;
	w.config.countdown = 2 * agreement;
	world_reload(&w);
	fall_silent_for(world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
	world_pass(&w, agreement - 3 * world_h(&w));
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
	world_pass(&w, 4 * world_h(&w));
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 2);
}

Test(core_before_primary, each_claim_asks_anew) {
	gated();
	w.hanging = 0;
	fall_silent_for(world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	world_event(&w, &(struct event){.type = EV_LEASE_LOST});
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 2);
}

Test(core_before_primary, an_answer_to_another_question_says_nothing) {
	static const struct {
		const char *what;
		struct event event;
	} rows[] = {{"another number", {.type = EV_RAN, .ran = {.run = RUN_BEFORE_PRIMARY, .id = 77, .ok = true}}},
		    {"another command", {.type = EV_RAN, .ran = {.run = RUN_FENCE, .id = 1, .ok = true}}}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gated();
		fall_silent_for(2 * world_timers(&w)->dead);
		cr_assert_eq(world_last(&w, ACT_RUN)->run.id, 1);
		world_event(&w, &rows[i].event);
		tick();
		cr_assert_eq(world_count(&w, ACT_PERMIT), 0, "%s", rows[i].what);
	}
}

/* ---- who asks of his own accord ---- */

static void is_offered(bool on) {
	w.says.offer = on;
}

static void is_ill(bool on) {
	w.says.fitness = on ? 0 : 100;
}

/* The peer's operator was told that nothing changed hands, or the primary is well again: nobody wants it any more. */
Test(core_before_primary, a_reason_that_is_gone_when_it_agrees_is_none) {
	static const struct {
		const char *what;
		void (*reason)(bool on);
	} rows[] = {{"offered", is_offered}, {"ill", is_ill}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int gone = 0; gone < 2; gone++) {
			gated();
			rows[i].reason(true);
			while (world_runs(&w, RUN_BEFORE_PRIMARY) == 0 && w.now < 100 * SEC)
				world_pass(&w, MSEC);
			cr_assert_eq(w.said.want, 0, "%s", rows[i].what);
			rows[i].reason(!gone);
			world_pass(&w, 2 * world_h(&w));
			world_ran(&w, RUN_BEFORE_PRIMARY, true);
			world_pass(&w, 2 * world_h(&w));
			cr_assert_eq(w.said.want == 0, gone, "%s", rows[i].what);
		}
}

/* ---- the fence ---- */

static void fenced(enum fence_mode mode) {
	world_init(&w);
	w.config.fence = mode;
	world_backup(&w);
}

Test(core_fence, it_runs_when_silence_is_over_and_before_the_claim) {
	static const enum fence_mode modes[] = {FENCE_BEST_EFFORT, FENCE_REQUIRED};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		fenced(modes[i]);
		fall_silent_for(world_timers(&w)->dead - USEC);
		cr_assert_eq(world_count(&w, ACT_RUN), 0);
		cr_assert_eq(world_status(&w)->fence, FENCE_IDLE);
		world_pass(&w, world_h(&w));
		world_expect(&w, STATE_PRIMARY);
		cr_assert_eq(world_runs(&w, RUN_FENCE), 1);
		cr_assert_lt(place(ACT_RUN, RUN_FENCE), place(ACT_PERMIT, RUN__COUNT));
		cr_assert_eq(world_notes(&w, NOTE_FENCE), 2, "it runs; it is done");
		cr_assert_eq(world_note(&w, NOTE_FENCE)->detail, FENCE_DONE);
		cr_assert_eq(world_status(&w)->fence, FENCE_DONE);
	}
}

Test(core_fence, one_that_fails_is_an_obstacle_only_where_it_is_required) {
	static const struct {
		enum fence_mode mode;
		enum state state;
		size_t runs;
	} rows[] = {{FENCE_BEST_EFFORT, STATE_PRIMARY, 1}, {FENCE_REQUIRED, STATE_COUNTDOWN, 3}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fenced(rows[i].mode);
		w.failing = 1U << RUN_FENCE;
		fall_silent_for(world_timers(&w)->dead + 2 * again + 2 * world_h(&w));
		world_expect(&w, rows[i].state);
		cr_assert_eq(world_runs(&w, RUN_FENCE), rows[i].runs, "again and again, not faster than that");
		cr_assert_eq(world_status(&w)->fence, FENCE_FAILED);
		cr_assert_eq(world_note(&w, NOTE_FENCE)->detail, FENCE_FAILED);
		cr_assert_eq(world_count(&w, ACT_PERMIT), rows[i].state == STATE_PRIMARY);
	}
}

Test(core_fence, one_that_hangs_keeps_us_from_claiming_until_it_is_given_up) {
	static const struct {
		enum fence_mode mode;
		bool ok;
		size_t permits;
	} rows[] = {{FENCE_BEST_EFFORT, false, 1}, {FENCE_REQUIRED, false, 0}, {FENCE_REQUIRED, true, 1}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fenced(rows[i].mode);
		w.hanging = 1U << RUN_FENCE;
		fall_silent_for(5 * world_timers(&w)->dead);
		cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
		cr_assert_eq(world_status(&w)->fence, FENCE_RUNNING);
		cr_assert_eq(world_runs(&w, RUN_FENCE), 1);
		world_ran(&w, RUN_FENCE, rows[i].ok);
		tick();
		cr_assert_eq(world_count(&w, ACT_PERMIT), rows[i].permits);
	}
}

Test(core_fence, its_delay_counts_from_the_end_of_the_silence) {
	fenced(FENCE_REQUIRED);
	w.config.fence_delay = 2 * SEC;
	world_reload(&w);
	mono_t rx = world_status(&w)->peer_rx;
	fall_silent_for(world_timers(&w)->dead + world_h(&w));
	cr_assert_eq(world_status(&w)->fence, FENCE_DELAYED);
	mono_t due = rx + world_timers(&w)->dead + w.config.fence_delay;
	world_pass(&w, due - USEC - w.now);
	cr_assert_eq(world_runs(&w, RUN_FENCE), 0);
	world_pass(&w, world_h(&w));
	cr_assert_eq(world_runs(&w, RUN_FENCE), 1);
	world_expect(&w, STATE_PRIMARY);
}

static void somebody_answers(void) {
	w.holder = true;
}

static void aborted(void) {
	world_pass(&w, world_timers(&w)->unheard);
	world_verb(&w, VERB_ABORT, false, false);
}

static void no_test_answers(void) {
	w.answering = 0;
}

static void counting(void) {
	w.config.countdown = 60 * SEC;
	world_reload(&w);
}

static void vetoed(void) {
	w.config.gate = true;
	w.failing |= 1U << RUN_BEFORE_PRIMARY;
	world_reload(&w);
}

static void configured_differently(void) {
	w.config.digest = 1;
	world_reload(&w);
	w.core.peer.digest = 2;
}

/* A peer that may well live is not to be killed for nothing. */
Test(core_fence, nobody_is_fenced_while_anything_else_stands_against_the_claim) {
	static const struct {
		const char *what;
		void (*out)(void);
	} rows[] = {{"an answer for a shared IP", somebody_answers},
		    {"aborted", aborted},
		    {"no test answers", no_test_answers},
		    {"countdown", counting},
		    {"veto", vetoed},
		    {"configurations differ", configured_differently}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fenced(FENCE_REQUIRED);
		w.on = false;
		rows[i].out();
		fall_silent_for(10 * world_timers(&w)->dead);
		cr_assert_eq(world_runs(&w, RUN_FENCE), 0, "%s", rows[i].what);
	}
}

Test(core_fence, a_peer_that_gave_way_is_not_fenced) {
	world_init(&w);
	w.config.fence = FENCE_REQUIRED;
	world_primary(&w); /* by consent */
	cr_assert_eq(world_status(&w)->fence, FENCE_IDLE);
}

/* Heard again while it ran: what the command did was for that silence. */
Test(core_fence, it_is_for_one_silence) {
	fenced(FENCE_REQUIRED);
	w.hanging = 1U << RUN_FENCE;
	fall_silent_for(2 * world_timers(&w)->dead);
	world_hear(&w);
	cr_assert_eq(world_status(&w)->fence, FENCE_IDLE);
	world_ran(&w, RUN_FENCE, true);
	cr_assert_eq(world_status(&w)->fence, FENCE_IDLE, "too late");
	fall_silent_for(2 * world_timers(&w)->dead);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
	cr_assert_eq(world_runs(&w, RUN_FENCE), 2);
}

/* We served alone and lost the lease: what was fenced long ago may run again, though we do not hear it. */
Test(core_fence, it_is_not_worth_anything_for_ever) {
	fenced(FENCE_REQUIRED);
	fall_silent_for(world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	world_pass_long(&w, agreement);
	w.answering = 0;
	world_pass(&w, world_timers(&w)->dead);
	world_expect(&w, STATE_ISOLATED);
	w.answering = UINT16_MAX;
	world_forget(&w);
	world_pass(&w, 2 * world_timers(&w)->dead);
	cr_assert_eq(world_runs(&w, RUN_FENCE), 1);
	world_expect(&w, STATE_PRIMARY);
}

/* The claim failed for another reason: nobody is fenced twice for that. */
Test(core_fence, it_is_worth_something_for_a_while) {
	fenced(FENCE_REQUIRED);
	w.permit_error = EPERM;
	fall_silent_for(world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_FAULT);
	world_pause(&w, agreement / 2);
	w.permit_error = 0;
	world_pass(&w, agreement / 2 + 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_runs(&w, RUN_FENCE), 1);
}

Test(core_fence, clear_lets_one_that_failed_be_tried_at_once) {
	fenced(FENCE_REQUIRED);
	w.failing = 1U << RUN_FENCE;
	fall_silent_for(2 * world_timers(&w)->dead);
	cr_assert_eq(world_status(&w)->fence, FENCE_FAILED);
	w.failing = 0;
	world_verb(&w, VERB_CLEAR, false, false);
	world_pass(&w, world_h(&w));
	cr_assert_eq(world_status(&w)->fence, FENCE_DONE);
	world_expect(&w, STATE_PRIMARY);
}

/* ---- by force ---- */

/* No automatic failover, no test that answers: only force claims. The commands take longer than a request stands. */
static void forced(enum run hanging) {
	world_init(&w);
	w.config.automatic = false;
	w.config.gate = hanging == RUN_BEFORE_PRIMARY;
	w.config.fence = hanging == RUN_FENCE ? FENCE_REQUIRED : FENCE_OFF;
	w.answering = 0;
	w.hanging = 1U << hanging;
	world_backup(&w);
	fall_silent_for(2 * world_timers(&w)->dead);
	world_verb(&w, VERB_TAKEOVER, true, false);
	world_pass(&w, 20 * world_timers(&w)->dead);
	cr_assert_eq(world_outcome(&w), OUTCOME__COUNT, "it waits");
	cr_assert_eq(world_runs(&w, hanging), 1);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
}

Test(core_gate, a_takeover_by_force_waits_for_its_commands) {
	static const enum run runs[] = {RUN_BEFORE_PRIMARY, RUN_FENCE};

	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		forced(runs[i]);
		world_ran(&w, runs[i], true);
		world_pass(&w, 2 * world_h(&w));
		world_expect(&w, STATE_PRIMARY);
		cr_assert_eq(world_outcome(&w), OUTCOME_DONE, "%s", run_name(runs[i]));
	}
}

Test(core_gate, a_takeover_by_force_waits_for_the_fences_delay) {
	world_init(&w);
	w.config.automatic = false;
	w.config.fence = FENCE_REQUIRED;
	w.config.fence_delay = 20 * world_timers(&w)->dead;
	w.answering = 0;
	world_backup(&w);
	fall_silent_for(2 * world_timers(&w)->dead);
	world_verb(&w, VERB_TAKEOVER, true, false);
	world_pass(&w, world_timers(&w)->dead + w.config.fence_delay + 2 * world_h(&w));
	world_expect(&w, STATE_PRIMARY);
	cr_assert_eq(world_outcome(&w), OUTCOME_DONE);
}

Test(core_gate, a_takeover_by_force_does_not_overrule_them) {
	forced(RUN_BEFORE_PRIMARY);
	world_ran(&w, RUN_BEFORE_PRIMARY, false);
	world_pass(&w, world_h(&w));
	cr_assert_eq(world_outcome(&w), OUTCOME_VETOED);

	forced(RUN_FENCE);
	world_ran(&w, RUN_FENCE, false);
	world_pass(&w, 5 * world_timers(&w)->dead);
	cr_assert_eq(world_outcome(&w), OUTCOME_TIMEOUT);
	cr_assert_eq(world_count(&w, ACT_PERMIT), 0);
}

/* The operator takes away the command that hangs: what it says in the end counts no more. */
Test(core_gate, a_command_that_is_configured_no_more_has_no_veto) {
	world_init(&w);
	w.config.gate = true;
	w.hanging = 1U << RUN_BEFORE_PRIMARY;
	world_backup(&w);
	w.on = false;
	world_pass(&w, world_timers(&w)->unheard + 2 * world_h(&w));
	cr_assert_eq(world_runs(&w, RUN_BEFORE_PRIMARY), 1);
	w.config.gate = false;
	world_reload(&w);
	world_ran(&w, RUN_BEFORE_PRIMARY, false);
	cr_assert_eq(world_status(&w)->faults, 0);
	world_pass(&w, 2 * world_timers(&w)->dead);
	world_expect(&w, STATE_PRIMARY);
}
