/* Announcing addresses, and asking who has them: sends frame.c's frames, many in one system call, without waiting. When,
 * and how often again, is decided by others; answers come to watch.c. */
#ifndef HAMON_ARP_ANNOUNCE_H
#define HAMON_ARP_ANNOUNCE_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "arp/frame.h"
#include "hamon/conf/conf.h"

struct announce_item {
	int ifindex;
	uint8_t mac[FRAME_MAC_LEN]; /* of that interface */
	struct ip_address address;
	bool router; /* IPv6: the interface forwards (struct iface) */
};

enum { ANNOUNCE_FRAMES = 128 }; /* one system call's */

struct announce {
	int fd;
	uint8_t frames[ANNOUNCE_FRAMES][FRAME_NA_LEN];
	struct sockaddr_ll to[ANNOUNCE_FRAMES];
	struct iovec iov[ANNOUNCE_FRAMES];
	struct mmsghdr messages[ANNOUNCE_FRAMES];
	size_t item[ANNOUNCE_FRAMES]; /* which item a frame belongs to */
};

/* 0 or -errno. */
int announce_init(struct announce *announce);
void announce_fini(struct announce *announce);

/* Sends for every item both ARP forms, or the neighbour advertisement. An item that fails (its interface down, -ENETDOWN; a
 * queue full, -ENOBUFS or -EAGAIN; no lease, -ENOBUFS too, by the egress rule's drop) does not keep the others from going
 * out. *sent is always set: how many items went whole. 0 when all did, else the first failed item's -errno; all may be sent
 * again, an announcement twice does no harm. */
int announce_send(struct announce *announce, const struct announce_item *list, size_t n, size_t *sent);

/* The same with a question for every item: the ARP probe, or the neighbour solicitation, neither of which speaks for a
 * shared IP: the lease's rules let them pass. */
int announce_probe(struct announce *announce, const struct announce_item *list, size_t n, size_t *sent);

#endif
