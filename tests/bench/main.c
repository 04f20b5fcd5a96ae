/* hamon-bench: the benchmarks' command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

enum { USAGE = 2, TRIALS = 100, TRIALS_FEW = 20, BLOCKS = 60, SECONDS = 30, STORM = 10, TRIALS_MOST = 100000 };

static const char help[] =
	"hamon-bench cost\n"
	"    what the rules of the lease cost the traffic through a shared IP\n"
	"hamon-bench lease --hamon PATH [--freezes 100] [--kills 100] [--lease on|off] [--within 100ms]\n"
	"    freezes and kills primaries; measures overlap and outage of each move\n"
	"        --lease off  without the kernel's lease: two owners each time, or the witness is worth nothing\n"
	"        --within     the configured time (default: 100ms, or what this machine bears)\n"
	"hamon-bench soak-loss --hamon PATH [--blocks 60] [--seconds 30] [--lost 10] [--doubled 10] [--within 200ms]\n"
	"    a pair of whose frames so many percent are lost and doubled, in blocks of time\n"
	"hamon-bench cable --hamon PATH [--trials 20] [--link ethernet|udp] [--within 200ms]\n"
	"    the cable of the shared IP is cut while a second link carries: how long the client was not served\n"
	"hamon-bench split --hamon PATH [--trials 20] [--tests 1|3] [--within 200ms]\n"
	"    the switch splits with the gateway on either side, and heals\n";

static int usage(const char *what, const char *which) {
	fprintf(stderr, "hamon-bench: %s%s\n%s", what, which, help);
	return USAGE;
}

static bool count(const char *text, unsigned *out) {
	char *end = NULL;
	unsigned long n = strtoul(text, &end, 10);
	if (end == text || *end || n > TRIALS_MOST)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool on_off(const char *text, bool *out) {
	*out = strcmp(text, "on") == 0;
	return *out || strcmp(text, "off") == 0;
}

/* An option of a verb, with the value that follows it. False: it is none, or the value is wrong. */
typedef bool take_option(const char *option, const char *value, void *out);

static int take_all(int argc, char **argv, take_option *take, void *out) {
	for (int i = 0; i < argc; i += 2)
		if (!take(argv[i], i + 1 < argc ? argv[i + 1] : "", out))
			return usage("what is this, or what follows it: ", argv[i]);
	return 0;
}

static bool path(const char *text, const char **out) {
	*out = text;
	return *text;
}

static bool duration(const char *text, nanos *out) {
	*out = text_duration(text);
	return *out != 0;
}

static bool take_lease(const char *option, const char *value, void *out) {
	struct bench_lease *options = out;
	if (strcmp(option, "--hamon") == 0)
		return path(value, &options->hamon);
	if (strcmp(option, "--freezes") == 0)
		return count(value, &options->freezes);
	if (strcmp(option, "--kills") == 0)
		return count(value, &options->kills);
	if (strcmp(option, "--lease") == 0)
		return on_off(value, &options->lease);
	return strcmp(option, "--within") == 0 && duration(value, &options->within);
}

static int run_lease(int argc, char **argv) {
	struct bench_lease options = {.freezes = TRIALS, .kills = TRIALS, .lease = true};
	int wrong = take_all(argc, argv, take_lease, &options);
	if (wrong || !options.hamon)
		return wrong ? wrong : usage("--hamon is missing", "");
	return bench_lease(&options);
}

static bool take_soak(const char *option, const char *value, void *out) {
	struct bench_soak *options = out;
	if (strcmp(option, "--hamon") == 0)
		return path(value, &options->hamon);
	if (strcmp(option, "--blocks") == 0)
		return count(value, &options->blocks);
	if (strcmp(option, "--seconds") == 0)
		return count(value, &options->seconds) && options->seconds > 0;
	if (strcmp(option, "--lost") == 0)
		return count(value, &options->lost) && options->lost <= 100;
	if (strcmp(option, "--doubled") == 0)
		return count(value, &options->doubled) && options->doubled <= 100;
	return strcmp(option, "--within") == 0 && duration(value, &options->within);
}

static int run_soak(int argc, char **argv) {
	struct bench_soak options = {.blocks = BLOCKS, .seconds = SECONDS, .lost = STORM, .doubled = STORM};
	int wrong = take_all(argc, argv, take_soak, &options);
	if (wrong || !options.hamon)
		return wrong ? wrong : usage("--hamon is missing", "");
	return bench_soak(&options);
}

static bool take_cable(const char *option, const char *value, void *out) {
	struct bench_cable *options = out;
	if (strcmp(option, "--hamon") == 0)
		return path(value, &options->hamon);
	if (strcmp(option, "--trials") == 0)
		return count(value, &options->trials) && options->trials > 0;
	if (strcmp(option, "--link") == 0) {
		options->udp = strcmp(value, "udp") == 0;
		return options->udp || strcmp(value, "ethernet") == 0;
	}
	return strcmp(option, "--within") == 0 && duration(value, &options->within);
}

static int run_cable(int argc, char **argv) {
	struct bench_cable options = {.trials = TRIALS_FEW};
	int wrong = take_all(argc, argv, take_cable, &options);
	if (wrong || !options.hamon)
		return wrong ? wrong : usage("--hamon is missing", "");
	return bench_cable(&options);
}

static bool take_split(const char *option, const char *value, void *out) {
	struct bench_split *options = out;
	if (strcmp(option, "--hamon") == 0)
		return path(value, &options->hamon);
	if (strcmp(option, "--trials") == 0)
		return count(value, &options->trials) && options->trials > 0;
	if (strcmp(option, "--tests") == 0)
		return count(value, &options->tests) && (options->tests == 1 || options->tests == 3);
	return strcmp(option, "--within") == 0 && duration(value, &options->within);
}

static int run_split(int argc, char **argv) {
	struct bench_split options = {.trials = TRIALS_FEW, .tests = 1};
	int wrong = take_all(argc, argv, take_split, &options);
	if (wrong || !options.hamon)
		return wrong ? wrong : usage("--hamon is missing", "");
	return bench_split(&options);
}

static int run_cost(int argc, char **argv) {
	return argc == 0 ? bench_cost() : usage("what is this: ", argv[0]);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* what follows the verb */
} verbs[] = {
	{"cost", run_cost}, {"lease", run_lease}, {"soak-loss", run_soak}, {"cable", run_cable}, {"split", run_split},
};

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) == EOF;
	if (argc < 2)
		return usage("a verb is missing", "");
	if (geteuid() != 0)
		shell_die("the benchmarks need root: they make network namespaces");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 2, argv + 2);
	return usage("no such verb: ", argv[1]);
}
