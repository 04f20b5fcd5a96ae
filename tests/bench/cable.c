/* The cable of the shared IP's interface is cut at the primary, the carrier is lost, and a second link carries: how long is
 * the client not served? The primary says at once that it gives the role away, so `within` has no part in it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/stage.h"
#include "tests/bench/statistics.h"
#include "tests/lab/shell.h"

/* What the median may be. The rest of a trial's time is the kernel's and the lab's. */
#define BOUND_MS 15.0

struct trial {
	nanos outage, overlap;
	nanos stood; /* of the outage the machine stood still; a quiet trial has nothing of it */
};

static struct trial try_once(struct stage *stage) {
	enum net_host old = stage_settled(stage), heir = pair_other(old);
	struct sniff *sniff = sniff_start(&stage->net);
	struct trial trial;
	nanos fault = clock_now();
	net_cut(&stage->net, old, NET_CUT_CARRIER);
	if (!probe_wait_owner(stage->probe, heir, fault, stage_patience(stage)))
		shell_die("%s never served the client", net_host_name(heir));
	nanos recovery = clock_now();
	probe_settle(stage->probe);
	struct probe_gap gap = probe_outage(stage->probe, fault, recovery);
	trial.outage = gap.to - gap.from;
	trial.stood = freeze_overlap(stage->freeze, gap.from, gap.to);
	net_mend(&stage->net, old);
	if (stage_settled(stage) != heir)
		shell_die("%s took the role when its cable was back", net_host_name(old));
	trial.overlap = sniff_overlap(sniff, &stage->shared, old, heir, fault, clock_now());
	sniff_stop(sniff);
	return trial;
}

int bench_cable(const struct bench_cable *options) {
	struct stage_order order = {
		.hamon = options->hamon,
		.within = options->within,
		.usual = 200 * NANOS_MS,
		.second_cable = true,
		.conf = {.links = options->udp ? PAIR_UDP_LINK : PAIR_TWO_LINKS,
			 .node = {options->udp ? PAIR_UDP_HA1 : NULL, options->udp ? PAIR_UDP_HA2 : NULL}},
	};
	struct stage *stage = stage_open(&order);
	double *outages = calloc(options->trials, sizeof(*outages));
	unsigned n = 0, reruns = 0;
	nanos overlap = 0;
	if (!outages)
		shell_die("out of memory");
	while (n < options->trials) {
		struct trial trial = try_once(stage);
		overlap = trial.overlap > overlap ? trial.overlap : overlap;
		printf("%7.1f s  outage %.1f ms%s\n", clock_ms(clock_now() - stage->begin) / 1000, clock_ms(trial.outage),
		       trial.stood ? "; the machine stood still in it: run again" : "");
		fflush(stdout);
		if (trial.stood == 0)
			outages[n++] = clock_ms(trial.outage);
		else if (++reruns > 10 * options->trials)
			shell_die("this machine is never quiet");
	}
	statistics_sort(outages, n);
	double median = statistics_quantile(outages, n, 0.5);
	stage_say_freezes(stage);
	bool good = median <= BOUND_MS && overlap == 0;
	if (!good)
		pair_show_logs(&stage->pair);
	printf("cable_second_link median_ms=%.1f max_ms=%.1f trials=%u rerun=%u within_ms=%.0f overlap_ms=%.1f\n", median,
	       outages[n - 1], n, reruns, clock_ms(stage->within), clock_ms(overlap));
	free(outages);
	return !good;
}
