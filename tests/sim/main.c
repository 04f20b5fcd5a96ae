/* The simulator's command line: many seeds over all CPUs, or one with its trace. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/world.h"

enum { WORKERS = 16, SHOWN = 10, FULL_RUN = 1000 };

struct options {
	uint64_t first, seeds;
	bool trace;
};

/* What a worker tells after each seed. */
struct report {
	uint64_t seed;
	bool kept;
	enum promise promise;
	char why[200];
	struct tally tally;
};

static void run(struct world *w, const struct options *options, uint64_t seed, struct report *report) {
	memset(report, 0, sizeof *report);
	report->seed = seed;
	report->kept = world_run(w, seed, options->trace, &report->tally);
	if (report->kept)
		return;
	report->promise = w->checker.promise;
	memcpy(report->why, w->checker.why, sizeof report->why);
}

static void work(const struct options *options, uint64_t worker, uint64_t workers, int out) {
	static struct world world;
	struct report report;
	for (uint64_t i = worker; i < options->seeds; i += workers) {
		run(&world, options, options->first + i, &report);
		const char *at = (const char *)&report;
		for (size_t left = sizeof report; left > 0;) {
			ssize_t n = write(out, at, left);
			if (n < 0)
				_exit(EXIT_FAILURE);
			at += n;
			left -= (size_t)n;
		}
	}
	_exit(EXIT_SUCCESS);
}

static void show_violation(const struct report *report) {
	printf("violation of %s, seed %lu: %s\n  replay: simulator --seed %lu --trace\n", promise_name(report->promise),
	       report->seed, report->why, report->seed);
}

static bool read_report(int in, struct report *report) {
	char *at = (char *)report;
	for (size_t left = sizeof *report; left > 0;) {
		ssize_t n = read(in, at, left);
		if (n <= 0)
			return false;
		at += n;
		left -= (size_t)n;
	}
	return true;
}

static void gather(struct pollfd *pipes, nfds_t n, uint64_t seeds, struct tally *sum) {
	nfds_t open = n;
	bool terminal = isatty(STDERR_FILENO);
	while (open > 0 && poll(pipes, n, -1) >= 0) {
		for (nfds_t i = 0; i < n; i++) {
			static struct report report;
			if (!pipes[i].revents)
				continue;
			if (!read_report(pipes[i].fd, &report)) {
				close(pipes[i].fd);
				pipes[i].fd = -1;
				open--;
				continue;
			}
			tally_add(sum, &report.tally);
			if (!report.kept && sum->violations <= SHOWN)
				show_violation(&report);
			if (terminal && sum->seeds % 16 == 0)
				fprintf(stderr, "\r%lu of %lu seeds ", sum->seeds, seeds);
		}
	}
	if (terminal)
		fprintf(stderr, "\r                              \r");
}

/* Returns whether every worker lived to its end. */
static bool run_all(const struct options *options, struct tally *sum) {
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned workers = cpus < 1 ? 1 : cpus > WORKERS ? WORKERS : (unsigned)cpus;
	struct pollfd pipes[WORKERS];
	bool whole = true;
	for (unsigned i = 0; i < workers; i++) {
		int ends[2];
		pid_t pid = pipe(ends) ? -1 : fork();
		if (pid < 0) {
			fprintf(stderr, "simulator: %s\n", strerror(errno));
			exit(EXIT_FAILURE);
		}
		if (pid == 0) {
			close(ends[0]);
			work(options, i, workers, ends[1]);
		}
		close(ends[1]);
		pipes[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	}
	gather(pipes, workers, options->seeds, sum);
	for (unsigned i = 0; i < workers; i++) {
		int status;
		whole &= wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	}
	if (!whole)
		printf("a worker died: an assertion above says where\n");
	return whole && sum->seeds == options->seeds;
}

/* Which faults befell the pair, and how often. A kind that never did is not tested: returns false. */
static bool show_mishaps(const struct tally *sum) {
	bool all = true;
	printf("sim: claims silent=%lu told=%lu refused-grants=%lu refused-renewals=%lu | waived=%lu excused=%lu "
	       "longest_ms=%.1f "
	       "bare_ms=%.3f | faults",
	       sum->silent_claims, sum->told_claims, sum->refused_grants, sum->refused_renewals, sum->waived, sum->excused,
	       (double)sum->excused_longest / MSEC, (double)sum->bare_longest / MSEC);
	for (unsigned i = 0; i < MISHAP__COUNT; i++) {
		printf(" %s=%lu", mishap_name((enum mishap)i), sum->mishaps[i]);
		all &= sum->mishaps[i] > 0;
	}
	putchar('\n');
	return all;
}

static int many(const struct options *options) {
	struct tally sum = {0};
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	bool whole = run_all(options, &sum);
	clock_gettime(CLOCK_MONOTONIC, &end);
	bool all = show_mishaps(&sum);
	double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / SEC;
	for (unsigned i = 0; i < PROMISE__COUNT && sum.violations; i++)
		printf("%s%s=%lu", i ? " " : "violations: ", promise_name((enum promise)i), sum.broken[i]);
	if (sum.violations)
		putchar('\n');
	if (!all && options->seeds >= FULL_RUN)
		printf("a kind of fault never happened\n");
	printf("sim: seeds=%lu virtual_hours=%.1f events=%lu failovers=%lu violations=%lu seconds=%.1f\n", sum.seeds,
	       (double)sum.virtual_ns / SEC / 3600, sum.events, sum.failovers, sum.violations, seconds);
	bool enough = all || options->seeds < FULL_RUN;
	return whole && enough && !sum.violations ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int one(const struct options *options) {
	static struct world world;
	static struct report report;
	run(&world, options, options->first, &report);
	free(world.heap);
	if (!report.kept)
		show_violation(&report);
	printf("sim: seed=%lu violations=%d\n", report.seed, !report.kept);
	return report.kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void) {
	fprintf(stderr, "usage: simulator --seeds N [--first S]\n"
			"       simulator --seed S [--trace]\n");
	return 2;
}

static bool number(const char *text, uint64_t *out) {
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno || end == text || *end)
		return false;
	*out = value;
	return true;
}

int main(int argc, char **argv) {
	static const struct option known[] = {
		{"seeds", required_argument, NULL, 'n'},
		{"first", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 's'},
		{"trace", no_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.first = 1};
	bool single = false, good = true;
	for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 'n')
			good = number(optarg, &options.seeds);
		else if (c == 'f')
			good = number(optarg, &options.first);
		else if (c == 's')
			good = single = number(optarg, &options.first);
		else if (c == 't')
			options.trace = true;
		else
			good = false;
	}
	if (!good || optind < argc || single == (options.seeds > 0) || (options.trace && !single))
		return usage();
	return single ? one(&options) : many(&options);
}
