/* The client, a process of its own (tests/witness). Every interval, on absolute deadlines, it asks the shared IP in seven
 * frames, called a round: ARP (or neighbour solicitation) to everybody; the same, an echo request and a UDP datagram to
 * each node's own MAC, as a client with a stale ARP cache would.
 *
 * It keeps the ARP cache a client would have: learnt from answers to the question to everybody and from what is announced.
 * "Served" is an echo reply from the MAC that stood in that cache when the request left. An outage is the longest time
 * between two replies that served. Its own missed rounds are counted, and count against the result: no reply, no
 * service. */
#ifndef LAB_PROBE_H
#define LAB_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lab/clock.h"
#include "tests/lab/net.h"
#include "tests/lab/sniff.h"

struct probe;

/* Where the UDP datagrams go. Nobody need listen: the kernel's "port unreachable" is an answer, too. */
enum { PROBE_UDP_PORT = 4711 };

/* Starts asking from the client of the net, and waits until it does. Every question below dies when the client died. */
struct probe *probe_start(const struct net *net, const char *shared_ip, nanos interval);
void probe_stop(struct probe *probe);

/* The interval for a configured time: a 500th of it, 1 ms at least. */
nanos probe_interval(nanos within);

struct probe_gap {
	nanos from,
		to; /* of the last reply before and of the first one after; 0, 0: it was served without a gap to speak of */
};

/* The longest outage that overlaps the interval. One that has not ended counts up to `until`. */
struct probe_gap probe_outage(const struct probe *probe, nanos since, nanos until);

/* The largest number of different MACs that answered one probe: the question to everybody, or one round's questions of one
 * kind to each node. A planned hand-over takes a fraction of a millisecond, and may fall between the two nodes' looking at
 * the same question: both answer, one after the other. The capture tells: if around that round the address changed hands
 * once, and the old owner was not heard again after the new one, the two count as one. */
unsigned probe_owners_max(const struct probe *probe, struct sniff *sniff, nanos since, nanos until);

/* The same for the nodes alone: strangers do not count. */
unsigned probe_nodes_max(const struct probe *probe, struct sniff *sniff, nanos since, nanos until);

/* Who served last, and not before `since`; -1: nobody did. */
int probe_owner(const struct probe *probe, nanos since);

/* How many requests sent in the interval the host served. */
uint64_t probe_served(const struct probe *probe, enum net_host host, nanos since, nanos until);

/* Waits until the host serves a request that was sent after `since`. False when the deadline passed. */
bool probe_wait_owner(const struct probe *probe, enum net_host host, nanos since, nanos deadline);

/* Rounds that the prober itself missed: it was woken too late, or stood still in the middle of one. */
uint64_t probe_missed(const struct probe *probe, nanos since, nanos until);

/* Waits until everything that was asked before now had its time to be answered and read: two intervals. */
void probe_settle(const struct probe *probe);

#endif
