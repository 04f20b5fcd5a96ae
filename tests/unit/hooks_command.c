/* One command's processes, for real: how it ends, what it reads and writes, and that nothing of it is left after its
 * deadline, or when the worker dies. */
#include "hamon/hooks/command.h"

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

#include "hamon/loop.h"

/* Within it whatever has to come comes, on a machine that freezes, too. */
#define PATIENCE (20 * SEC)

static char *no_environment[] = {"PATH=/usr/bin:/bin", NULL};
static struct command command;
static char output[64 << 10];
static struct guard_verdict verdict;

static void start(const char *line, const char *input, span_t timeout) {
	struct command_ask ask = {.line = line, .environment = no_environment, .input = input, .timeout = timeout};
	cr_assert_eq(command_start(&command, &ask), 0);
}

/* A descriptor has something, or its end. */
static void wait_readable(int fd) {
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, (int)(PATIENCE / MSEC)), 1, "nothing came");
}

static void read_all(void) {
	size_t all = strlen(output);
	for (;;) {
		wait_readable(command.output);
		ssize_t n = command_read(&command, output + all, sizeof(output) - all - 1);
		cr_assert_geq(n, 0);
		if (n == 0)
			return;
		all += (size_t)n;
		output[all] = '\0';
	}
}

static void await_verdict(void) {
	wait_readable(command.verdict);
	cr_assert_eq(command_verdict(&command, &verdict), 0);
}

static void await_end(void) {
	struct guard_verdict none;
	wait_readable(command.verdict);
	cr_assert_eq(command_verdict(&command, &none), -EPIPE);
	command_end(&command);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
}

/* Runs it to its end. */
static void run(const char *line, const char *input) {
	start(line, input, PATIENCE);
	read_all();
	await_verdict();
	await_end();
}

/* The next line of its output, as a process id. */
static pid_t read_pid(void) {
	char text[32] = "";
	wait_readable(command.output);
	cr_assert_gt(command_read(&command, text, sizeof(text) - 1), 0);
	pid_t pid = (pid_t)strtol(text, NULL, 10);
	cr_assert_gt(pid, 1, "%s", text);
	return pid;
}

/* Waits until there is no such process, or a zombie at most: whoever inherited it may take its time. */
static void await_gone(pid_t pid) {
	char path[64], text[256];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (mono_t end = mono_now() + PATIENCE;;) {
		FILE *file = fopen(path, "re");
		bool there = file && fgets(text, sizeof(text), file) && !strstr(text, ") Z ");
		if (file)
			fclose(file);
		if (!there)
			return;
		cr_assert_lt(mono_now(), end, "process %d lives on", (int)pid);
		poll(NULL, 0, 5);
	}
}

/* ---- ends ---- */

Test(hooks_command, its_exit_status_is_told) {
	run("exit 0", NULL);
	cr_assert(WIFEXITED(verdict.status) && WEXITSTATUS(verdict.status) == 0 && !verdict.timed_out);
	run("exit 3", NULL);
	cr_assert(WIFEXITED(verdict.status) && WEXITSTATUS(verdict.status) == 3 && !verdict.timed_out);
	run("kill -KILL $$", NULL);
	cr_assert(WIFSIGNALED(verdict.status) && WTERMSIG(verdict.status) == SIGKILL && !verdict.timed_out);
	run("/no/such/program", NULL);
	cr_assert(WIFEXITED(verdict.status) && WEXITSTATUS(verdict.status) == 127);
}

Test(hooks_command, it_dies_of_a_signal_that_the_worker_ignores) {
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	run("kill -TERM $$; exit 1", NULL);
	cr_assert(WIFSIGNALED(verdict.status) && WTERMSIG(verdict.status) == SIGTERM);
	run("kill -PIPE $$; exit 1", NULL);
	cr_assert(WIFSIGNALED(verdict.status) && WTERMSIG(verdict.status) == SIGPIPE);
	signal(SIGXFSZ, SIG_IGN); /* as some do who start the daemon */
	run("kill -XFSZ $$; exit 1", NULL);
	cr_assert(WIFSIGNALED(verdict.status) && WTERMSIG(verdict.status) == SIGXFSZ);
}

/* ---- what it has ---- */

Test(hooks_command, both_outputs_are_read) {
	run("echo one; echo two >&2; echo three", NULL);
	cr_assert_str_eq(output, "one\ntwo\nthree\n");
}

Test(hooks_command, its_input_is_what_was_given_or_nothing) {
	run("cat", "action=off\nplug=ha1\n");
	cr_assert_str_eq(output, "action=off\nplug=ha1\n");
	output[0] = '\0';
	run("cat; echo end", NULL);
	cr_assert_str_eq(output, "end\n");
}

Test(hooks_command, its_environment_is_the_one_given_and_its_directory_the_root) {
	setenv("SECRET", "of the daemon", 1); // NOLINT(concurrency-mt-unsafe): one thread
	run("env | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD='; pwd", NULL);
	cr_assert_str_eq(output, "PATH=/usr/bin:/bin\n/\n");
}

Test(hooks_command, no_descriptor_of_the_worker_reaches_it) {
	int ends[2];
	cr_assert_eq(pipe(ends), 0); /* not close-on-exec */
	run("ls /proc/$$/fd", NULL);
	cr_assert_str_eq(output, "0\n1\n2\n");
}

Test(hooks_command, what_it_leaves_running_is_not_waited_for) {
	start("(trap '' HUP; exec sleep 60) & echo $!", NULL, PATIENCE);
	pid_t left = read_pid();
	await_verdict();
	cr_assert(WIFEXITED(verdict.status) && WEXITSTATUS(verdict.status) == 0);
	await_end();
	cr_assert_eq(kill(left, 0), 0, "it is its own");
	kill(left, SIGKILL);
	await_gone(left);
}

/* ---- the deadline ---- */

Test(hooks_command, at_its_deadline_the_whole_group_gets_the_time_to_end) {
	start("trap 'echo tidied; exit' TERM; echo ready; sleep 60 & wait", NULL, 300 * MSEC);
	read_all();
	await_verdict();
	cr_assert(verdict.timed_out);
	cr_assert_str_eq(output, "ready\ntidied\n");
	await_end();
}

Test(hooks_command, what_does_not_end_then_is_killed_with_its_children) {
	mono_t begun = mono_now();
	start("trap '' TERM; sleep 60 & echo $!; wait; sleep 60", NULL, 200 * MSEC);
	pid_t child = read_pid();
	await_verdict();
	cr_assert(verdict.timed_out);
	cr_assert_geq(mono_now() - begun, 200 * MSEC);
	cr_assert_eq(kill(child, 0), 0, "the verdict does not wait for the end");
	await_end();
	cr_assert_geq(mono_now() - begun, 200 * MSEC + GUARD_GRACE);
	await_gone(child);
}

Test(hooks_command, a_group_of_its_own_does_not_outlive_the_deadline) {
	start("timeout 60 /bin/sh -c 'echo $$; sleep 60; exit 0'; true", NULL, 300 * MSEC);
	pid_t child = read_pid();
	await_verdict();
	cr_assert(verdict.timed_out);
	await_end();
	await_gone(child);
}

Test(hooks_command, one_that_is_stopped_is_killed_as_well) {
	start("echo $$; kill -STOP $$", NULL, 200 * MSEC);
	pid_t stopped = read_pid();
	await_verdict();
	cr_assert(verdict.timed_out);
	await_end();
	await_gone(stopped);
}

/* ---- deaths ---- */

/* A process that starts the command, tells its first line, and stands still. */
static pid_t fork_worker(const char *line, int tell) {
	pid_t worker = fork();
	cr_assert_geq(worker, 0);
	if (worker > 0)
		return worker;
	start(line, NULL, PATIENCE);
	pid_t child = read_pid();
	if (write(tell, &child, sizeof(child)) != sizeof(child))
		_exit(1);
	for (;;)
		pause();
}

Test(hooks_command, the_workers_death_is_the_groups) {
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid_t child, worker = fork_worker("trap '' TERM; sleep 60 & echo $!; wait", ends[1]);
	wait_readable(ends[0]);
	cr_assert_eq(read(ends[0], &child, sizeof(child)), (ssize_t)sizeof(child));
	kill(worker, SIGKILL);
	cr_assert_eq(waitpid(worker, NULL, 0), worker);
	await_gone(child);
}

Test(hooks_command, the_workers_death_is_that_of_a_group_of_its_own_too) {
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid_t child, worker = fork_worker("timeout 60 /bin/sh -c 'echo $$; sleep 60; exit 0'; true", ends[1]);
	wait_readable(ends[0]);
	cr_assert_eq(read(ends[0], &child, sizeof(child)), (ssize_t)sizeof(child));
	kill(worker, SIGKILL);
	cr_assert_eq(waitpid(worker, NULL, 0), worker);
	await_gone(child);
}

/* So many that their list is longer than what is read of it at once. */
Test(hooks_command, a_crowd_in_a_session_of_its_own_ends_too) {
	start("setsid sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); sleep 60 & done; echo $$; wait'; true", NULL,
	      PATIENCE);
	read_pid();
	kill(command.guard, SIGTERM); /* as the kernel does when the worker dies */
	read_all();                   /* up to the end, for nobody holds it open any more */
	await_end();
}

Test(hooks_command, a_stopped_workers_command_ends_at_its_deadline) {
	start("echo $$; exec sleep 60", NULL, 200 * MSEC);
	pid_t shell = read_pid();
	/* The worker does not lift a finger: it does not even read the verdict. */
	await_gone(shell);
	await_verdict();
	cr_assert(verdict.timed_out);
	await_end();
}

Test(hooks_command, a_guard_that_is_killed_takes_the_command_along) {
	start("echo $$; exec sleep 60", NULL, PATIENCE);
	pid_t shell = read_pid();
	kill(command.guard, SIGKILL);
	await_end();
	await_gone(shell);
}
