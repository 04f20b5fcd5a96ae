/* A relay in a node's cable, a process of its own between the cable and the switch: frames wait in it for as long as it
 * draws for each, so that they come late and in another order; some come twice. Owns the rewiring: the cable's end on the
 * switch leaves the bridge, and the relay's own port takes its place. Rules on the node's port (net.h) do not reach what
 * the relay took. */
#ifndef LAB_RELAY_H
#define LAB_RELAY_H

#include "tests/lab/clock.h"
#include "tests/lab/net.h"

struct relay;

/* What is done to the frames of both directions, each drawn by itself. */
enum relay_others { RELAY_ALIKE, RELAY_PASS, RELAY_DROP };
struct relay_order {
	enum relay_others others; /* frames that are no heartbeats: treated alike, passed at once, or dropped */
	nanos least, most;        /* how long a frame waits */
	unsigned doubled;         /* percent that are sent a second time, after a wait of its own */
	unsigned seed;
};

/* Rewires the node, and starts; the carrier of the node's cable stays. Dies when it cannot. */
struct relay *relay_start(const struct net *net, enum net_host host, const struct relay_order *order);

/* What it did so far. */
struct relay_done {
	unsigned long passed, doubled, overtaken; /* overtaken: sent after a frame that came later */
	unsigned long full;                       /* had no room to wait, and was lost */
};
struct relay_done relay_done(const struct relay *relay);

/* Ends it, with what still waits, and puts the cable back into the bridge. */
void relay_stop(struct relay *relay);

#endif
