/* Child processes of the lab: see shell.h. */
#include "tests/lab/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 4096, WORDS = 128, OUTPUT = 2048, PROMPT = 40 /* above the monitor */ };

static void (*last_words)(void);

void shell_at_death(void (*fn)(void)) {
	last_words = fn;
}

void shell_die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("lab: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	void (*words)(void) = last_words;
	last_words = NULL; /* which may die in turn */
	if (words)
		words();
	exit(1);
}

void shell_print(char *out, size_t size, const char *format, ...) {
	va_list args;
	va_start(args, format);
	int n = vsnprintf(out, size, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		shell_die("too long for %zu bytes: %s...", size, out);
}

int shell_enter(const char *ns) {
	int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[128];
	shell_print(path, sizeof(path), "/run/netns/%s", ns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (back < 0 || fd < 0 || setns(fd, CLONE_NEWNET))
		shell_die("cannot enter the network namespace %s: %s", ns, strerror(errno));
	close(fd);
	return back;
}

void shell_leave(int back) {
	if (setns(back, CLONE_NEWNET))
		shell_die("cannot go back to the first network namespace: %s", strerror(errno));
	close(back);
}

/* In the child: words, namespace, descriptors, exec. */
static void become(const char *ns, char *line, int in, int out) {
	char *words[WORDS + 1];
	size_t n = 0;
	char *save = NULL;
	for (char *word = strtok_r(line, " ", &save); word && n < WORDS; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n] = NULL;
	if (ns)
		close(shell_enter(ns));
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (n > 0)
		execvp(words[0], words);
	fprintf(stderr, "%s: %s\n", n > 0 ? words[0] : "no command", strerror(errno));
	_exit(127);
}

static void feed(int fd, const char *text) {
	size_t left = strlen(text);
	while (left > 0) {
		ssize_t n = write(fd, text, left);
		if (n < 0)
			break; /* the command ended early; its status says so */
		text += n;
		left -= (size_t)n;
	}
}

static void drain(int fd, char *out, size_t size) {
	char dump[OUTPUT];
	size_t used = 0;
	for (;;) {
		bool room = used + 1 < size;
		ssize_t n = room ? read(fd, out + used, size - used - 1) : read(fd, dump, sizeof(dump));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += room ? (size_t)n : 0;
	}
	if (size > 0)
		out[used] = '\0';
}

/* The input goes through a file without a name, so that a command which writes before it has read all cannot block us. */
static int input_file(const char *text) {
	if (!text)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	FILE *file = tmpfile();
	int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
	if (fd < 0)
		shell_die("no temporary file: %s", strerror(errno));
	fclose(file);
	feed(fd, text);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int run(const struct shell_job *job, char *line) {
	int in = input_file(job ? job->input : NULL), out[2];
	if (in < 0 || pipe2(out, O_CLOEXEC))
		shell_die("no pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		shell_die("cannot fork: %s", strerror(errno));
	if (pid == 0)
		become(job ? job->ns : NULL, line, in, out[1]);
	close(in);
	close(out[1]);
	drain(out[0], job ? job->output : NULL, job && job->output ? job->output_size : 0);
	close(out[0]);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int shell_run(const struct shell_job *job, const char *format, ...) {
	char line[LINE];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		shell_die("command line too long: %s", format);
	return run(job, line);
}

void shell_must(const struct shell_job *job, const char *format, ...) {
	char line[LINE], words[LINE], output[OUTPUT];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		shell_die("command line too long: %s", format);
	struct shell_job inner = job ? *job : (struct shell_job){0};
	if (!inner.output) {
		inner.output = output;
		inner.output_size = sizeof(output);
	}
	memcpy(words, line, (size_t)n + 1); /* run() cuts it into words */
	int status = run(&inner, words);
	if (status)
		shell_die("failed with status %d: %s\n%s", status, line, inner.output);
}

void shell_be_prompt(bool prompt) {
	struct sched_param param = {.sched_priority = prompt ? PROMPT : 0};
	if (sched_setscheduler(0, prompt ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER, &param))
		shell_die("no real-time scheduling: %s", strerror(errno));
}

void shell_beside(char *out, size_t size, const char *program) {
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (n < 0)
		shell_die("cannot tell where the lab's programs are: %s", strerror(errno));
	own[n] = '\0';
	shell_print(out, size, "%s/%s", dirname(own), program);
}

pid_t shell_spawn(const char *ns, const char *log, const char *format, ...) {
	char line[LINE];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (n < 0 || (size_t)n >= sizeof(line) || in < 0 || out < 0)
		shell_die("cannot start %s: %s", format, strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		shell_die("cannot fork: %s", strerror(errno));
	if (pid == 0)
		become(ns, line, in, out);
	close(in);
	close(out);
	return pid;
}
