/* A heartbeat link: frames of EtherType 0x88b5 to a link-layer multicast group, over a packet socket. It owns the socket, the
 * group and the Ethernet header; what a frame says, and who said it, are wire/heartbeat.c's and auth.c's.
 *
 * Why multicast below IP: a unicast heartbeat stops leaving once the dead peer's neighbour entry fails, and with it the lease
 * of a healthy primary that its own heartbeats renew. Callers see heartbeats only, never the header, so that a link over UDP
 * can stand behind the same verbs. */
#ifndef HAMON_PEERLINK_H
#define HAMON_PEERLINK_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* 03: group, locally administered; then "HAMON". */
#define PEERLINK_GROUP ((const uint8_t[ETH_ALEN]){0x03, 0x48, 0x41, 0x4d, 0x4f, 0x4e})

struct peerlink {
	int fd;                     /* for the loop; the same from open to close, whatever happens to the interface */
	int ifindex;                /* 0: not bound */
	struct ether_header header; /* of what we send */
};

/* An unbound link: it hears and sends nothing yet, whether or not its interface exists. 0 or -errno (-EPERM without
 * CAP_NET_RAW and CAP_NET_ADMIN). */
int peerlink_open(struct peerlink *link);
void peerlink_close(struct peerlink *link);

/* Binds, or binds anew, to an interface and joins the group there: when it appears, is created again or changes its address.
 * An interface that is down is fine, the kernel wakes the link up with it. 0 or -errno (-ENODEV: it is gone again; the link
 * is unbound then). */
int peerlink_bind(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]);

/* Leaves the group; from now on nothing is heard and nothing is sent. */
void peerlink_unbind(struct peerlink *link);

/* Sends one heartbeat, as a whole or not at all. 0 or -errno: -ENOBUFS, the kernel dropped it, be it a full queue or the
 * lease's rule that refused a marked frame; -ENETDOWN, -ENXIO, the interface is down or gone; -ENODEV, not bound. */
int peerlink_send(struct peerlink *link, const uint8_t *heartbeat, size_t len);

/* Receives one heartbeat: the number of bytes behind the Ethernet header (at most `size`; what a longer frame has beyond is
 * cut off), or -EAGAIN when the link is drained, or -errno. *stamp is the kernel's receive time by the wall clock if
 * *has_stamp. */
ssize_t peerlink_receive(struct peerlink *link, uint8_t *buf, size_t size, struct timespec *stamp, bool *has_stamp);

#endif
