/* Names and sums of what the simulator counts. */
#include "tests/sim/tally.h"

#include <assert.h>
#include <stddef.h>

const char *lease_mode_name(enum lease_mode mode) {
	static const char *const names[] = {"kernel", "standin"};
	static_assert(sizeof names / sizeof *names == LEASE__COUNT, "every lease mode has a name");
	return names[mode];
}

const char *mishap_name(enum mishap mishap) {
	static const char *const names[] = {
		"pause",        "freeze",       "kill",       "power",         "stop",        "takeover",  "standdown",
		"hold",         "carrier",      "deleted",    "lease-flushed", "add-fails",   "permit",    "netlink",
		"reload",       "disk",         "slow",       "loss",          "delay",       "duplicate", "one-way",
		"split",        "one-link",     "test-lost",  "wipe",          "force",       "dry-run",   "before-act",
		"before-think", "last-renewal", "last-grant", "late-want",     "deaf-holder", "idle-pair", "forced-split",
		"n1-broken",    "jiffies",      "full-queue", "late-wake",
	};
	static_assert(sizeof names / sizeof *names == MISHAP__COUNT, "every mishap has a name");
	return names[mishap];
}

const char *promise_name(enum promise promise) {
	static const char *const names[] = {"P1", "P2", "P4", "L1", "L2", "L3", "core"};
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
	sum->virtual_ns += more->virtual_ns;
	for (size_t i = 0; i < PROMISE__COUNT; i++)
		sum->broken[i] += more->broken[i];
	for (size_t i = 0; i < MISHAP__COUNT; i++)
		sum->mishaps[i] += more->mishaps[i];
}
