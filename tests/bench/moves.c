/* Moves of the shared IP, many of them: a primary is frozen or killed, the witness measures overlap and outage, the old
 * primary comes back as backup, and the other one is next. Owns the trials, which of them count, and the verdict. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/stage.h"
#include "tests/bench/statistics.h"
#include "tests/lab/load.h"
#include "tests/lab/pair_faults.h"
#include "tests/lab/shell.h"

enum { LOOPS = 2 /* on each processor, every second trial */, PROGRESS = 10 };

/* What is asked for where nothing else is said, and what a trial with its busy loops may take. */
#define WITHIN      (100 * NANOS_MS)
#define TRIAL_LIMIT (120 * NANOS_SEC)

enum fault { FAULT_FREEZE, FAULT_KILL, FAULT__KINDS };

static const char *const fault_names[] = {"freezes", "kills"};
static_assert(sizeof(fault_names) / sizeof(*fault_names) == FAULT__KINDS, "a name for each kind");

/* What a kind of fault has come to. */
struct tally {
	unsigned wanted, counted, reruns, late;
	double *outages; /* ms, of those that count */
	nanos overlap_most, overlap_least;
};

static struct moves {
	struct stage *stage;
	bool lease;
	struct tally tally[FAULT__KINDS];
} moves; /* one a process */

/* ---- one trial ---- */

struct trial {
	nanos outage, overlap;
	nanos stood; /* so much of the outage the machine stood still */
	bool frozen; /* the machine was, for longer than a sixth of `within`: it does not count, but for its overlap */
	bool stayed; /* the role did not go back by itself */
};

static void strike(enum fault fault, enum net_host host) {
	switch (fault) {
	case FAULT_FREEZE:
		pair_stop_all(&moves.stage->pair, host);
		break;
	case FAULT_KILL:
		pair_kill_all(&moves.stage->pair, host);
		break;
	case FAULT__KINDS:
		assert(!"a kind of fault");
	}
}

static void mend(enum fault fault, enum net_host host) {
	switch (fault) {
	case FAULT_FREEZE:
		pair_continue_all(&moves.stage->pair, host);
		break;
	case FAULT_KILL:
		pair_start(&moves.stage->pair, host);
		break;
	case FAULT__KINDS:
		assert(!"a kind of fault");
	}
}

/* From the fault until the heir serves; and, without a lease, so much longer that two owners are surely seen. */
static void measure_outage(enum net_host heir, nanos fault, struct trial *trial) {
	if (!probe_wait_owner(moves.stage->probe, heir, fault, stage_patience(moves.stage)))
		shell_die("%s never served the client", net_host_name(heir));
	nanos recovery = clock_now();
	probe_settle(moves.stage->probe);
	struct probe_gap gap = probe_outage(moves.stage->probe, fault, recovery);
	trial->outage = gap.to - gap.from;
	trial->stood = freeze_overlap(moves.stage->freeze, gap.from, gap.to);
	trial->frozen = freeze_excuses(moves.stage->freeze, moves.stage->within, fault, recovery);
	if (!moves.lease)
		clock_sleep_until(recovery + moves.stage->within);
}

/* To the end, with the old primary back: what it says then counts as well. */
static nanos measure_overlap(struct sniff *sniff, enum net_host old, enum net_host heir, nanos fault, nanos back,
			     bool stayed) {
	if (stayed)
		return sniff_overlap(sniff, &moves.stage->shared, old, heir, fault, clock_now());
	/* Two moves, there and back. */
	nanos there = sniff_overlap(sniff, &moves.stage->shared, old, heir, fault, back);
	nanos again = sniff_overlap(sniff, &moves.stage->shared, heir, old, back, clock_now());
	return there > again ? there : again;
}

static struct trial try_once(enum fault kind, bool loaded) {
	enum net_host old = stage_settled(moves.stage), heir = pair_other(old);
	struct trial trial = {0};
	struct load *load = loaded ? load_start(LOOPS, TRIAL_LIMIT) : NULL;
	if (loaded) { /* the load may have moved the role */
		old = stage_settled(moves.stage);
		heir = pair_other(old);
	}
	struct sniff *sniff = sniff_start(&moves.stage->net);
	nanos fault = clock_now();
	strike(kind, old);
	measure_outage(heir, fault, &trial);
	nanos back = clock_now();
	mend(kind, old);
	trial.stayed = stage_settled(moves.stage) == heir;
	trial.overlap = measure_overlap(sniff, old, heir, fault, back, trial.stayed);
	sniff_stop(sniff);
	if (load)
		load_stop(load);
	return trial;
}

/* ---- many ---- */

static void say_late(enum fault kind, bool loaded, const struct trial *trial) {
	printf("           %s: outage %.1f ms, the machine stood still for %.1f ms of it%s%s\n", fault_names[kind],
	       clock_ms(trial->outage), clock_ms(trial->stood), loaded ? ", busy processors" : "",
	       trial->stayed ? "" : ", and the role went back");
}

/* True: the trial counts. */
static bool add(enum fault kind, bool loaded, const struct trial *trial) {
	struct tally *tally = &moves.tally[kind];
	if (trial->overlap > tally->overlap_most)
		tally->overlap_most = trial->overlap;
	if (trial->overlap < tally->overlap_least)
		tally->overlap_least = trial->overlap;
	if (trial->frozen) {
		tally->reruns++;
		return false;
	}
	tally->outages[tally->counted++] = clock_ms(trial->outage);
	if (trial->outage > moves.stage->within || !trial->stayed) {
		tally->late++;
		say_late(kind, loaded, trial);
	}
	return true;
}

static void say_progress(enum fault kind) {
	const struct tally *tally = &moves.tally[kind];
	printf("%7.1f s  %s: %u of %u; %u run again, %u late, overlap %.1f ms at most\n",
	       clock_ms(clock_now() - moves.stage->begin) / 1000, fault_names[kind], tally->counted, tally->wanted,
	       tally->reruns, tally->late, clock_ms(tally->overlap_most));
	fflush(stdout);
}

static void run(enum fault kind, unsigned wanted) {
	struct tally *tally = &moves.tally[kind];
	*tally =
		(struct tally){.wanted = wanted, .outages = calloc(wanted + 1, sizeof(double)), .overlap_least = INT64_MAX};
	if (!tally->outages)
		shell_die("out of memory");
	while (tally->counted < wanted) {
		bool loaded = tally->counted % 2;
		struct trial trial = try_once(kind, loaded);
		if (add(kind, loaded, &trial) && tally->counted % PROGRESS == 0)
			say_progress(kind);
		if (tally->reruns > 2 * wanted)
			shell_die("this machine freezes too often for failover within %.0f ms",
				  clock_ms(moves.stage->within));
	}
	statistics_sort(tally->outages, tally->counted);
}

/* ---- the verdict ---- */

/* Did the kind keep its bounds? Without a lease it must show its overlap each time. */
static bool report(enum fault kind) {
	const struct tally *tally = &moves.tally[kind];
	const double *outages = tally->outages;
	unsigned n = tally->counted;
	if (n == 0)
		return true;
	printf("%s: attempted=%u rerun=%u outage_p50_ms=%.1f outage_p99_ms=%.1f outage_max_ms=%.1f within=%u/%u "
	       "overlap_min_ms=%.1f overlap_max_ms=%.1f\n",
	       fault_names[kind], n + tally->reruns, tally->reruns, statistics_quantile(outages, n, 0.5),
	       statistics_quantile(outages, n, 0.99), outages[n - 1], n - tally->late, n, clock_ms(tally->overlap_least),
	       clock_ms(tally->overlap_most));
	if (!moves.lease)
		return tally->overlap_least > 0;
	return tally->overlap_most == 0 && tally->late <= tally->wanted / 100;
}

int bench_lease(const struct bench_lease *options) {
	struct stage_order order = {.hamon = options->hamon,
				    .within = options->within,
				    .usual = WITHIN,
				    .conf = {.lease_off = !options->lease}};
	moves.lease = options->lease;
	moves.stage = stage_open(&order);
	run(FAULT_FREEZE, options->freezes);
	run(FAULT_KILL, options->kills);
	nanos most = 0;
	bool good = true;
	for (unsigned kind = 0; kind < FAULT__KINDS; kind++) {
		good &= report(kind);
		most = moves.tally[kind].overlap_most > most ? moves.tally[kind].overlap_most : most;
	}
	stage_say_freezes(moves.stage);
	if (!good)
		pair_show_logs(&moves.stage->pair);
	printf("bench-lease: lease=%s within_ms=%.0f freezes=%u kills=%u rerun=%u late=%u overlap_ms=%.1f\n",
	       moves.lease ? "on" : "off", clock_ms(moves.stage->within), moves.tally[FAULT_FREEZE].counted,
	       moves.tally[FAULT_KILL].counted, moves.tally[FAULT_FREEZE].reruns + moves.tally[FAULT_KILL].reruns,
	       moves.tally[FAULT_FREEZE].late + moves.tally[FAULT_KILL].late, clock_ms(most));
	return !good;
}
