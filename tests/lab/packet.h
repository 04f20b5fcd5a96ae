/* AF_PACKET sockets with kernel receive stamps, for the witness. */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "tests/lab/clock.h"

enum { PACKET_SNAP = 224 /* a heartbeat in a datagram over IPv6 */ };

struct packet {
	nanos at;     /* kernel's receive time, on the monotonic clock */
	uint16_t len; /* as it was on the wire; no more than PACKET_SNAP bytes of it are kept */
	uint8_t bytes[PACKET_SNAP];
};

/* Opens a non-blocking socket that sees every frame that comes in on the interface of the namespace. Dies when it
 * cannot. */
int packet_open(const char *ns, const char *interface);

/* Takes what is there, at most max. Returns how many. */
size_t packet_read(int fd, struct packet *out, size_t max);

/* Frames that the socket had no room for, since the last call. */
unsigned packet_drops(int fd);

#endif
