/* What the rules cost the traffic through a shared IP: the same traffic with the table of a primary and without, in turns,
 * between a node of the lab and its client. Owns the turns and the verdict. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/guard.h"
#include "tests/bench/statistics.h"
#include "tests/bench/stream.h"
#include "tests/lab/janitor.h"
#include "tests/lab/net.h"
#include "tests/lab/shell.h"

enum { PAIRS = 20, PAIRS_A_LINE = 4, TURNS = 8 /* in a pair, half of them with the rules */, RERUNS = 20 };
enum { WITHOUT, WITH };
enum { FEW = 2, MANY = 1000 }; /* shared IPs */

#define SHARED_IP "192.0.2.100"
#define CLIENT_IP "192.0.2.9"
#define INTERFACE "eth0"
/* The default of hamon.conf. */
#define WITHIN (500 * MSEC)
/* Long enough for a packet that passes a shut guard to be seen. */
#define SHUT (100 * NANOS_MS)

/* One measurement. */
struct row {
	enum stream_kind kind;
	unsigned addresses; /* in the sets; half of them of IPv6 */
	nanos turn;
	double unit; /* that figures are printed in */
	const char *unit_name;
	double bound; /* on the median of the ratios; 0: for interest */
};

/* Judged is what a service does: packets that come are answered, so all of the rules are in the way, and a stream. The
 * others are for interest: many addresses, and one way with nobody who reads, where there is little else to do. */
static const struct row rows[] = {
	{STREAM_UDP_ECHO, FEW, 125 * NANOS_MS, 1e3, "thousands a second", 0.95},
	{STREAM_TCP_OUT, FEW, 500 * NANOS_MS, 1e9, "Gbit/s", 0.97},
	{STREAM_UDP_ECHO, MANY, 125 * NANOS_MS, 1e3, "thousands a second", 0},
	{STREAM_UDP_OUT, FEW, 125 * NANOS_MS, 1e3, "thousands a second", 0},
};
enum { ROW_UDP, ROW_TCP, ROW_ONE_WAY = 3, ROWS = sizeof(rows) / sizeof(*rows) };

struct cost {
	struct net net;
	struct guard *guard;
	struct stream *stream;
	unsigned reruns;
};

/* ---- the two hosts ---- */

static void add_neighbour(const struct net *net, enum net_host host, const char *ip, enum net_host whose) {
	const uint8_t *mac = net->mac[whose];
	shell_must(&(struct shell_job){.ns = net->ns[host]},
		   "ip neighbour add %s lladdr %02x:%02x:%02x:%02x:%02x:%02x dev " INTERFACE, ip, mac[0], mac[1], mac[2],
		   mac[3], mac[4], mac[5]);
}

/* Each knows the other's MAC for good: a guard that is shut holds ARP up, too, and that is not what is measured. */
static void build_hosts(struct net *net) {
	net_build(net, false);
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA1]}, "ip address add " SHARED_IP "/24 dev " INTERFACE);
	add_neighbour(net, NET_HA1, CLIENT_IP, NET_CLIENT);
	add_neighbour(net, NET_CLIENT, SHARED_IP, NET_HA1);
}

static struct in_addr address(const char *text) {
	struct in_addr out;
	inet_pton(AF_INET, text, &out);
	return out;
}

/* The one that carries the traffic, and others that stand in the sets and are nobody's: IPv6 and IPv4 in turns. */
static void plan_addresses(struct guard *guard, unsigned n) {
	enum { NET_FULL = 250 }; /* then the next of RFC 5737's networks */
	static struct ip_address list[CORE_IPS];
	list[0] = (struct ip_address){.family = AF_INET};
	inet_pton(AF_INET, SHARED_IP, list[0].bytes);
	for (unsigned i = 1; i < n; i++) {
		unsigned k = i / 2;
		if (i % 2)
			list[i] = (struct ip_address){AF_INET6,
						      {0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)(i >> 8), (uint8_t)i}};
		else if (k < NET_FULL)
			list[i] = (struct ip_address){AF_INET, {198, 51, 100, (uint8_t)k}};
		else
			list[i] = (struct ip_address){AF_INET, {203, 0, 113, (uint8_t)(k - NET_FULL)}};
	}
	guard_addresses(guard, list, n);
}

/* ---- the turns ---- */

/* The rules are in the path: without a lease nothing passes. */
static void check_shut(struct cost *cost, enum stream_kind kind) {
	guard_set(cost->guard, GUARD_SHUT);
	double passed = stream_rate(cost->stream, kind, SHUT);
	if (passed > 0)
		shell_die("%s: without a lease %.0f a second pass: the rules are not in the path", stream_kind_name(kind),
			  passed);
}

/* How much passes in both states, in turns of without, with, with, without, and so on, or the other way round: what the
 * machine does besides, it does to both alike. False: the lease lapsed in one of them. */
static bool take_turns(struct cost *cost, const struct row *row, unsigned number, double passed[2]) {
	bool held = true;
	passed[WITHOUT] = passed[WITH] = 0;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		bool with = ((turn + 1) / 2 + number) % 2;
		guard_set(cost->guard, with ? GUARD_OPEN : GUARD_ABSENT);
		passed[with] += stream_rate(cost->stream, row->kind, row->turn) / (TURNS / 2.0);
		held &= !with || guard_held(cost->guard);
	}
	return held;
}

/* One pair's ratio. A lease that lapsed was lost to a freeze of the machine: once more. */
static double pair(struct cost *cost, const struct row *row, unsigned number) {
	double passed[2];
	while (!take_turns(cost, row, number, passed))
		if (++cost->reruns > RERUNS)
			shell_die("the lease does not hold: this machine freezes too often");
	if (passed[WITHOUT] <= 0 || passed[WITH] <= 0)
		shell_die("%s: nothing passes", stream_kind_name(row->kind));
	double ratio = passed[WITH] / passed[WITHOUT];
	printf("  %6.1f -> %6.1f (%.3f)%s", passed[WITHOUT] / row->unit, passed[WITH] / row->unit, ratio,
	       (number + 1) % PAIRS_A_LINE == 0 ? "\n" : "");
	fflush(stdout);
	return ratio;
}

static struct statistics_median measure(struct cost *cost, const struct row *row) {
	printf("%s; %u shared IPs in the table; %s without -> with the rules (ratio):\n", stream_kind_name(row->kind),
	       row->addresses, row->unit_name);
	plan_addresses(cost->guard, row->addresses);
	check_shut(cost, row->kind);
	double ratios[PAIRS];
	for (unsigned i = 0; i < PAIRS; i++)
		ratios[i] = pair(cost, row, i);
	guard_set(cost->guard, GUARD_ABSENT);
	statistics_sort(ratios, PAIRS);
	struct statistics_median result = statistics_median(ratios, PAIRS);
	printf("  median of the ratios %.3f, 95 %% interval %.3f to %.3f", result.median, result.low, result.high);
	if (row->bound > 0)
		printf("; at least %.2f is asked for", row->bound);
	putchar('\n');
	return result;
}

int bench_cost(void) {
	static struct cost cost;
	janitor_sweep();
	janitor_start(NULL);
	build_hosts(&cost.net);
	/* Other processes of the machine shall disturb as little as they can. */
	setpriority(PRIO_PROCESS, 0, -20);
	int back = shell_enter(cost.net.ns[NET_HA1]);
	cost.guard = guard_open(INTERFACE, WITHIN);
	shell_leave(back);
	cost.stream = stream_open(cost.net.ns[NET_HA1], address(SHARED_IP), cost.net.ns[NET_CLIENT], address(CLIENT_IP));
	printf("The cost of the rules to traffic through a shared IP. %d pairs each, of %d turns of the same traffic with "
	       "and\n"
	       "without them. UDP: 18 bytes of payload, frames of 64 bytes, counted where they are received.\n\n",
	       PAIRS, TURNS);
	struct statistics_median result[ROWS];
	bool failed = false;
	for (unsigned i = 0; i < ROWS; i++) {
		result[i] = measure(&cost, &rows[i]);
		failed |= result[i].median < rows[i].bound;
	}
	const struct statistics_median *udp = &result[ROW_UDP], *tcp = &result[ROW_TCP];
	printf("bench-cost: udp_ratio=%.3f udp_interval=[%.3f,%.3f] tcp_ratio=%.3f tcp_interval=[%.3f,%.3f] "
	       "udp_one_way_ratio=%.3f pairs=%d rerun=%u\n",
	       udp->median, udp->low, udp->high, tcp->median, tcp->low, tcp->high, result[ROW_ONE_WAY].median, PAIRS,
	       cost.reruns);
	return failed;
}
