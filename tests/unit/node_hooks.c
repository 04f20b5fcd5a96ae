/* The monitor's side of the hooks: which command belongs to which change, what is ordered and when, and that an answer
 * comes at the deadline whatever the worker does. This test is the worker. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/node/parts.h"
#include "hamon/pipe.h"

static struct node *node;
static int worker = -1; /* its end */
static struct message message;

static void begin(void) {
	static const struct core_memory memory = {.boot = 1, .reserved = 64};
	static struct conf_errors errors;
	static const char text[] = "cluster = \"edge\"\n"
				   "psk-file = \"/etc/hamon/psk\"\n"
				   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
				   "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
				   "hooks = { primary = \"p\", backup = \"b\", fault = \"f\", quiesce = \"q\",\n"
				   "          unquiesce = \"u\", before-primary = \"g\" }\n"
				   "fence = { command = \"k\", mode = \"required\" }\n"
				   "health = { command = \"h\" }\n";
	node = calloc(1, sizeof *node);
	cr_assert_eq(conf_read(text, "test", "ha1", &node->conf, &errors), 0, "%s", errors.text[0]);
	struct timers_ask ask = conf_timers_ask(&node->conf, 4 * MSEC, 4 * MSEC);
	cr_assert_eq(timers_derive(&ask, &node->core_config.timers), 0);
	cr_assert_eq(loop_init(&node->loop), 0);
	node->generation = 5;
	node->now = SEC;
	notes_init(&node->notes);
	node_hooks_init(node);
	core_init(&node->core, &node->core_config, &memory, node->now);
	node->core.fence = FENCE_RUNNING; /* as it is while it waits */
}

static void end(void) {
	if (worker >= 0)
		close(worker);
	loop_fini(&node->loop);
	free(node);
}

TestSuite(node_hooks, .init = begin, .fini = end);

/* ---- the worker's part ---- */

static void attach(void) {
	int ends[2];
	cr_assert_eq(pipe_open(ends), 0);
	worker = ends[1];
	node_hooks_attach(node, ends[0]);
}

static void die(void) {
	close(worker);
	worker = -1;
}

/* Lets the monitor hear what is there. */
static void turn(void) {
	loop_wait(&node->loop, 0);
	loop_dispatch(&node->loop);
	node_hooks_tick(node);
}

/* The next order; NULL: none. */
static const struct message_run *ordered(void) {
	int descriptor;
	if (pipe_receive(worker, &message, &descriptor) != 0)
		return NULL;
	cr_assert_eq(message.type, MSG_RUN);
	return &message.run;
}

static void say_end(enum run run, uint32_t id, int status, bool timed_out) {
	message.ran = (struct message_ran){
		.run = (int32_t)run, .id = id, .status = timed_out ? -1 : status, .timed_out = timed_out};
	cr_assert_eq(pipe_send(worker, &message, MSG_RAN, -1), 0);
}

/* ---- what the core gets ---- */

/* Takes the one event that there is; EV__COUNT: none. */
static struct event taken(void) {
	if (node->queue_n == 0)
		return (struct event){.type = EV__COUNT};
	cr_assert_eq(node->queue_n, 1);
	struct event event = node->queue[node->queue_first];
	node->queue_first = (node->queue_first + 1) % NODE_QUEUE;
	node->queue_n = 0;
	return event;
}

static void expect_answer(enum run run, uint32_t id, bool ok) {
	struct event event = taken();
	cr_assert_eq(event.type, EV_RAN);
	cr_assert_eq(event.ran.run, run);
	cr_assert_eq(event.ran.id, id);
	cr_assert_eq(event.ran.ok, ok);
}

static void expect_nothing(void) {
	cr_assert_eq(taken().type, EV__COUNT);
}

static const struct note *newest_note(void) {
	const struct notes *notes = &node->notes;
	cr_assert_gt(notes->n, 0);
	return &notes->ring[(notes->first + notes->n - 1) % NOTES_RING].note;
}

/* ---- changes of state ---- */

static void change(enum state to) {
	static enum state from = STATE_INIT;
	static uint64_t number;
	node_hooks_note(node, &(struct note){.type = NOTE_TRANSITION,
					     .event = ++number,
					     .from = from,
					     .to = to,
					     .cause = CAUSE_HEARD,
					     .facts.epoch = 42});
	from = to;
}

/* RUN__COUNT: none. */
static enum run ordered_run(void) {
	const struct message_run *order = ordered();
	return order ? (enum run)order->run : RUN__COUNT;
}

Test(node_hooks, each_change_has_its_command_once) {
	static const struct {
		enum state to;
		enum run run;
	} course[] = {
		{STATE_WAITING, RUN__COUNT},   {STATE_BACKUP, RUN_BACKUP},    {STATE_SUSPECT, RUN__COUNT},
		{STATE_BACKUP, RUN__COUNT},    {STATE_COUNTDOWN, RUN__COUNT}, {STATE_CLAIMING, RUN__COUNT},
		{STATE_PRIMARY, RUN_PRIMARY},  {STATE_YIELDING, RUN_QUIESCE}, {STATE_BACKUP, RUN_BACKUP},
		{STATE_ASKING, RUN__COUNT},    {STATE_CLAIMING, RUN__COUNT},  {STATE_PRIMARY, RUN_PRIMARY},
		{STATE_YIELDING, RUN_QUIESCE}, {STATE_CLAIMING, RUN__COUNT},  {STATE_PRIMARY, RUN_UNQUIESCE},
		{STATE_ISOLATED, RUN_BACKUP},  {STATE_CLAIMING, RUN__COUNT},  {STATE_PRIMARY, RUN_PRIMARY},
		{STATE_FAULT, RUN_FAULT},      {STATE_WAITING, RUN__COUNT},   {STATE_FAULT, RUN__COUNT},
		{STATE_BACKUP, RUN_BACKUP},    {STATE_CLAIMING, RUN__COUNT},  {STATE_PRIMARY, RUN_PRIMARY},
		{STATE_YIELDING, RUN_QUIESCE}, {STATE_WAITING, RUN_BACKUP},   {STATE_FAULT, RUN_FAULT},
		{STATE_CLAIMING, RUN__COUNT},  {STATE_PRIMARY, RUN_PRIMARY},  {STATE_LEAVING, RUN_BACKUP},
	};
	attach();
	for (size_t i = 0; i < sizeof course / sizeof *course; i++) {
		change(course[i].to);
		enum run run = ordered_run();
		cr_assert_eq(run, course[i].run, "step %zu, to %s: %s", i, state_name(course[i].to),
			     run < RUN__COUNT ? run_name(run) : "nothing");
		cr_assert_null(ordered());
	}
	expect_nothing();
}

Test(node_hooks, who_leaves_without_having_served_has_nothing_to_do) {
	attach();
	change(STATE_DEAF);
	change(STATE_LEAVING);
	cr_assert_null(ordered());
}

Test(node_hooks, an_order_says_what_changed) {
	attach();
	node->core.state_cause = CAUSE_SILENCE;
	change(STATE_CLAIMING);
	change(STATE_PRIMARY);
	const struct message_run *order = ordered();
	cr_assert_not_null(order);
	cr_assert_eq(order->generation, node->generation);
	cr_assert_eq(order->from, STATE_CLAIMING);
	cr_assert_eq(order->to, STATE_PRIMARY);
	cr_assert_eq(order->cause, CAUSE_SILENCE, "what made it claim, not that it serves now");
	cr_assert_eq(order->epoch, 42);
	cr_assert_eq(order->event, 2);
	cr_assert_eq(order->until_ns, MONO_FAR, "it is carried out whenever its turn comes");
}

Test(node_hooks, what_is_not_configured_is_not_ordered_and_no_other_note_is_a_change) {
	attach();
	node->conf.command[RUN_PRIMARY][0] = '\0';
	change(STATE_PRIMARY);
	cr_assert_null(ordered());
	change(STATE_BACKUP);
	cr_assert_eq(ordered_run(), RUN_BACKUP, "it was primary, whether a command knows or not");
	node_hooks_note(node, &(struct note){.type = NOTE_EPOCH, .to = STATE_FAULT});
	cr_assert_null(ordered());
}

Test(node_hooks, orders_wait_for_a_worker_and_the_oldest_give_way) {
	enum { CHANGES = NODE_ORDERS + 2 };
	for (int i = 0; i < CHANGES; i++)
		change(i % 2 ? STATE_FAULT : STATE_PRIMARY);
	cr_assert_eq(newest_note()->type, NOTE_WARNING);
	cr_assert_str_eq(newest_note()->text, "the fault command was not run: there is no hooks worker");
	attach();
	for (int i = CHANGES - NODE_ORDERS; i < CHANGES; i++)
		cr_assert_eq(ordered_run(), i % 2 ? RUN_FAULT : RUN_PRIMARY);
	cr_assert_null(ordered());
}

Test(node_hooks, a_worker_that_reads_again_gets_what_waited) {
	attach();
	unsigned sent = 0, got = 0;
	for (; node->hooks.n < 2; sent++) /* until its pipe is full */
		change(sent % 2 ? STATE_FAULT : STATE_PRIMARY);
	for (; got < sent; got++) {
		const struct message_run *order = ordered();
		if (!order) {
			turn();
			order = ordered();
		}
		cr_assert_not_null(order, "%u of %u", got, sent);
		cr_assert_eq(order->run, got % 2 ? RUN_FAULT : RUN_PRIMARY);
	}
	cr_assert_eq(node->hooks.n, 0);
}

/* ---- what the core waits for ---- */

static span_t patience(enum run run) {
	return (run == RUN_FENCE ? node->conf.fence_timeout : node->conf.hook_timeout) + SEC;
}

static const enum run waited_for[] = {RUN_FENCE, RUN_BEFORE_PRIMARY};
enum { WAITED_FOR = sizeof waited_for / sizeof *waited_for };

Test(node_hooks, the_answer_is_the_commands_status) {
	attach();
	for (size_t i = 0; i < WAITED_FOR; i++) {
		enum run run = waited_for[i];
		node_hooks_run(node, run, 3);
		const struct message_run *order = ordered();
		cr_assert_not_null(order);
		cr_assert_eq(order->id, 3);
		cr_assert_eq(order->until_ns, node->now + patience(run));
		say_end(run, 3, 0, false);
		turn();
		expect_answer(run, 3, true);
		node_hooks_run(node, run, 4);
		cr_assert_eq(ordered_run(), run);
		say_end(run, 4, W_EXITCODE(1, 0), false);
		turn();
		expect_answer(run, 4, false);
		node_hooks_run(node, run, 5);
		cr_assert_eq(ordered_run(), run);
		say_end(run, 5, 0, true);
		turn();
		expect_answer(run, 5, false);
		cr_assert_eq(node_hooks_deadline(node), MONO_FAR);
	}
}

Test(node_hooks, an_answer_comes_at_the_deadline_with_a_worker_that_hangs_and_with_none) {
	for (int with_worker = 0; with_worker <= 1; with_worker++)
		for (size_t i = 0; i < WAITED_FOR; i++) {
			enum run run = waited_for[i];
			if (with_worker && worker < 0)
				attach();
			node_hooks_run(node, run, 8);
			mono_t deadline = node->now + patience(run);
			cr_assert_eq(node_hooks_deadline(node), deadline);
			node->now = deadline - 1;
			node_hooks_tick(node);
			expect_nothing();
			node->now = deadline;
			node_hooks_tick(node);
			expect_answer(run, 8, false);
			cr_assert_eq(newest_note()->type, NOTE_WARNING);
			cr_assert_eq(node_hooks_deadline(node), MONO_FAR);
			node_hooks_tick(node);
			expect_nothing();
		}
}

Test(node_hooks, a_late_answer_is_for_people_alone) {
	attach();
	for (size_t i = 0; i < WAITED_FOR; i++) {
		enum run run = waited_for[i];
		node_hooks_run(node, run, 8);
		node->now += patience(run);
		node_hooks_tick(node);
		expect_answer(run, 8, false);
		say_end(run, 8, 0, false);
		turn();
		expect_nothing();
		cr_assert_eq(newest_note()->type, NOTE_COMMAND);
		node_hooks_run(node, run, 9);
		say_end(run, 8, 0, false); /* the same of an earlier one, while another is waited for */
		turn();
		expect_nothing();
		say_end(run, 9, 0, false);
		turn();
		expect_answer(run, 9, true);
	}
}

Test(node_hooks, a_worker_that_dies_has_failed_and_its_successor_gets_what_it_was_not_given) {
	attach();
	for (size_t i = 0; i < WAITED_FOR; i++) {
		enum run run = waited_for[i];
		node_hooks_run(node, run, 1);
		die();
		turn();
		expect_answer(run, 1, false);
		node_hooks_run(node, run, 2);
		turn();
		expect_nothing();
		attach();
		const struct message_run *order = ordered();
		cr_assert_not_null(order);
		cr_assert_eq(order->id, 2);
		say_end(run, 2, 0, false);
		turn();
		expect_answer(run, 2, true);
	}
}

Test(node_hooks, a_fence_that_nobody_waits_for_any_more_is_not_ordered) {
	node_hooks_run(node, RUN_FENCE, 1);
	node->now += patience(RUN_FENCE);
	node_hooks_tick(node);
	expect_answer(RUN_FENCE, 1, false);
	attach();
	cr_assert_null(ordered(), "it would hit a peer that serves again");
}

/* The worker may still be busy with an earlier one. */
Test(node_hooks, a_fence_that_the_worker_has_is_withdrawn_when_the_peer_is_heard) {
	attach();
	node_hooks_run(node, RUN_FENCE, 6);
	cr_assert_eq(ordered()->id, 6);
	turn();
	cr_assert_null(ordered());
	node->core.fence = FENCE_IDLE;
	turn();
	const struct message_run *order = ordered();
	cr_assert_not_null(order);
	cr_assert_eq(order->run, RUN_FENCE);
	cr_assert_eq(order->id, 0);
	cr_assert_eq(node_hooks_deadline(node), MONO_FAR);
	turn();
	cr_assert_null(ordered());
	say_end(RUN_FENCE, 6, 0, false);
	turn();
	expect_nothing();
}

Test(node_hooks, a_fence_that_no_worker_has_is_forgotten_when_the_peer_is_heard) {
	node_hooks_run(node, RUN_FENCE, 6);
	node->core.fence = FENCE_IDLE;
	turn();
	attach();
	cr_assert_null(ordered());
	expect_nothing();
}

/* ---- health, and lines ---- */

Test(node_hooks, each_health_result_reaches_the_core_and_each_change_the_log) {
	attach();
	static const struct {
		bool well, told;
	} course[] = {{true, false}, {true, false}, {false, true}, {false, false}, {true, true}};
	for (size_t i = 0; i < sizeof course / sizeof *course; i++) {
		unsigned notes = node->notes.n;
		say_end(RUN_HEALTH, 0, course[i].well ? 0 : W_EXITCODE(1, 0), false);
		turn();
		struct event event = taken();
		cr_assert_eq(event.type, EV_HEALTH);
		cr_assert_eq(event.health.ok, course[i].well);
		cr_assert_eq(node->notes.n > notes, course[i].told, "step %zu", i);
	}
}

Test(node_hooks, its_lines_and_its_end_are_noted_in_words) {
	attach();
	message.said = (struct message_said){.run = RUN_PRIMARY, .text = "mounted"};
	cr_assert_eq(pipe_send(worker, &message, MSG_SAID, -1), 0);
	turn();
	cr_assert_eq(newest_note()->type, NOTE_COMMAND);
	cr_assert_eq(newest_note()->detail, RUN_PRIMARY);
	cr_assert_str_eq(newest_note()->text, "primary command: mounted");
	say_end(RUN_PRIMARY, 0, W_EXITCODE(2, 0), false);
	turn();
	cr_assert_eq(newest_note()->type, NOTE_WARNING);
	cr_assert_str_eq(newest_note()->text, "the primary command ended with status 2 after 0.0 ms");
	expect_nothing();
}

Test(node_hooks, a_worker_that_talks_without_end_takes_a_bounded_part_of_each_wake) {
	enum { LINES = 40 };
	attach();
	message.said = (struct message_said){.run = RUN_PRIMARY, .text = "x"};
	for (int i = 0; i < LINES; i++)
		cr_assert_eq(pipe_send(worker, &message, MSG_SAID, -1), 0);
	turn();
	unsigned first = node->notes.n;
	cr_assert_lt(first, LINES);
	for (int i = 0; i < LINES && node->notes.n < LINES; i++)
		turn();
	cr_assert_eq(node->notes.n, LINES);
}
