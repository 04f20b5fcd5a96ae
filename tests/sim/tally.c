/* Names and sums of what the simulator counts. */
#include "tests/sim/tally.h"

#include <assert.h>
#include <stddef.h>

const char *mishap_name(enum mishap mishap) {
	static const char *const names[] = {
		"pause",        "pause-both",     "stop-monitor",  "stop-supervisor", "starved",
		"freeze",       "freeze-jiffies", "kill",          "kill-monitor",    "kill-supervisor",
		"power",        "stop",           "takeover",      "standdown",       "hold",
		"carrier",      "deleted",        "renamed",       "recreated",       "lease-deleted",
		"flushed",      "add-fails",      "permit",        "netlink",         "reload",
		"disk",         "slow",           "clock-rate",    "clock-years",     "stranger",
		"health-ill",   "digest-differs", "resolve",       "clear",           "loss",
		"delay",        "duplicate",      "one-way",       "split",           "one-link",
		"direct-block", "reflect-block",  "flapping-link", "test-lost",       "wipe",
		"boot-lost",    "arp-answer",     "fenced",        "fence-fail",      "fence-hang",
		"veto",         "countdown",      "abort",         "hold-down",       "wait-for-peer",
		"failback",     "reflect-off",    "stood-down",    "resolved",        "force",
		"dry-run",      "before-act",     "before-think",  "last-renewal",    "last-grant",
		"late-want",    "deaf-holder",    "idle-pair",     "forced-split",    "n1-broken",
		"jiffies",      "full-queue",     "late-wake",     "flushed-stopped", "flushed-claim",
		"flushed-drop", "blind-grant",    "drop-refused",  "bare-drop",       "orphan",
		"expired",
	};
	static_assert(sizeof names / sizeof *names == MISHAP__COUNT, "every mishap has a name");
	return names[mishap];
}

const char *promise_name(enum promise promise) {
	static const char *const names[] = {"P1", "P2", "P3", "P4", "L1", "L2", "L3", "core"};
	static_assert(sizeof names / sizeof *names == PROMISE__COUNT, "every promise has a name");
	return names[promise];
}

void tally_add(struct tally *sum, const struct tally *more) {
	sum->seeds += more->seeds;
	sum->events += more->events;
	sum->failovers += more->failovers;
	sum->violations += more->violations;
	sum->silent_claims += more->silent_claims;
	sum->told_claims += more->told_claims;
	sum->refused_grants += more->refused_grants;
	sum->refused_renewals += more->refused_renewals;
	sum->waived += more->waived;
	sum->excused += more->excused;
	if (more->excused_longest > sum->excused_longest)
		sum->excused_longest = more->excused_longest;
	if (more->bare_longest > sum->bare_longest)
		sum->bare_longest = more->bare_longest;
	sum->virtual_ns += more->virtual_ns;
	for (size_t i = 0; i < PROMISE__COUNT; i++)
		sum->broken[i] += more->broken[i];
	for (size_t i = 0; i < MISHAP__COUNT; i++)
		sum->mishaps[i] += more->mishaps[i];
}
