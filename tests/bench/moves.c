/* Moves of the shared IP, many of them: a primary is frozen or killed, the witness measures overlap and outage, the old primary
 * comes back as backup, and the other one is next. Owns the trials, which of them count, and the verdict. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/statistics.h"
#include "tests/lab/freeze.h"
#include "tests/lab/janitor.h"
#include "tests/lab/load.h"
#include "tests/lab/net.h"
#include "tests/lab/pair.h"
#include "tests/lab/pair_faults.h"
#include "tests/lab/probe.h"
#include "tests/lab/shell.h"
#include "tests/lab/sniff.h"

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
	struct net net;
	struct pair pair;
	struct freeze *freeze;
	struct probe *probe;
	struct frame_ip shared;
	nanos begin, within;
	bool lease;
	struct tally tally[FAULT__KINDS];
} moves; /* one a process, and where shell_die() finds the logs */

static nanos patience(void) {
	return clock_now() + 20 * moves.within + 20 * NANOS_SEC;
}

static enum net_host settled(void) {
	int primary = pair_wait_settled(&moves.pair, patience());
	pair_expect_alive(&moves.pair);
	if (primary < 0)
		shell_die("the pair does not come to rest as one primary and one backup");
	return (enum net_host)primary;
}

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
		pair_stop_all(&moves.pair, host);
		break;
	case FAULT_KILL:
		pair_kill_all(&moves.pair, host);
		break;
	case FAULT__KINDS:
		assert(!"a kind of fault");
	}
}

static void mend(enum fault fault, enum net_host host) {
	switch (fault) {
	case FAULT_FREEZE:
		pair_continue_all(&moves.pair, host);
		break;
	case FAULT_KILL:
		pair_start(&moves.pair, host);
		break;
	case FAULT__KINDS:
		assert(!"a kind of fault");
	}
}

/* From the fault until the heir serves; and, without a lease, so much longer that two owners are surely seen. */
static void measure_outage(enum net_host heir, nanos fault, struct trial *trial) {
	if (!probe_wait_owner(moves.probe, heir, fault, patience()))
		shell_die("%s never served the client", net_host_name(heir));
	nanos recovery = clock_now();
	probe_settle(moves.probe);
	struct probe_gap gap = probe_outage(moves.probe, fault, recovery);
	trial->outage = gap.to - gap.from;
	trial->stood = freeze_overlap(moves.freeze, gap.from, gap.to);
	trial->frozen = freeze_excuses(moves.freeze, moves.within, fault, recovery);
	if (!moves.lease)
		clock_sleep_until(recovery + moves.within);
}

/* To the end, with the old primary back: what it says then counts as well. */
static nanos measure_overlap(struct sniff *sniff, enum net_host old, enum net_host heir, nanos fault, nanos back,
			     bool stayed) {
	if (stayed)
		return sniff_overlap(sniff, &moves.shared, old, heir, fault, clock_now());
	/* Two moves, there and back. */
	nanos there = sniff_overlap(sniff, &moves.shared, old, heir, fault, back);
	nanos again = sniff_overlap(sniff, &moves.shared, heir, old, back, clock_now());
	return there > again ? there : again;
}

static struct trial try_once(enum fault kind, bool loaded) {
	enum net_host old = settled(), heir = pair_other(old);
	struct trial trial = {0};
	struct load *load = loaded ? load_start(LOOPS, TRIAL_LIMIT) : NULL;
	if (loaded) { /* the load may have moved the role */
		old = settled();
		heir = pair_other(old);
	}
	struct sniff *sniff = sniff_start(&moves.net);
	nanos fault = clock_now();
	strike(kind, old);
	measure_outage(heir, fault, &trial);
	nanos back = clock_now();
	mend(kind, old);
	trial.stayed = settled() == heir;
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
	if (trial->outage > moves.within || !trial->stayed) {
		tally->late++;
		say_late(kind, loaded, trial);
	}
	return true;
}

static void say_progress(enum fault kind) {
	const struct tally *tally = &moves.tally[kind];
	printf("%7.1f s  %s: %u of %u; %u run again, %u late, overlap %.1f ms at most\n",
	       clock_ms(clock_now() - moves.begin) / 1000, fault_names[kind], tally->counted, tally->wanted, tally->reruns,
	       tally->late, clock_ms(tally->overlap_most));
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
			shell_die("this machine freezes too often for failover within %.0f ms", clock_ms(moves.within));
	}
	statistics_sort(tally->outages, tally->counted);
}

/* ---- before and after ---- */

/* A machine that stands still for longer than a sixth of `within` now and then gets a longer one. */
static void choose_within(nanos asked) {
	nanos worst = freeze_calibrate(moves.freeze), scale = freeze_scale(worst);
	bool still = 6 * worst <= WITHIN;
	moves.within = asked ? asked : still ? WITHIN : scale;
	printf("freeze meter: in two seconds this machine stood still for at most %.1f ms", clock_ms(worst));
	if (moves.within == 0)
		shell_die("no time scale up to 10 s is six times as long: this machine cannot run the benchmark");
	printf("; failover within %.0f ms%s\n", clock_ms(moves.within),
	       asked   ? ", as asked for"
	       : still ? ""
		       : ", the least time that is six times as long");
}

static void show_logs(void) {
	pair_show_logs(&moves.pair);
}

static void set_up(const char *hamon) {
	static char dir[JANITOR_DIR];
	janitor_make_dir(dir);
	janitor_start(dir);
	net_build(&moves.net, false);
	struct pair_conf conf = {.within = moves.within, .lease_off = !moves.lease};
	pair_init(&moves.pair, &moves.net, hamon, dir, &conf);
	shell_at_death(show_logs);
	moves.shared = frame_ip(PAIR_SHARED);
	moves.probe = probe_start(&moves.net, PAIR_SHARED, probe_interval(moves.within));
	pair_start(&moves.pair, NET_HA1);
	pair_start(&moves.pair, NET_HA2);
}

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
	janitor_sweep();
	moves.lease = options->lease;
	moves.freeze = freeze_start();
	choose_within(options->within);
	set_up(options->hamon);
	moves.begin = clock_now();
	run(FAULT_FREEZE, options->freezes);
	run(FAULT_KILL, options->kills);
	nanos end = clock_now(), most = 0;
	bool good = true;
	for (unsigned kind = 0; kind < FAULT__KINDS; kind++) {
		good &= report(kind);
		most = moves.tally[kind].overlap_most > most ? moves.tally[kind].overlap_most : most;
	}
	printf("freeze meter: in %.0f s this machine stood still for at most %.1f ms at a time, %.1f ms in all\n",
	       clock_ms(end - moves.begin) / 1000, clock_ms(freeze_worst(moves.freeze, moves.begin, end)),
	       clock_ms(freeze_overlap(moves.freeze, moves.begin, end)));
	if (!good)
		show_logs();
	printf("bench-lease: lease=%s within_ms=%.0f freezes=%u kills=%u rerun=%u late=%u overlap_ms=%.1f\n",
	       moves.lease ? "on" : "off", clock_ms(moves.within), moves.tally[FAULT_FREEZE].counted,
	       moves.tally[FAULT_KILL].counted, moves.tally[FAULT_FREEZE].reruns + moves.tally[FAULT_KILL].reruns,
	       moves.tally[FAULT_FREEZE].late + moves.tally[FAULT_KILL].late, clock_ms(most));
	return !good;
}
