/* What the transports share; nobody else includes it. */
#ifndef HAMON_PEERLINK_PARTS_H
#define HAMON_PEERLINK_PARTS_H

#include <sys/socket.h>
#include <sys/types.h>

#include "hamon/peerlink/peerlink.h"

/* One call looks at so many frames that are none of ours, and then lets its caller do other work. */
enum { PEERLINK_PATIENCE = 256 };

struct peerlink_transport {
	int (*bind)(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]); /* of an unbound one */
	void (*unbind)(struct peerlink *link);                                               /* of a bound one */
	bool (*ready)(const struct peerlink *link);
	int (*send)(struct peerlink *link, const uint8_t *heartbeat, size_t len); /* of one that is ready */
	int (*receive)(struct peerlink *link, struct peerlink_frame *frame);
	void (*close)(struct peerlink *link);
};

int peerlink_set(int fd, int level, int option, int value);

/* Of the socket: receive stamps, precedence over other traffic, room for what comes in while we are frozen. 0 or -errno. */
int peerlink_prepare(int fd);

/* An epoll instance that stands before sockets that come and go, so that the loop knows one descriptor. It or -errno. */
int peerlink_gate(void);
int peerlink_gate_add(int gate, int fd);

/* recvmsg(), not interrupted, and the kernel's stamp in *frame. How much came, or -errno. */
ssize_t peerlink_take(int fd, struct msghdr message, struct peerlink_frame *frame);
/* sendmsg(), not interrupted. 0 or -errno. */
int peerlink_put(int fd, const struct msghdr *message);

#endif
