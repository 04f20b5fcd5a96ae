/* A heartbeat link: one set of verbs, whatever carries the heartbeats.
 *   ethernet.c  frames of EtherType 0x88b5 to a link-layer multicast group, over a packet socket
 *   udp.c       datagrams between an address of this node and one of the peer's, IPv4 or IPv6
 *   reflect.c   echo requests in the peer's name, whose answers the test IPs send to the peer
 * And for a mark that no link can bear: bare frames, which nobody need hear.
 * It owns sockets and headers; what a heartbeat says, and who said it, are wire/heartbeat.c's and auth.c's. */
#ifndef HAMON_PEERLINK_PEERLINK_H
#define HAMON_PEERLINK_PEERLINK_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "hamon/conf/conf.h"
#include "hamon/wire/heartbeat.h"

/* 03: group, locally administered; then "HAMON". */
#define PEERLINK_GROUP ((const uint8_t[ETH_ALEN]){0x03, 0x48, 0x41, 0x4d, 0x4f, 0x4e})

enum {
	PEERLINK_IDENT = HEARTBEAT_ETHERTYPE, /* identifier of the echo requests that are heartbeats */
	PEERLINK_FAMILIES = 2,
};

struct peerlink_udp {
	int socket; /* -1: not bound */
	struct ip_address own, peer;
	uint16_t port; /* of both */
};

/* Whom a reflecting link asks, and in whose name. */
struct peerlink_mirrors {
	struct ip_address peer[PEERLINK_FAMILIES]; /* the peer's IPv4, its IPv6 address; family 0: not known */
	unsigned n;
	struct {
		struct ip_address address; /* of a test IP */
		int ifindex;               /* 0: as routed */
	} list[CORE_TESTS];
};

struct peerlink_reflect {
	int sockets[PEERLINK_FAMILIES]; /* -1: a host without that family */
	uint16_t seq;
	struct peerlink_mirrors mirrors;
};

struct peerlink_transport; /* hamon/peerlink/parts.h */

struct peerlink {
	const struct peerlink_transport *transport;
	int fd;      /* for the loop (EPOLLIN); the same from open to close, whatever happens to the interface */
	int ifindex; /* 0: not bound to one */
	union {
		uint8_t mac[ETH_ALEN]; /* ethernet: of what we send */
		struct peerlink_udp udp;
		struct peerlink_reflect reflect;
	};
};

struct peerlink_frame {
	uint8_t bytes[HEARTBEAT_MAX]; /* from the heartbeat's first byte on; what a longer frame has beyond is cut off */
	size_t len;
	struct timespec stamp; /* the kernel's receive time by the wall clock, */
	bool has_stamp;        /* if it gave one */
	uint8_t mac[ETH_ALEN]; /* the sender's, */
	bool has_mac;          /* on Ethernet */
};

/* A link that hears and sends nothing yet, whether or not its interface exists. 0 or -errno (-EPERM without CAP_NET_RAW and
 * CAP_NET_ADMIN). */
int peerlink_open_ethernet(struct peerlink *link);
int peerlink_open_udp(struct peerlink *link, const struct ip_address *own, const struct ip_address *peer, uint16_t port);
/* This one is never bound, but told of its mirrors; it hears from the start. */
int peerlink_open_reflect(struct peerlink *link);
void peerlink_close(struct peerlink *link);

/* Binds, or binds anew, to an interface: when it appears, is created again or changes its address. For Ethernet one that is
 * down is fine, the kernel wakes the link up with it. 0 or -errno, and the link is unbound then: -ENODEV, it is gone again;
 * -EADDRNOTAVAIL, -ENETUNREACH (UDP), this node's address is not on it yet, or it is down. */
int peerlink_bind(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]);

/* From now on nothing is heard and nothing is sent. */
void peerlink_unbind(struct peerlink *link);

/* A reflecting link's mirrors from now on. Only what one of them answered is heard. */
void peerlink_reflect(struct peerlink *link, const struct peerlink_mirrors *mirrors);

/* Is it bound; does it know a mirror, and the peer's address of that family? */
bool peerlink_ready(const struct peerlink *link);

/* Sends one heartbeat, as a whole or not at all; by each mirror, and one that took it is enough. 0 or -errno: -ENOBUFS, the
 * kernel dropped it, be it a full queue or the lease's rule that refused a marked one; -ENETDOWN, -ENXIO, -ENETUNREACH, the
 * interface is down or gone; -ENODEV, the link is not ready. A datagram that was sent may still wait in the kernel for the
 * neighbour's link-layer address. */
int peerlink_send(struct peerlink *link, const uint8_t *heartbeat, size_t len);

/* A bare frame: a heartbeat as on an Ethernet link, on an interface that has none, so that its mark passes the egress hook
 * there. The socket, which hears nothing, or -errno. */
int peerlink_bare_open(void);
/* Errors as of peerlink_send(). */
int peerlink_bare_send(int fd, int ifindex, const uint8_t mac[static ETH_ALEN], const uint8_t *heartbeat, size_t len);

/* Receives one heartbeat. 0; -EAGAIN when the link is drained, or after many frames that are none of ours (epoll then says
 * at once that there is more); or -errno. *frame is valid after 0 only. */
int peerlink_receive(struct peerlink *link, struct peerlink_frame *frame);

#endif
