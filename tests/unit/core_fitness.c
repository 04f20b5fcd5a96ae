/* How well this node could serve: faults, the slow tests, and the health command, whose results turn the verdict only so
 * many in a row. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/core_world.h"

enum { FIT = 100, ILL = 50, UNFIT = 0 };

static struct world w;

static void begin(void) {
	world_init(&w);
	w.config.health = true;
	w.config.health_fall = 3;
	w.config.health_rise = 2;
	world_backup(&w);
}

/* Each letter is a result: well, or ill. */
static void results(const char *each) {
	for (; *each; each++)
		world_health(&w, *each == 'w');
}

Test(core_health, so_many_results_in_a_row_turn_the_verdict) {
	static const struct {
		const char *results;
		enum health health;
		size_t notes;
	} rows[] = {
		{"", HEALTH_UNKNOWN, 0},      {"w", HEALTH_WELL, 0},        {"i", HEALTH_UNKNOWN, 0},
		{"ii", HEALTH_UNKNOWN, 0},    {"iii", HEALTH_ILL, 1},       {"iiw", HEALTH_WELL, 0},
		{"wii", HEALTH_WELL, 0},      {"wiii", HEALTH_ILL, 1},      {"wiiwii", HEALTH_WELL, 0},
		{"wiiiw", HEALTH_ILL, 1},     {"wiiiww", HEALTH_WELL, 2},   {"wiiiwiw", HEALTH_ILL, 1},
		{"wiiiwwii", HEALTH_WELL, 2}, {"wiiiwwiii", HEALTH_ILL, 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin();
		results(rows[i].results);
		enum health health = world_status(&w)->health;
		cr_assert_eq(health, rows[i].health, "\"%s\": %s", rows[i].results, health_name(health));
		cr_assert_eq(world_notes(&w, NOTE_HEALTH), rows[i].notes, "\"%s\"", rows[i].results);
		cr_assert_eq(world_status(&w)->fitness, health == HEALTH_ILL ? ILL : FIT, "\"%s\"", rows[i].results);
	}
}

Test(core_health, a_change_is_said_at_once) {
	begin();
	results("wii");
	uint64_t seq = w.said.seq;
	world_health(&w, false);
	cr_assert_eq(world_note(&w, NOTE_HEALTH)->detail, HEALTH_ILL);
	world_event(&w, &(struct event){.type = EV_TICK});
	cr_assert(w.said.seq == seq + 1 && w.said.fitness == ILL);
}

Test(core_health, results_of_a_command_that_is_not_configured_say_nothing) {
	begin();
	w.config.health = false;
	world_reload(&w);
	results("iiii");
	cr_assert_eq(world_status(&w)->health, HEALTH_UNKNOWN);
	cr_assert_eq(world_status(&w)->fitness, FIT);
}

Test(core_health, a_command_taken_out_of_the_configuration_leaves_no_verdict) {
	begin();
	results("iii");
	w.config.health = false;
	world_reload(&w);
	cr_assert_eq(world_status(&w)->health, HEALTH_UNKNOWN);
	cr_assert_eq(world_status(&w)->fitness, FIT);
	w.config.health = true;
	world_reload(&w);
	results("wii");
	w.config.health = false;
	world_reload(&w);
	w.config.health = true;
	world_reload(&w);
	results("i");
	cr_assert_eq(world_status(&w)->health, HEALTH_UNKNOWN, "the row begins anew");
}

Test(core_fitness, what_is_broken_outweighs_what_is_ill) {
	begin();
	results("iii");
	world_carrier(&w, false);
	cr_assert_eq(world_status(&w)->fitness, UNFIT);
	world_carrier(&w, true);
	cr_assert_eq(world_status(&w)->fitness, ILL);
	w.answering = 0;
	world_pass_long(&w, 4 * SEC);
	cr_assert_eq(world_status(&w)->fitness, UNFIT, "the slow tests");
}

/* An ill backup takes over only from a dead primary: it does not ask for the role, and serves when nobody else does. */
Test(core_fitness, an_ill_backup_outlives_the_primary_and_relieves_none) {
	begin();
	results("iii");
	w.says.fitness = ILL;
	world_pass_long(&w, 10 * SEC);
	cr_assert_eq(w.said.want, 0, "equally ill");
	w.on = false;
	world_pass(&w, world_timers(&w)->dead + world_h(&w));
	world_expect(&w, STATE_PRIMARY);
}

Test(core_fitness, an_ill_backup_relieves_one_that_cannot_serve) {
	begin();
	results("iii");
	w.says.fitness = UNFIT;
	mono_t end = w.now + 10 * SEC;
	while (w.said.want == 0 && w.now < end) {
		world_forget(&w);
		world_pass(&w, world_h(&w));
	}
	cr_assert_neq(w.said.want, 0);
}
