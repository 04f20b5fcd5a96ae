/* Asking the kernel over rtnetlink: one socket for addr.c, iface.c and route.c. It owns sequence numbers, the matching of
 * answers to requests, and whom to believe (port 0: the kernel). What others change comes over watch.c's own socket.
 *
 * The kernel works on a request inside sendmsg() and queues the answer before it returns (netlink_unicast_kernel(),
 * net/netlink/af_netlink.c), so nothing here waits for an answer. It does wait for the rtnl lock, which every rtnetlink
 * change on the host takes. */
#ifndef HAMON_NETLINK_RTNL_H
#define HAMON_NETLINK_RTNL_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RTNL_BUFFER = 32768 }; /* the kernel makes no part of a dump larger */

struct rtnl {
	int fd;
	uint32_t seq; /* of the newest request */
	_Alignas(struct nlmsghdr) char buffer[RTNL_BUFFER];
};

/* A bound, non-blocking rtnetlink socket that is a member of `groups` (bits, as RTMGRP_*) and holds so many bytes of unread
 * messages. A descriptor or -errno. For this module and watch.c. */
int rtnl_open(uint32_t groups, int receive_buffer);

/* The next datagram from the kernel; others' are skipped. Its length, or -errno: -EAGAIN (none), -ENOBUFS (messages were
 * lost since the last call), -EMSGSIZE (this one was longer than the buffer, and is lost). For this module, watch.c
 * and the kernel lease. */
ssize_t rtnl_receive(int fd, void *buffer, size_t size);

/* 0 or -errno. */
int rtnl_init(struct rtnl *rtnl);
void rtnl_fini(struct rtnl *rtnl);

/* Writes the start of a request at `at`: header and a zeroed fixed part of `fixed_len` bytes, which is returned. */
void *rtnl_put_header(struct nlmsghdr *at, uint16_t type, uint16_t flags, size_t fixed_len);
/* Appends an attribute. The caller has room for it: NLMSG_SPACE(), NLA_HDRLEN and NLA_ALIGN() say how much. */
void rtnl_put(struct nlmsghdr *message, uint16_t type, const void *data, size_t len);

/* Sends n requests, `len` bytes that lie aligned behind each other, in one system call, each with NLM_F_ACK, and reads
 * their answers: results[i] is 0 or -errno. Returns 0, or -errno when it could not be asked or not every answer came
 * (-EPROTO); results of the missing are then -EPROTO, and what was done is unknown. */
int rtnl_change(struct rtnl *rtnl, void *requests, size_t len, size_t n, int results[]);

/* Called with each message of an answer. */
typedef void rtnl_fn(void *arg, struct nlmsghdr *message);

/* Sends one request (flags NLM_F_DUMP, or NLM_F_ACK for a single object) and calls fn with every message of the answer.
 * 0; the kernel's -errno; -EINTR when the kernel's list changed while it was read (something may be missing: ask again);
 * -EPROTO when the answer is cut off. */
int rtnl_ask(struct rtnl *rtnl, struct nlmsghdr *request, rtnl_fn *fn, void *arg);

#endif
