/* hamon-lab: the laboratory's command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/demo.h"
#include "tests/lab/freeze.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

enum { USAGE = 2 };

static const char help[] = "hamon-lab demo --hamon PATH [--within 100ms] [--keep]\n"
			   "    shows real failovers between two daemons in network namespaces, measured by a client\n"
			   "        --within  the configured time (default: 500ms, or what this machine bears)\n"
			   "        --keep    leaves everything running at the end, until Ctrl-C\n"
			   "hamon-lab meter [--for 10s]\n"
			   "    shows how long this machine stands still now and then\n";

static int usage(const char *what, const char *which) {
	fprintf(stderr, "hamon-lab: %s%s\n%s", what, which, help);
	return USAGE;
}

static int run_demo(int argc, char **argv) {
	struct demo_options options = {0};
	for (int i = 0; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--keep") == 0)
			options.keep = true;
		else if (strcmp(argv[i], "--hamon") == 0 && *value)
			options.hamon = argv[++i];
		else if (strcmp(argv[i], "--within") == 0 && (options.within = text_duration(value)) != 0)
			i++;
		else
			return usage("what is this, or what follows it: ", argv[i]);
	}
	if (!options.hamon)
		return usage("--hamon is missing", "");
	return demo_run(&options);
}

static int run_meter(int argc, char **argv) {
	nanos length = 10 * NANOS_SEC;
	if (argc != 0 && !(argc == 2 && strcmp(argv[0], "--for") == 0 && (length = text_duration(argv[1])) != 0))
		return usage("what is this, or what follows it: ", argv[0]);
	struct freeze *freeze = freeze_start();
	nanos from = clock_now(), to = from + length;
	clock_sleep_until(to);
	nanos worst = freeze_worst(freeze, from, to);
	printf("meter: seconds=%.0f worst_ms=%.1f frozen_ms=%.1f scale_ms=%.0f\n", clock_ms(length) / 1000, clock_ms(worst),
	       clock_ms(freeze_overlap(freeze, from, to)), clock_ms(freeze_scale(worst)));
	return 0;
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) == EOF;
	if (argc >= 2 && strcmp(argv[1], "demo") == 0)
		return run_demo(argc - 2, argv + 2);
	if (argc >= 2 && strcmp(argv[1], "meter") == 0)
		return run_meter(argc - 2, argv + 2);
	return usage(argc < 2 ? "a verb is missing" : "no such verb: ", argc < 2 ? "" : argv[1]);
}
