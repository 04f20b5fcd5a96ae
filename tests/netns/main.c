/* The runner of the namespace tests: a few at once, each in a process and in namespaces of its own, with a limit on its
 * time. One line a test; of one that fails, the end of what it and its daemons wrote. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"
#include "tests/netns/test.h"

enum { RERUNS = 5, JOBS = 8, TAIL_LINES = 30, PATH = 320, NAME_WIDTH = 28 };

/* The time that a test may take at most, at a scale of 0; each ms of the scale adds a fifth of a second. */
#define TIME_LIMIT       (90 * NANOS_SEC)
#define TIME_LIMIT_SCALE 200

/* Every test, by name. */
static struct netns_test *tests;

void netns_add(struct netns_test *test) {
	struct netns_test **at = &tests;
	while (*at && strcmp((*at)->name, test->name) < 0)
		at = &(*at)->next;
	test->next = *at;
	*at = test;
}

struct options {
	const char *hamon, *filter;
	unsigned jobs;
	bool list, verbose;
};

struct job {
	pid_t pid; /* 0: free */
	const struct netns_test *test;
	unsigned rerun;
	nanos begin;
	char dir[PATH];
};

static struct runner {
	struct options options;
	struct freeze *freeze;
	nanos within;
	char dir[JANITOR_DIR];
	struct job jobs[JOBS];
	unsigned passed, failed, reruns;
} runner;

/* ---- a test's process ---- */

static void run_test(const struct job *job) {
	char path[PATH + 16];
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* its janitor survives, and cleans */
	janitor_forget();
	shell_print(path, sizeof(path), "%s/output", job->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0)
		shell_die("cannot write %s: %s", path, strerror(errno));
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	setvbuf(stdout, NULL, _IOLBF, 0);
	struct scene *scene = calloc(1, sizeof(*scene));
	if (!scene)
		shell_die("out of memory");
	scene->hamon = runner.options.hamon;
	scene->dir = job->dir;
	scene->freeze = runner.freeze;
	scene->within = runner.within;
	job->test->run(scene);
	scene_close(scene);
	exit(SCENE_PASSED);
}

static void start(struct job *job, const struct netns_test *test, unsigned rerun) {
	*job = (struct job){.test = test, .rerun = rerun, .begin = clock_now()};
	shell_print(job->dir, sizeof(job->dir), "%s/%s.%u", runner.dir, test->name, rerun);
	if (mkdir(job->dir, 0755))
		shell_die("cannot make %s: %s", job->dir, strerror(errno));
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0)
		shell_die("cannot fork: %s", strerror(errno));
	if (job->pid == 0)
		run_test(job);
}

/* ---- its end ---- */

static void show_tail(const char *path) {
	char *text = text_read(path);
	printf("---- %s\n%s", path, text_tail(text, TAIL_LINES));
	free(text);
}

static int show_log(const char *path, const struct stat *st, int type, struct FTW *ftw) {
	(void)st;
	if (type == FTW_F && strcmp(path + ftw->base, "log") == 0)
		show_tail(path);
	return 0;
}

/* The test's own words first: the reason is their last line. */
static void show(const struct job *job) {
	char path[PATH + 16];
	shell_print(path, sizeof(path), "%s/output", job->dir);
	show_tail(path);
	nftw(job->dir, show_log, 16, FTW_PHYS);
}

/* How many faults the test did, by its own words: the last line that it wrote of them. */
static unsigned long faults_of(const struct job *job) {
	static const char word[] = "\nfaults ";
	char path[PATH + 16];
	shell_print(path, sizeof(path), "%s/output", job->dir);
	char *text = text_read(path);
	unsigned long faults = 0;
	for (const char *at = text; (at = strstr(at, word)); at += sizeof(word) - 1)
		faults = strtoul(at + sizeof(word) - 1, NULL, 10);
	free(text);
	return faults;
}

static void finish(struct job *job, int status, const char *why) {
	double seconds = clock_ms(clock_now() - job->begin) / 1000;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	job->pid = 0;
	if (code == SCENE_RERUN && job->rerun < RERUNS) {
		runner.reruns++;
		printf("again   %-*s %5.1f s  the machine stood still: rerun=%u\n", NAME_WIDTH, job->test->name, seconds,
		       job->rerun + 1);
		start(job, job->test, job->rerun + 1);
		return;
	}
	if (code == SCENE_PASSED) {
		runner.passed++;
		printf("passed  %-*s %5.1f s  faults %lu\n", NAME_WIDTH, job->test->name, seconds, faults_of(job));
		if (runner.options.verbose)
			show(job);
		janitor_remove_dir(job->dir);
		return;
	}
	runner.failed++;
	printf("FAILED  %-*s %5.1f s  %s%s\n", NAME_WIDTH, job->test->name, seconds, job->test->behaviour, why);
	show(job);
}

/* Looks after the running tests; true while there are any. */
static bool look_after(void) {
	bool running = false;
	nanos limit = TIME_LIMIT + TIME_LIMIT_SCALE * runner.within;
	for (unsigned i = 0; i < runner.options.jobs; i++) {
		struct job *job = &runner.jobs[i];
		int status;
		if (job->pid == 0)
			continue;
		const char *why = "";
		pid_t ended = waitpid(job->pid, &status, WNOHANG);
		if (ended == 0 && clock_now() - job->begin > limit) {
			kill(job->pid, SIGKILL);
			ended = waitpid(job->pid, &status, 0);
			why = " (it took too long)";
		}
		if (ended == job->pid)
			finish(job, status, why);
		running |= job->pid != 0;
	}
	fflush(stdout);
	return running;
}

static void wait_for_all(void) {
	while (look_after())
		clock_sleep_until(clock_now() + 10 * NANOS_MS);
}

static struct job *free_job(void) {
	for (;;) {
		for (unsigned i = 0; i < runner.options.jobs; i++)
			if (runner.jobs[i].pid == 0)
				return &runner.jobs[i];
		clock_sleep_until(clock_now() + 10 * NANOS_MS);
		look_after();
	}
}

/* ---- the run ---- */

static bool chosen(const struct netns_test *test) {
	return !runner.options.filter || strstr(test->name, runner.options.filter);
}

/* Sets the time scale; false: this machine cannot run the tests. */
static bool calibrate(void) {
	nanos worst = freeze_calibrate(runner.freeze);
	runner.within = freeze_scale(worst);
	if (runner.within == 0) {
		printf("this machine stood still for %.0f ms: no time scale up to 10 s is six times as long, "
		       "it cannot run these tests\n",
		       clock_ms(worst));
		return false;
	}
	printf("in two seconds this machine stood still for at most %.1f ms: the tests run with within = %.0f ms, %u at "
	       "once\n",
	       clock_ms(worst), clock_ms(runner.within), runner.options.jobs);
	fflush(stdout);
	return true;
}

static int run_all(void) {
	nanos begin = clock_now();
	janitor_sweep();
	janitor_make_dir(runner.dir);
	janitor_start(runner.dir);
	runner.freeze = freeze_start();
	if (!calibrate())
		return -1;
	for (const struct netns_test *test = tests; test; test = test->next) {
		if (!chosen(test))
			continue;
		if (test->alone)
			wait_for_all();
		start(free_job(), test, 0);
		if (test->alone)
			wait_for_all();
	}
	wait_for_all();
	if (runner.failed) {
		janitor_keep_dir(runner.dir);
		printf("what the failed tests wrote is in %s\n", runner.dir);
	}
	printf("freeze meter: worst %.1f ms; rerun=%u\n", clock_ms(freeze_worst(runner.freeze, begin, clock_now())),
	       runner.reruns);
	return runner.failed == 0 ? 0 : 1;
}

static unsigned count(void) {
	unsigned n = 0;
	for (const struct netns_test *test = tests; test; test = test->next)
		n += chosen(test);
	return n;
}

static int list(void) {
	for (const struct netns_test *test = tests; test; test = test->next)
		if (chosen(test))
			printf("%-*s %s\n", NAME_WIDTH, test->name, test->behaviour);
	return 0;
}

static bool read_options(int argc, char **argv, struct options *out) {
	cpu_set_t allowed;
	sched_getaffinity(0, sizeof(allowed), &allowed);
	out->jobs = (unsigned)CPU_COUNT(&allowed);
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(argv[i], "--list") == 0) {
			out->list = true;
			continue;
		}
		if (strcmp(argv[i], "--verbose") == 0) {
			out->verbose = true;
			continue;
		}
		if (strcmp(argv[i], "--hamon") == 0 && value)
			out->hamon = value;
		else if (strcmp(argv[i], "--filter") == 0 && value)
			out->filter = value;
		else if (strcmp(argv[i], "--jobs") == 0 && value)
			out->jobs = (unsigned)strtoul(value, NULL, 10);
		else
			return false;
		i++;
	}
	out->jobs = out->jobs < 1 ? 1 : out->jobs > JOBS ? JOBS : out->jobs;
	return out->list || out->hamon;
}

int main(int argc, char **argv) {
	if (!read_options(argc, argv, &runner.options)) {
		fprintf(stderr, "usage: netns-tests --hamon PATH [--filter TEXT] [--jobs N] [--verbose] | --list\n");
		return 2;
	}
	if (runner.options.list)
		return list();
	int result = -1;
	if (geteuid() == 0)
		result = run_all();
	else
		printf("the namespace tests need root: none of them can run\n");
	/* What could not run did not pass. */
	if (result < 0)
		runner.failed = count();
	printf("%u passed, %u failed\n", runner.passed, runner.failed);
	return result != 0 || runner.passed == 0;
}
