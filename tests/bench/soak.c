/* A pair in a storm: of each hundred frames that come in on the switch so many are lost and so many doubled, heartbeats,
 * tests and ARP alike, in blocks of time. The role must stay where it is, and the lease may lapse once in all of them. */
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/stage.h"
#include "tests/lab/shell.h"

/* A disturbed block is run again no more often than this. */
enum { RERUNS_MOST = 200 };

/* What the witness and the logs tell of one block. */
struct block {
	unsigned role_changes; /* by who spoke for the shared IP */
	unsigned lapses;       /* the lease ran out */
	unsigned regained;     /* and was claimed again */
	nanos begin;
	nanos outage; /* the longest that the client, who loses frames like everybody, saw */
	nanos frozen; /* the longest that the machine stood still */
};

static struct block run_block(struct stage *stage, struct sniff *sniff, nanos length) {
	struct block block = {.begin = clock_now()};
	unsigned left = stage_logged(stage, " primary → "), came = stage_logged(stage, "→ primary");
	clock_sleep_until(block.begin + length);
	nanos end = clock_now();
	/* One that ran out just now has its time to come back. */
	stage_settled(stage);
	probe_settle(stage->probe);
	block.lapses = stage_logged(stage, " primary → ") - left;
	block.regained = stage_logged(stage, "→ primary") - came;
	block.role_changes = sniff_changes(sniff, &stage->shared, block.begin, clock_now());
	struct probe_gap gap = probe_outage(stage->probe, block.begin, end);
	block.outage = gap.to - gap.from;
	block.frozen = freeze_worst(stage->freeze, block.begin, clock_now());
	return block;
}

static bool is_clean(const struct block *block) {
	return block->role_changes == 0 && block->lapses == 0;
}

/* Did the machine stand still for so long that this may be the reason for what is not clean? */
static bool is_disturbed(const struct stage *stage, const struct block *block) {
	return block->frozen > stage->within / 6;
}

/* Heartbeats of its peer that the first node had, and that it missed. */
struct heard {
	double received, lost;
};

static struct heard heard(const struct stage *stage) {
	return (struct heard){pair_number(&stage->pair, NET_HA1, "/links/0/received"),
			      pair_number(&stage->pair, NET_HA1, "/links/0/lost")};
}

int bench_soak(const struct bench_soak *options) {
	struct stage_order order = {.hamon = options->hamon, .within = options->within, .usual = 200 * NANOS_MS};
	struct stage *stage = stage_open(&order);
	struct sniff *sniff = sniff_start(&stage->net);
	unsigned reruns = 0, role_changes = 0, lapses = 0;
	bool regained = true;
	stage_settled(stage);
	struct heard before = heard(stage);
	net_storm(&stage->net, (struct net_storm){.lost = options->lost, .doubled = options->doubled});
	for (unsigned n = 0; n < options->blocks;) {
		struct block block = run_block(stage, sniff, options->seconds * NANOS_SEC);
		bool again = !is_clean(&block) && is_disturbed(stage, &block);
		printf("%7.1f s  block %u: role_changes=%u lapses=%u outage_ms=%.1f frozen_ms=%.1f%s\n",
		       clock_ms(clock_now() - stage->begin) / 1000, n + 1, block.role_changes, block.lapses,
		       clock_ms(block.outage), clock_ms(block.frozen), again ? ", the machine stood still: run again" : "");
		fflush(stdout);
		/* No freeze excuses two owners. */
		if (probe_owners_max(stage->probe, sniff, block.begin, clock_now()) > 1)
			shell_die("two owners answered one probe");
		if (again) {
			if (++reruns > RERUNS_MOST)
				shell_die("this machine freezes too often for failover within %.0f ms",
					  clock_ms(stage->within));
			continue;
		}
		n++;
		role_changes += block.role_changes;
		lapses += block.lapses;
		regained &= block.regained == block.lapses && block.outage <= stage->within;
	}
	struct heard after = heard(stage);
	net_calm(&stage->net);
	double lost = after.lost - before.lost, percent = 100 * lost / (lost + after.received - before.received);
	stage_say_freezes(stage);
	bool good = role_changes == 0 && lapses <= 1 && regained && percent >= options->lost / 2.0;
	if (!good)
		pair_show_logs(&stage->pair);
	printf("soak_loss blocks=%u rerun=%u role_changes=%u lapses=%u seconds=%u within_ms=%.0f lost=%u%% "
	       "lost_measured=%.1f%% doubled=%u%%\n",
	       options->blocks, reruns, role_changes, lapses, options->seconds, clock_ms(stage->within), options->lost,
	       percent, options->doubled);
	return !good;
}
