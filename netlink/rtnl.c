/* The rtnetlink request socket: see rtnl.h. */
#include "netlink/rtnl.h"

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer to a change is a datagram of its own, which the kernel accounts with about 1 KiB. */
enum { RECEIVE_BUFFER = 1 << 20 };

int rtnl_open(uint32_t groups, int receive_buffer) {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	/* FORCE goes beyond net.core.rmem_max and takes CAP_NET_ADMIN; without it we take what there is. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = groups};
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

ssize_t rtnl_receive(int fd, void *buffer, size_t size) {
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {buffer, size};
		struct msghdr header = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t len = recvmsg(fd, &header, 0);
		if (len < 0 && errno != EINTR)
			return -errno;
		if (len < 0 || from.nl_pid != 0)
			continue; /* any root process may write to our port */
		return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
	}
}

int rtnl_init(struct rtnl *rtnl) {
	int fd = rtnl_open(0, RECEIVE_BUFFER);
	if (fd < 0)
		return fd;
	/* Answers without a copy of the request (Linux 4.3), and dumps that heed the request's filter (4.20): both only
	 * save work, so a kernel that knows neither is fine. */
	int on = 1;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*rtnl = (struct rtnl){.fd = fd};
	return 0;
}

void rtnl_fini(struct rtnl *rtnl) {
	if (rtnl->fd >= 0)
		close(rtnl->fd);
	rtnl->fd = -1;
}

void *rtnl_put_header(struct nlmsghdr *at, uint16_t type, uint16_t flags, size_t fixed_len) {
	*at = (struct nlmsghdr){
		.nlmsg_len = NLMSG_SPACE(fixed_len),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
	};
	return memset(NLMSG_DATA(at), 0, NLMSG_SPACE(fixed_len) - NLMSG_HDRLEN);
}

void rtnl_put(struct nlmsghdr *message, uint16_t type, const void *data, size_t len) {
	struct nlattr *attribute = (struct nlattr *)((char *)message + message->nlmsg_len);
	memset(attribute, 0, NLA_HDRLEN + NLA_ALIGN(len));
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((char *)attribute + NLA_HDRLEN, data, len);
	message->nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

static int send_requests(struct rtnl *rtnl, const void *requests, size_t len) {
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent = sendto(rtnl->fd, requests, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	return sent < 0 ? -errno : 0;
}

/* The verdict of an NLMSG_ERROR or NLMSG_DONE: both begin with an int, 0 or -errno. */
static int verdict(const struct nlmsghdr *message) {
	int error = -EPROTO;
	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(message), sizeof(error));
	return error;
}

int rtnl_change(struct rtnl *rtnl, void *requests, size_t len, size_t n, int results[]) {
	uint32_t first = rtnl->seq + 1;
	int left = (int)len;
	size_t counted = 0;
	for (struct nlmsghdr *at = requests; nlmsg_ok(at, left); at = nlmsg_next(at, &left), counted++) {
		at->nlmsg_flags |= NLM_F_ACK;
		at->nlmsg_seq = ++rtnl->seq;
	}
	assert(counted == n);
	int error = send_requests(rtnl, requests, len);
	for (size_t i = 0; i < n; i++)
		results[i] = error ? error : -EPROTO;

	size_t missing = n;
	while (!error && missing) {
		ssize_t got = rtnl_receive(rtnl->fd, rtnl->buffer, sizeof(rtnl->buffer));
		if (got == -ENOBUFS || got == -EMSGSIZE)
			continue; /* what was lost shows as missing */
		if (got < 0)
			return got == -EAGAIN ? -EPROTO : (int)got;
		left = (int)got;
		for (struct nlmsghdr *at = (struct nlmsghdr *)rtnl->buffer; nlmsg_ok(at, left);
		     at = nlmsg_next(at, &left)) {
			uint32_t i = at->nlmsg_seq - first;
			if (at->nlmsg_type != NLMSG_ERROR || i >= n)
				continue; /* late answer to an earlier request */
			results[i] = verdict(at);
			missing--;
		}
	}
	return error;
}

/* Hands the messages of one datagram to fn. 1: more is to come; else the end, 0 or -errno. */
static int deliver(struct rtnl *rtnl, ssize_t len, rtnl_fn *fn, void *arg, bool *changed) {
	int left = (int)len;
	for (struct nlmsghdr *at = (struct nlmsghdr *)rtnl->buffer; nlmsg_ok(at, left); at = nlmsg_next(at, &left)) {
		if (at->nlmsg_seq != rtnl->seq)
			continue;
		if (at->nlmsg_flags & NLM_F_DUMP_INTR)
			*changed = true;
		if (at->nlmsg_type == NLMSG_ERROR || at->nlmsg_type == NLMSG_DONE)
			return verdict(at);
		fn(arg, at);
	}
	return 1;
}

int rtnl_ask(struct rtnl *rtnl, struct nlmsghdr *request, rtnl_fn *fn, void *arg) {
	request->nlmsg_seq = ++rtnl->seq;
	int error = send_requests(rtnl, request, request->nlmsg_len);
	if (error)
		return error;
	bool changed = false, cut = false;
	for (;;) {
		ssize_t len = rtnl_receive(rtnl->fd, rtnl->buffer, sizeof(rtnl->buffer));
		if (len == -ENOBUFS || len == -EMSGSIZE) {
			cut = true; /* read on to the end: the kernel begins no other dump before */
			continue;
		}
		if (len < 0)
			return len == -EAGAIN ? -EPROTO : (int)len;
		int end = deliver(rtnl, len, fn, arg, &changed);
		if (end == 1)
			continue;
		if (end)
			return end;
		return cut ? -EPROTO : changed ? -EINTR : 0;
	}
}
