/* The hooks worker as a whole: this process is its monitor and its supervisor. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/hooks/hooks.h"
#include "hamon/hooks/parts.h"
#include "hamon/pipe.h"
#include "hamon/process.h"
#include "hamon/sealed.h"

/* Within it whatever has to come comes, on a machine that freezes, too. */
#define PATIENCE (20 * SEC)

static pid_t worker;
static int monitor = -1, supervisor = -1; /* our ends */
static struct message message;
static char dir[] = "/tmp/hamon-hooks-XXXXXX";

/* ---- the worker ---- */

static void become_worker(const int ends[static 2], const int other[static 2], int log) {
	static char *argv[] = {"_hooks", "--node", "ha1", "--verbosity", "0", NULL};
	close(ends[0]);
	close(other[0]);
	dup2(log, STDERR_FILENO);
	/* Out of the way first: one may stand where another belongs. */
	int to_monitor = fcntl(ends[1], F_DUPFD, 64), to_supervisor = fcntl(other[1], F_DUPFD, 64);
	dup2(to_monitor, PROCESS_PIPE);
	dup2(to_supervisor, PROCESS_PIPE_2);
	close_range(PROCESS_PIPE_2 + 1, ~0U, 0);
	exit(hooks_main(5, argv)); // NOLINT(concurrency-mt-unsafe): one thread
}

static void configure(uint64_t generation, const char *settings) {
	char text[2048];
	snprintf(text, sizeof(text),
		 "cluster = \"edge\"\n"
		 "psk-file = \"/etc/hamon/psk\"\n"
		 "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
		 "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
		 "%s\n",
		 settings);
	int sealed = sealed_make(text);
	cr_assert_geq(sealed, 0);
	message.reload = (struct message_reload){.generation = generation};
	cr_assert_eq(pipe_send(supervisor, &message, MSG_RELOAD, sealed), 0);
	close(sealed);
}

static FILE *log_file;

static void start(const char *settings) {
	int ends[2], other[2];
	cr_assert_eq(pipe_open(ends), 0);
	cr_assert_eq(pipe_open(other), 0);
	log_file = tmpfile();
	cr_assert_not_null(log_file);
	worker = fork();
	cr_assert_geq(worker, 0);
	if (worker == 0)
		become_worker(ends, other, fileno(log_file));
	close(ends[1]);
	close(other[1]);
	monitor = ends[0];
	supervisor = other[0];
	configure(1, settings);
}

static void begin(void) {
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void end(void) {
	close(monitor);
	close(supervisor);
	if (worker > 0) {
		kill(worker, SIGCONT);
		waitpid(worker, NULL, 0);
	}
	cr_assert_eq(rmdir(dir), 0, "a test leaves its files behind");
}

TestSuite(hooks_worker, .init = begin, .fini = end);

/* ---- orders, and what comes of them ---- */

static void order(enum run run, uint32_t id) {
	message.run = (struct message_run){.generation = 1, .run = (int32_t)run, .id = id, .until_ns = MONO_FAR};
	cr_assert_eq(pipe_send(monitor, &message, MSG_RUN, -1), 0);
}

/* The next message, whatever it is. */
static void receive(void) {
	int descriptor;
	struct pollfd ready = {.fd = monitor, .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, (int)(PATIENCE / MSEC)), 1, "the worker says nothing");
	cr_assert_eq(pipe_receive(monitor, &message, &descriptor), 0);
	cr_assert_eq(descriptor, -1);
}

static struct message_said expect_said(enum run run, const char *line) {
	receive();
	cr_assert_eq(message.type, MSG_SAID, "%s instead of the line %s", message_name(message.type), line);
	cr_assert_eq(message.said.run, (int32_t)run);
	cr_assert_str_eq(message.said.text, line);
	return message.said;
}

static struct message_ran expect_ran(enum run run, uint32_t id) {
	receive();
	cr_assert_eq(message.type, MSG_RAN, "%s instead of the end of the %s command", message_name(message.type),
		     run_name(run));
	cr_assert_eq(message.ran.run, (int32_t)run, "%s: %s", run_name((enum run)message.ran.run), message.ran.text);
	cr_assert_eq(message.ran.id, id);
	return message.ran;
}

static void expect_refused(enum run run, uint32_t id, const char *why) {
	struct message_ran ran = expect_ran(run, id);
	cr_assert_eq(ran.status, -1);
	cr_assert_str_eq(ran.text, why);
}

/* ---- in order ---- */

Test(hooks_worker, orders_are_carried_out_one_after_the_other) {
	start("hooks = { primary = \"sleep 0.1; echo up $HAMON_EVENT\", backup = \"echo down $HAMON_EVENT\","
	      " before-primary = \"echo may I; exit 4\" }");
	order(RUN_PRIMARY, 0);
	order(RUN_BEFORE_PRIMARY, 7);
	order(RUN_BACKUP, 0);
	expect_said(RUN_PRIMARY, "up primary");
	struct message_ran ran = expect_ran(RUN_PRIMARY, 0);
	cr_assert_eq(ran.status, 0);
	cr_assert_geq(ran.took_ns, 100 * MSEC);
	cr_assert_str_eq(ran.text, "up primary");
	expect_said(RUN_BEFORE_PRIMARY, "may I");
	ran = expect_ran(RUN_BEFORE_PRIMARY, 7);
	cr_assert(WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 4);
	expect_said(RUN_BACKUP, "down backup");
	cr_assert_eq(expect_ran(RUN_BACKUP, 0).status, 0);
}

Test(hooks_worker, a_fence_does_not_wait_for_them) {
	start("hooks = { primary = \"sleep 60\", timeout = \"500ms\" }\n"
	      "fence = { command = \"cat\", mode = \"required\" }");
	order(RUN_PRIMARY, 0);
	order(RUN_FENCE, 3);
	expect_said(RUN_FENCE, "action=off");
	expect_said(RUN_FENCE, "nodename=ha2");
	expect_said(RUN_FENCE, "plug=ha2");
	expect_said(RUN_FENCE, "port=ha2");
	cr_assert_eq(expect_ran(RUN_FENCE, 3).status, 0);
	cr_assert(expect_ran(RUN_PRIMARY, 0).timed_out);
}

Test(hooks_worker, one_that_hangs_delays_the_next_one_by_its_deadline) {
	start("hooks = { primary = \"trap '' TERM; sleep 60; sleep 60\", backup = \"true\", timeout = \"200ms\" }");
	order(RUN_PRIMARY, 0);
	order(RUN_BACKUP, 0);
	struct message_ran ran = expect_ran(RUN_PRIMARY, 0);
	cr_assert(ran.timed_out);
	cr_assert_eq(ran.status, -1);
	cr_assert_geq(ran.took_ns, 200 * MSEC);
	mono_t verdict = mono_now();
	cr_assert_eq(expect_ran(RUN_BACKUP, 0).status, 0);
	cr_assert_geq(mono_now() - verdict, GUARD_GRACE / 2, "the next one began before the first had ended");
}

Test(hooks_worker, a_crowd_costs_the_oldest) {
	start("hooks = { primary = \"echo begun; sleep 60\", backup = \"true\", timeout = \"1s\" }");
	order(RUN_PRIMARY, 0);
	expect_said(RUN_PRIMARY, "begun");
	for (uint32_t id = 1; id <= QUEUE_ORDERS + 2; id++)
		order(RUN_BACKUP, id);
	expect_refused(RUN_BACKUP, 1, "was not run: too many others wait behind it");
	expect_refused(RUN_BACKUP, 2, "was not run: too many others wait behind it");
	expect_ran(RUN_PRIMARY, 0);
	for (uint32_t id = 3; id <= QUEUE_ORDERS + 2; id++)
		cr_assert_eq(expect_ran(RUN_BACKUP, id).status, 0);
}

/* ---- output ---- */

Test(hooks_worker, endless_output_is_counted) {
	char line[32];
	enum { WRITTEN = LANE_LINES + 30 };
	snprintf(line, sizeof(line), "seq %d", WRITTEN);
	char settings[128];
	snprintf(settings, sizeof(settings), "hooks = { primary = \"%s\" }", line);
	start(settings);
	order(RUN_PRIMARY, 0);
	for (int i = 1; i <= LANE_LINES; i++) {
		snprintf(line, sizeof(line), "%d", i);
		cr_assert_eq(expect_said(RUN_PRIMARY, line).dropped, 0);
	}
	snprintf(line, sizeof(line), "%d", WRITTEN);
	cr_assert_eq(expect_said(RUN_PRIMARY, line).dropped, WRITTEN - LANE_LINES - 1);
	cr_assert_str_eq(expect_ran(RUN_PRIMARY, 0).text, line);
}

/* ---- what is not run ---- */

Test(hooks_worker, an_order_that_came_too_late_is_not_carried_out) {
	start("hooks = { primary = \"true\" }\nfence = { command = \"true\", mode = \"required\" }");
	order(RUN_PRIMARY, 0);
	expect_ran(RUN_PRIMARY, 0); /* it runs */
	kill(worker, SIGSTOP);
	mono_t until = mono_now() + 50 * MSEC;
	message.run = (struct message_run){.generation = 1, .run = RUN_FENCE, .id = 2, .until_ns = until};
	cr_assert_eq(pipe_send(monitor, &message, MSG_RUN, -1), 0);
	while (mono_now() <= until)
		poll(NULL, 0, 10);
	kill(worker, SIGCONT);
	expect_refused(RUN_FENCE, 2, "was not run: nobody waits for it any more");
}

Test(hooks_worker, a_second_fence_waits_for_the_first_one) {
	start("fence = { command = \"echo begun; sleep 0.5; echo done\","
	      " mode = \"required\", timeout = \"10s\" }");
	order(RUN_FENCE, 1);
	expect_said(RUN_FENCE, "begun");
	order(RUN_FENCE, 2);
	expect_said(RUN_FENCE, "done");
	cr_assert_eq(expect_ran(RUN_FENCE, 1).status, 0);
	expect_said(RUN_FENCE, "begun");
	expect_said(RUN_FENCE, "done");
	cr_assert_eq(expect_ran(RUN_FENCE, 2).status, 0);
}

Test(hooks_worker, of_the_fences_that_wait_the_newest_is_wanted) {
	start("fence = { command = \"echo begun; sleep 60\", mode = \"required\", timeout = \"1s\" }");
	order(RUN_FENCE, 1);
	expect_said(RUN_FENCE, "begun");
	order(RUN_FENCE, 2);
	order(RUN_FENCE, 3);
	expect_refused(RUN_FENCE, 2, "was not run: nobody waits for it any more");
	cr_assert(expect_ran(RUN_FENCE, 1).timed_out);
	expect_said(RUN_FENCE, "begun");
	order(RUN_FENCE, 4);
	order(RUN_FENCE, 0);
	expect_refused(RUN_FENCE, 4, "was not run: nobody waits for it any more");
	cr_assert(expect_ran(RUN_FENCE, 3).timed_out);
	order(RUN_FENCE, 5);
	expect_said(RUN_FENCE, "begun");
	cr_assert(expect_ran(RUN_FENCE, 5).timed_out);
}

/* One fence runs, another waits; then the configuration is another one, and the worker knows. */
static void reconfigure_while_a_fence_waits(const char *command) {
	char settings[512];
	snprintf(settings, sizeof(settings), "fence = { command = \"%s\", mode = \"required\", timeout = \"60s\" }",
		 command);
	start(settings);
	order(RUN_FENCE, 1);
	expect_said(RUN_FENCE, "begun");
	order(RUN_FENCE, 2);
	configure(2, "hooks = { primary = \"true\" }");
	message.run = (struct message_run){.generation = 2, .run = RUN_PRIMARY, .until_ns = MONO_FAR};
	cr_assert_eq(pipe_send(monitor, &message, MSG_RUN, -1), 0);
	cr_assert_eq(expect_ran(RUN_PRIMARY, 0).status, 0);
}

Test(hooks_worker, a_fence_is_taken_back_by_whatever_configuration) {
	reconfigure_while_a_fence_waits("echo begun; sleep 60");
	order(RUN_FENCE, 0);
	expect_refused(RUN_FENCE, 2, "was not run: nobody waits for it any more");
}

Test(hooks_worker, a_fence_that_waited_is_not_begun_by_another_configuration) {
	char command[128];
	snprintf(command, sizeof(command), "echo begun; until [ -e %s/go ]; do sleep 0.05; done", dir);
	reconfigure_while_a_fence_waits(command);
	FILE *go = fopen("go", "we");
	cr_assert_not_null(go);
	fclose(go);
	struct message_ran ran = expect_ran(RUN_FENCE, 1);
	unlink("go");
	cr_assert_eq(ran.status, 0);
	expect_refused(RUN_FENCE, 2, "was not run: the configuration is another one meanwhile");
}

Test(hooks_worker, what_is_not_configured_is_not_run) {
	start("hooks = { primary = \"true\" }");
	order(RUN_BACKUP, 9);
	expect_refused(RUN_BACKUP, 9, "was not run: the configuration does not name one any more");
}

/* ---- another configuration ---- */

Test(hooks_worker, a_reload_is_understood_before_the_orders_that_mean_it) {
	start("hooks = { primary = \"echo old\" }");
	order(RUN_PRIMARY, 0);
	expect_said(RUN_PRIMARY, "old");
	expect_ran(RUN_PRIMARY, 0);
	configure(2, "hooks = { primary = \"echo new\" }");
	message.run = (struct message_run){.generation = 2, .run = RUN_PRIMARY, .until_ns = MONO_FAR};
	cr_assert_eq(pipe_send(monitor, &message, MSG_RUN, -1), 0);
	expect_said(RUN_PRIMARY, "new");
	expect_ran(RUN_PRIMARY, 0);
}

Test(hooks_worker, what_was_decided_by_an_older_one_is_not_done_to_others_by_a_newer_one) {
	start("hooks = { primary = \"true\" }");
	configure(2, "hooks = { primary = \"true\" }\nfence = { command = \"true\", mode = \"required\" }");
	order(RUN_FENCE, 1);
	struct message_ran ran = expect_ran(RUN_FENCE, 1);
	cr_assert_eq(ran.status, -1);
	order(RUN_PRIMARY, 0);
	cr_assert_eq(expect_ran(RUN_PRIMARY, 0).status, 0, "that we are primary is so by any configuration");
}

/* ---- health ---- */

Test(hooks_worker, health_is_asked_for_at_its_interval_and_its_lines_are_not_told) {
	start("health = { command = \"echo fine\", interval = \"100ms\" }");
	for (int i = 0; i < 3; i++) {
		struct message_ran ran = expect_ran(RUN_HEALTH, 0);
		cr_assert_eq(ran.status, 0);
		cr_assert_str_eq(ran.text, "fine");
	}
	order(RUN_HEALTH, 1);
	cr_assert_eq(expect_ran(RUN_HEALTH, 0).status, 0, "nobody orders it");
}

Test(hooks_worker, a_health_command_that_hangs_has_failed_at_its_deadline_and_stops_nobody) {
	start("health = { command = \"sleep 60\", interval = \"100ms\" }\nhooks = { primary = \"true\" }");
	order(RUN_PRIMARY, 0);
	cr_assert_eq(expect_ran(RUN_PRIMARY, 0).status, 0);
	for (int i = 0; i < 2; i++) {
		struct message_ran ran = expect_ran(RUN_HEALTH, 0);
		cr_assert(ran.timed_out);
		cr_assert_geq(ran.took_ns, SEC);
	}
}

/* ---- the end ---- */

static const char *logged(void) {
	static char text[4096];
	rewind(log_file);
	text[fread(text, 1, sizeof(text) - 1, log_file)] = '\0';
	return text;
}

Test(hooks_worker, what_a_monitor_ordered_is_done_after_its_end_and_told_to_the_log) {
	int status;
	start("hooks = { primary = \"sleep 0.2; echo up\", backup = \"echo down; exit 3\" }");
	order(RUN_PRIMARY, 0);
	order(RUN_BACKUP, 0);
	close(monitor);
	monitor = -1;
	cr_assert_eq(waitpid(worker, &status, 0), worker);
	worker = 0;
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	static const char *const lines[] = {" primary command: up\n", " the primary command ended with status 0",
					    " backup command: down\n", " the backup command ended with status 3"};
	const char *at = logged();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *found = strstr(at, lines[i]);
		cr_assert_not_null(found, "\"%s\" is not in: %s", lines[i], logged());
		at = found;
	}
}

Test(hooks_worker, a_fence_that_waited_is_not_begun_when_its_monitor_is_gone) {
	int status;
	start("hooks = { primary = \"sleep 2\" }\n"
	      "fence = { command = \"echo begun; sleep 0.5\", mode = \"required\", timeout = \"10s\" }");
	order(RUN_FENCE, 1);
	expect_said(RUN_FENCE, "begun");
	kill(worker, SIGSTOP); /* so it learns of all that follows at once */
	order(RUN_FENCE, 2);
	order(RUN_PRIMARY, 0);
	close(monitor);
	monitor = -1;
	kill(worker, SIGCONT);
	cr_assert_eq(waitpid(worker, &status, 0), worker);
	worker = 0;
	cr_assert_not_null(strstr(logged(), " the fence command was not run: nobody waits for it any more"), "%s",
			   logged());
	cr_assert_null(strstr(logged(), "fence command: begun"), "%s", logged());
}

Test(hooks_worker, it_ends_at_once_when_the_supervisor_is_gone) {
	int status;
	start("hooks = { primary = \"echo begun; sleep 60\" }");
	order(RUN_PRIMARY, 0);
	expect_said(RUN_PRIMARY, "begun");
	mono_t before = mono_now();
	close(supervisor);
	supervisor = -1;
	cr_assert_eq(waitpid(worker, &status, 0), worker);
	worker = 0;
	cr_assert_lt(mono_now() - before, 10 * SEC, "it waited for the command");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
