/* The client's prober: see probe.h. The witness's process asks; here is what its record tells. */
#include "tests/lab/probe.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/lab/witness.h"
#include "tests/witness/record.h"

struct probe {
	struct witness witness;
	const struct record_asked *record;
};

nanos probe_interval(nanos within) {
	return within / 500 > NANOS_MS ? within / 500 : NANOS_MS;
}

struct probe *probe_start(const struct net *net, const char *shared_ip, nanos interval) {
	struct probe *probe = malloc(sizeof(*probe));
	if (!probe)
		shell_die("out of memory");
	witness_prepare(&probe->witness, "ask", sizeof(struct record_asked));
	struct record_asked *order = (struct record_asked *)probe->witness.record;
	memcpy(order->ns, net->ns[NET_CLIENT], NET_NS);
	memcpy(order->mac, net->mac[NET_CLIENT], ETH_ALEN);
	for (unsigned host = 0; host < NET_NODES; host++)
		memcpy(order->node_mac[host], net->mac[host], ETH_ALEN);
	order->shared = frame_ip(shared_ip);
	order->interval = interval;
	probe->record = order;
	witness_start(&probe->witness);
	return probe;
}

void probe_stop(struct probe *probe) {
	witness_stop(&probe->witness);
	free(probe);
}

/* ---- what it saw ---- */

/* Rounds by number: [first, end). */
struct rounds {
	uint64_t first, end;
};

static const struct record_round *round_of(const struct probe *probe, uint64_t number) {
	return &probe->record->ring[number % RECORD_ROUNDS];
}

/* All that are remembered. One slot of the ring is the witness's own. */
static struct rounds remembered(const struct probe *probe) {
	uint64_t newest = atomic_load_explicit(&probe->record->rounds, memory_order_acquire);
	return (struct rounds){newest < RECORD_ROUNDS ? 1 : newest - RECORD_ROUNDS + 2, newest + 1};
}

/* Those of an interval, and some around it, once every answer that came in until its end is noted. Dies when the
 * interval's beginning is forgotten. */
static struct rounds rounds_of(const struct probe *probe, nanos since, nanos until) {
	witness_wait(&probe->witness, until);
	struct rounds rounds = remembered(probe);
	if (rounds.first > 1 && round_of(probe, rounds.first)->sent > since)
		shell_die("the client does not remember what it saw so long ago");
	return rounds;
}

struct probe_gap probe_outage(const struct probe *probe, nanos since, nanos until) {
	struct rounds rounds = rounds_of(probe, since, until);
	struct probe_gap worst = {0};
	nanos last = 0;
	for (uint64_t i = rounds.first; i <= rounds.end; i++) {
		nanos at = i < rounds.end ? round_of(probe, i)->served : until;
		if (at == 0)
			continue;
		if (at > until)
			at = until;
		/* Without a reply before it, it was never served: that counts from the beginning asked for. */
		nanos from = last ? last : since;
		if (at > since && from < until && at - from > worst.to - worst.from)
			worst = (struct probe_gap){from, at};
		last = at > last ? at : last;
	}
	return worst;
}

/* Did the address change hands while this was asked, once and in the right order? */
static bool handed_over(const struct probe *probe, struct sniff *sniff, const struct record_round *round) {
	nanos interval = probe->record->interval;
	return sniff_changes(sniff, &probe->record->shared, round->sent - interval, round->sent + 2 * interval) == 1;
}

/* macs: mask of those that count. */
static unsigned owners_max(const struct probe *probe, struct sniff *sniff, unsigned macs, nanos since, nanos until) {
	struct rounds rounds = rounds_of(probe, since, until);
	int most = 0;
	for (uint64_t i = rounds.first; i < rounds.end; i++) {
		const struct record_round *round = round_of(probe, i);
		if (round->torn || round->sent < since || round->sent >= until)
			continue;
		for (unsigned kind = 0; kind < RECORD_KINDS; kind++) {
			int owners = __builtin_popcount(round->owners[kind] & macs);
			if (owners > 1 && owners > most && handed_over(probe, sniff, round))
				owners--;
			most = owners > most ? owners : most;
		}
	}
	return (unsigned)most;
}

unsigned probe_owners_max(const struct probe *probe, struct sniff *sniff, nanos since, nanos until) {
	return owners_max(probe, sniff, UINT8_MAX, since, until);
}

unsigned probe_nodes_max(const struct probe *probe, struct sniff *sniff, nanos since, nanos until) {
	return owners_max(probe, sniff, (1U << NET_NODES) - 1, since, until);
}

uint64_t probe_missed(const struct probe *probe, nanos since, nanos until) {
	struct rounds rounds = rounds_of(probe, since, until);
	uint64_t missed = 0;
	for (uint64_t i = rounds.first; i < rounds.end; i++) {
		const struct record_round *round = round_of(probe, i);
		if (round->sent >= since && round->sent < until)
			missed += round->missed + (round->torn ? 1U : 0U);
	}
	return missed;
}

int probe_owner(const struct probe *probe, nanos since) {
	witness_expect(&probe->witness);
	struct rounds rounds = remembered(probe);
	for (uint64_t i = rounds.end; i-- > rounds.first;) {
		const struct record_round *round = round_of(probe, i);
		if (round->sent < since)
			break;
		if (round->served)
			return round->by;
	}
	return -1;
}

uint64_t probe_served(const struct probe *probe, enum net_host host, nanos since, nanos until) {
	struct rounds rounds = rounds_of(probe, since, until);
	uint64_t served = 0;
	for (uint64_t i = rounds.first; i < rounds.end; i++) {
		const struct record_round *round = round_of(probe, i);
		served += round->served && round->by == host && round->sent >= since && round->sent < until;
	}
	return served;
}

bool probe_wait_owner(const struct probe *probe, enum net_host host, nanos since, nanos deadline) {
	while (probe_owner(probe, since) != (int)host) {
		if (clock_now() > deadline)
			return false;
		clock_sleep_until(clock_now() + probe->record->interval);
	}
	return true;
}

void probe_settle(const struct probe *probe) {
	/* An answer has that long to come. Most often none is to come, so it cannot be waited for. */
	clock_sleep_until(clock_now() + 2 * probe->record->interval);
	witness_wait(&probe->witness, clock_now());
}
