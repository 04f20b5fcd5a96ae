/* What changes behind our back: see watch.h. */
#include "netlink/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* A thousand addresses added and removed at once are some 4,000 notices, accounted with about 1 KiB each. */
	RECEIVE_BUFFER = 8 << 20,
	READ_MAX = 4096, /* datagrams a call: a storm of notices must not keep the heartbeats waiting */
};

static const char *const type_names[] = {
	[WATCH_LINK] = "link",       [WATCH_LINK_GONE] = "link-gone",
	[WATCH_ADDRESS] = "address", [WATCH_ADDRESS_GONE] = "address-gone",
	[WATCH_ROUTE] = "route",     [WATCH_OVERRUN] = "overrun",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == WATCH__COUNT, "a name for each type");

const char *watch_type_name(enum watch_type type) {
	return type_names[type];
}

/* Lets pass everything but notices of routes that are no default routes: each address brings one, and a router with a full
 * table brings them without end. BPF loads in network order what netlink writes in the host's. */
static int skip_other_routes(int fd) {
	enum { DST_LEN = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_dst_len) };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, DST_LEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int watch_init(struct watch *watch) {
	int fd = rtnl_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
			   RECEIVE_BUFFER);
	if (fd < 0)
		return fd;
	int error = skip_other_routes(fd);
	if (error) {
		close(fd);
		return error;
	}
	*watch = (struct watch){.fd = fd};
	return 0;
}

void watch_fini(struct watch *watch) {
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

int watch_fd(const struct watch *watch) {
	return watch->fd;
}

static int decode_link(struct nlmsghdr *message, enum watch_type type, struct watch_event *event) {
	event->type = type;
	return iface_decode(message, &event->link);
}

static int decode_address(struct nlmsghdr *message, enum watch_type type, struct watch_event *event) {
	event->type = type;
	return addr_decode(message, &event->address);
}

/* 0; -ENOMSG: no default route of the main table; -EBADMSG. */
static int decode_route(struct nlmsghdr *message, struct watch_event *event) {
	if (!nlmsg_valid_hdr(message, sizeof(struct rtmsg)))
		return -EBADMSG;
	const struct rtmsg *route = nlmsg_data(message);
	if (route->rtm_dst_len != 0 || route->rtm_table != RT_TABLE_MAIN || route->rtm_flags & RTM_F_CLONED)
		return -ENOMSG;
	event->type = WATCH_ROUTE;
	event->family = route->rtm_family;
	return 0;
}

static int decode(struct nlmsghdr *message, struct watch_event *event) {
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		return decode_link(message, WATCH_LINK, event);
	case RTM_DELLINK:
		return decode_link(message, WATCH_LINK_GONE, event);
	case RTM_NEWADDR:
		return decode_address(message, WATCH_ADDRESS, event);
	case RTM_DELADDR:
		return decode_address(message, WATCH_ADDRESS_GONE, event);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return decode_route(message, event);
	}
	return -ENOMSG;
}

static void report(struct watch *watch, int len, watch_fn *fn, void *arg) {
	for (struct nlmsghdr *at = (struct nlmsghdr *)watch->buffer; nlmsg_ok(at, len); at = nlmsg_next(at, &len)) {
		struct watch_event event;
		int error = decode(at, &event);
		if (error == -EBADMSG)
			watch->malformed++;
		else if (!error)
			fn(arg, &event);
	}
}

int watch_read(struct watch *watch, watch_fn *fn, void *arg) {
	for (unsigned i = 0; i < READ_MAX; i++) {
		ssize_t len = rtnl_receive(watch->fd, watch->buffer, sizeof(watch->buffer));
		if (len == -ENOBUFS || len == -EMSGSIZE) {
			watch->overrun = true;
		} else if (len == -EAGAIN && watch->overrun) {
			/* Last, when nothing old is left: what the caller lists now cannot be undone by an older notice. */
			watch->overrun = false;
			fn(arg, &(struct watch_event){.type = WATCH_OVERRUN});
			return 0;
		} else if (len == -EAGAIN) {
			return 0;
		} else if (len < 0) {
			return (int)len;
		} else if (!watch->overrun) {
			report(watch, (int)len, fn, arg);
		}
	}
	return 0;
}
