/* The sniffer on the switch, a process of its own (tests/witness): every frame that a node emits, with the kernel's stamp,
 * whatever the node thinks it did. Every question below dies when the sniffer died, or lost a frame: it would be no witness
 * then. */
#ifndef LAB_SNIFF_H
#define LAB_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/lab/clock.h"
#include "tests/lab/frame.h"
#include "tests/lab/net.h"
#include "tests/lab/packet.h"

struct sniff;

struct sniffed {
	enum net_host host; /* the node's port it came in on */
	struct packet packet;
};

struct sniff *sniff_start(const struct net *net);
void sniff_stop(struct sniff *sniff);

/* Waits until everything that came in before now is recorded. */
void sniff_settle(const struct sniff *sniff);

/* What was seen in [since, until), in the order of the stamps; *n frames in memory that the caller frees. Dies when it was
 * too long ago. */
struct sniffed *sniff_take(struct sniff *sniff, nanos since, nanos until, size_t *n);

/* Parses one of them. */
struct frame_view sniff_view(const struct sniffed *frame);

/* A frame that asserts the shared IP: ARP from it, IP from it, or a neighbour advertisement of it. */
bool sniff_claims(const struct sniffed *frame, const struct frame_ip *shared);

/* How often the node that asserts the shared IP changed in the interval. One hand-over is one change; when the old owner is
 * heard again after the new one, that is two more, and two owners. */
unsigned sniff_changes(struct sniff *sniff, const struct frame_ip *shared, nanos since, nanos until);

/* When the node last emitted a frame that asserts the shared IP in [since, until); 0: it did not. A frame is the node's if
 * it came in on its port, and also if it bears its MAC, wherever it came in. */
nanos sniff_last_claim(struct sniff *sniff, const struct frame_ip *shared, enum net_host host, nanos since, nanos until);

/* When the node began to announce the shared IPv4 address in [since, until): three gratuitous ARP requests close to each
 * other, as the first ones of an announcement are and no later ones; 0: it did not, or they are not all there yet. */
nanos sniff_announced(struct sniff *sniff, const struct frame_ip *shared, enum net_host host, nanos since, nanos until);

/* The overlap of a move from one node to the other, the only one in [since, until): from the first frame of the new owner
 * to the last one of the old owner that asserts the shared IP; 0 when they came in the right order. Dies when the new owner
 * emitted none: there was no move to judge. */
nanos sniff_overlap(struct sniff *sniff, const struct frame_ip *shared, enum net_host old, enum net_host new, nanos since,
		    nanos until);

#endif
