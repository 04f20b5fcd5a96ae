/* hamon-bench: the benchmarks' command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

enum { USAGE = 2, TRIALS = 100, TRIALS_MOST = 100000 };

static const char help[] =
	"hamon-bench cost\n"
	"    what the rules of the lease cost the traffic through a shared IP\n"
	"hamon-bench lease --hamon PATH [--freezes 100] [--kills 100] [--lease on|off] [--within 100ms]\n"
	"    freezes and kills primaries; measures overlap and outage of each move\n"
	"        --lease off  without the kernel's lease: two owners each time, or the witness is worth nothing\n"
	"        --within     the configured time (default: 100ms, or what this machine bears)\n";

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

static int run_lease(int argc, char **argv) {
	struct bench_lease options = {.freezes = TRIALS, .kills = TRIALS, .lease = true};
	for (int i = 0; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		bool good = false;
		if (strcmp(argv[i], "--hamon") == 0)
			good = *(options.hamon = value);
		else if (strcmp(argv[i], "--freezes") == 0)
			good = count(value, &options.freezes);
		else if (strcmp(argv[i], "--kills") == 0)
			good = count(value, &options.kills);
		else if (strcmp(argv[i], "--lease") == 0)
			good = on_off(value, &options.lease);
		else if (strcmp(argv[i], "--within") == 0)
			good = (options.within = text_duration(value)) != 0;
		if (!good)
			return usage("what is this, or what follows it: ", argv[i]);
	}
	if (!options.hamon)
		return usage("--hamon is missing", "");
	return bench_lease(&options);
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) == EOF;
	if (argc < 2)
		return usage("a verb is missing", "");
	if (geteuid() != 0)
		shell_die("the benchmarks need root: they make network namespaces");
	if (strcmp(argv[1], "cost") == 0)
		return argc == 2 ? bench_cost() : usage("what is this: ", argv[2]);
	if (strcmp(argv[1], "lease") == 0)
		return run_lease(argc - 2, argv + 2);
	return usage("no such verb: ", argv[1]);
}
