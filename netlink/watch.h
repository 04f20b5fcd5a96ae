/* What changes behind our back: links, addresses and default routes, as rtnetlink's groups tell it. It reports and changes
 * nothing. */
#ifndef HAMON_NETLINK_WATCH_H
#define HAMON_NETLINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/addr.h"
#include "netlink/iface.h"
#include "netlink/rtnl.h"

enum watch_type {
	WATCH_LINK,         /* an interface is new or changed, its name perhaps, its carrier, its MAC */
	WATCH_LINK_GONE,    /* an interface is no more; without a notice for each of its addresses */
	WATCH_ADDRESS,      /* an address is new or changed */
	WATCH_ADDRESS_GONE, /* an address was deleted */
	WATCH_ROUTE,        /* a default route of the main table came or went */
	WATCH_OVERRUN,      /* notices were lost: list everything anew. Reported after all older notices were thrown away */
	WATCH__COUNT,
};
const char *watch_type_name(enum watch_type type);

struct watch_event {
	enum watch_type type;
	union {
		struct iface link;         /* WATCH_LINK, WATCH_LINK_GONE; its `router` is not to be relied on */
		struct addr_entry address; /* WATCH_ADDRESS, WATCH_ADDRESS_GONE */
		int family;                /* WATCH_ROUTE: AF_INET or AF_INET6 */
	};
};

struct watch {
	int fd;
	bool overrun;       /* lost notices, not yet reported */
	uint64_t malformed; /* notices that could not be understood */
	_Alignas(struct nlmsghdr) char buffer[RTNL_BUFFER];
};

/* 0 or -errno. Notices begin now: list what there is after this. */
int watch_init(struct watch *watch);
void watch_fini(struct watch *watch);

/* For epoll, level-triggered, EPOLLIN. */
int watch_fd(const struct watch *watch);

typedef void watch_fn(void *arg, const struct watch_event *event);

/* Reads what is there, a few thousand notices at most a call (epoll then says at once that there is more), and calls fn
 * with each event. 0 or -errno of the socket.
 *
 * Our own changes are told too. The notice of a deletion is queued before addr_apply() returns, so a caller that reads it
 * before it changes its mind about the address never takes its own deletion for somebody else's. (The notice of an IPv6
 * addition comes later, from the kernel's address work.)
 *
 * When the carrier or the interface goes down, the kernel flushes IPv4 routes without telling (fib_flush(),
 * net/ipv4/fib_frontend.c): on WATCH_LINK ask for the gateway again too. */
int watch_read(struct watch *watch, watch_fn *fn, void *arg);

#endif
