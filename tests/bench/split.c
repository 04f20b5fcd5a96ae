/* The switch splits, with the majority of the test IPs on the primary's side or on the backup's, and heals: policy
 * `majority`. Owns the trials and their verdict: no overlap, the right side serves in time, and after the heal one primary,
 * which says so to the network, within a few heartbeats. */
#include <assert.h>
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/stage.h"
#include "tests/lab/shell.h"

/* After the heal, in heartbeat intervals. */
enum { HEAL_MOST = 5 };

enum side { SIDE_PRIMARY, SIDE_BACKUP, SIDE__COUNT };
static const char *const side_names[] = {"primary", "backup"};
static_assert(sizeof(side_names) / sizeof(*side_names) == SIDE__COUNT, "a name for each side");

struct trial {
	nanos overlap, outage, heal;
	bool frozen; /* so that its times do not count */
};

static nanos wait_announced(struct stage *stage, struct sniff *sniff, enum net_host host, nanos since) {
	for (nanos end = stage_patience(stage), at;; clock_sleep_until(clock_now() + NANOS_MS)) {
		if ((at = sniff_announced(sniff, &stage->shared, host, since, clock_now())))
			return at;
		if (clock_now() > end)
			shell_die("%s does not announce the shared IP after the heal", net_host_name(host));
	}
}

/* Until the wrong side has been silent for as long as both could be heard. */
static void watch(struct stage *stage, enum side side, enum net_host owner, nanos fault) {
	if (side == SIDE_BACKUP && !probe_wait_owner(stage->probe, owner, fault, stage_patience(stage)))
		shell_die("%s never served the client", net_host_name(owner));
	clock_sleep_until(clock_now() + 3 * stage->within);
	probe_settle(stage->probe);
}

/* How long after the fault the node, which must never speak for the shared IP, last did; 0: it did not. */
static nanos spoke(struct stage *stage, struct sniff *sniff, enum net_host host, nanos fault) {
	nanos last = sniff_last_claim(sniff, &stage->shared, host, fault, clock_now());
	return last ? last - fault : 0;
}

static struct trial try_once(struct stage *stage, enum side side) {
	enum net_host old = stage_settled(stage), owner = side == SIDE_PRIMARY ? old : pair_other(old);
	unsigned with_owner = 1U << NET_GATEWAY | 1U << NET_CLIENT, with_other = 1U << NET_GATEWAY2;
	struct sniff *sniff = sniff_start(&stage->net);
	struct trial trial;
	nanos fault = clock_now();
	net_split_halves(&stage->net, owner == NET_HA2 ? with_owner : with_other);
	watch(stage, side, owner, fault);
	nanos whole = clock_now();
	struct probe_gap gap = probe_outage(stage->probe, fault, whole);
	trial.outage = gap.to - gap.from;
	net_unite(&stage->net);
	nanos united = clock_now();
	trial.heal = wait_announced(stage, sniff, owner, whole) - united;
	if (stage_settled(stage) != owner)
		shell_die("%s took the role after the heal", net_host_name(pair_other(owner)));
	trial.overlap = side == SIDE_BACKUP ? sniff_overlap(sniff, &stage->shared, old, owner, fault, clock_now())
					    : spoke(stage, sniff, pair_other(owner), fault);
	trial.frozen = freeze_excuses(stage->freeze, stage->within, fault, clock_now());
	sniff_stop(sniff);
	return trial;
}

/* What all trials of a kind come to. */
struct result {
	unsigned n, reruns, late;
	nanos overlap, outage, heal;
};

static nanos more(nanos a, nanos b) {
	return a > b ? a : b;
}

static struct result run(struct stage *stage, enum side side, unsigned trials) {
	stage_settled(stage);
	double interval_ms = pair_number(&stage->pair, NET_HA1, "/timers/heartbeat_ms");
	nanos heal_most = (nanos)(HEAL_MOST * interval_ms * (double)NANOS_MS);
	struct result result = {0};
	while (result.n < trials) {
		struct trial trial = try_once(stage, side);
		result.overlap = more(result.overlap, trial.overlap);
		bool late = trial.outage > stage->within || trial.heal > heal_most;
		if (late && trial.frozen) {
			if (++result.reruns > 10 * trials)
				shell_die("this machine freezes too often");
			continue;
		}
		result.n++;
		result.late += late;
		result.outage = more(result.outage, trial.outage);
		result.heal = more(result.heal, trial.heal);
	}
	printf("split gateway=%s trials=%u rerun=%u late=%u overlap_ms=%.1f outage_max_ms=%.1f heal_max_ms=%.1f "
	       "heal_bound_ms=%.1f\n",
	       side_names[side], result.n, result.reruns, result.late, clock_ms(result.overlap), clock_ms(result.outage),
	       clock_ms(result.heal), clock_ms(heal_most));
	fflush(stdout);
	return result;
}

int bench_split(const struct bench_split *options) {
	struct stage_order order = {
		.hamon = options->hamon,
		.within = options->within,
		.usual = 200 * NANOS_MS,
		.gateway2 = true,
		.conf = {.tests = options->tests == 1 ? BENCH_ONE_TEST : BENCH_THREE_TESTS},
	};
	struct stage *stage = stage_open(&order);
	unsigned late = 0, reruns = 0;
	nanos overlap = 0;
	for (unsigned side = 0; side < SIDE__COUNT; side++) {
		struct result result = run(stage, (enum side)side, options->trials);
		late += result.late;
		reruns += result.reruns;
		overlap = more(overlap, result.overlap);
	}
	stage_say_freezes(stage);
	bool good = overlap == 0 && late == 0;
	if (!good)
		pair_show_logs(&stage->pair);
	printf("bench-split: tests=%u policy=majority trials=%u rerun=%u late=%u overlap_ms=%.1f within_ms=%.0f\n",
	       options->tests, SIDE__COUNT * options->trials, reruns, late, clock_ms(overlap), clock_ms(stage->within));
	return !good;
}
