/* The sniffer on the switch: every frame that a node emits, with the kernel's stamp, whatever the node thinks it did. */
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

/* What was seen in [since, until), in the order of the stamps; *n frames in memory that the caller frees. Dies when the
 * sniffer lost a frame: it would be no witness then. */
struct sniffed *sniff_take(struct sniff *sniff, nanos since, nanos until, size_t *n);

/* Parses one of them. */
struct frame_view sniff_view(const struct sniffed *frame);

/* A frame that asserts the shared IP: ARP or neighbour advertisement of it, or IP from it. */
bool sniff_claims(const struct sniffed *frame, const struct frame_ip *shared);

/* How often the node that asserts the shared IP changed in the interval. One hand-over is one change; when the old owner is
 * heard again after the new one, that is two more, and two owners. */
unsigned sniff_changes(struct sniff *sniff, const struct frame_ip *shared, nanos since, nanos until);

#endif
