/* Routes, as far as hamon cares: the default gateway of an interface, which is the test IP when none is configured, and the
 * address that this node is known by there. */
#ifndef HAMON_NETLINK_ROUTE_H
#define HAMON_NETLINK_ROUTE_H

#include "hamon/conf/conf.h"
#include "netlink/rtnl.h"

/* The gateway of the default route with the lowest metric in the main table that leaves through the interface; of equal
 * ones, and of the next hops of one route, the first. family is AF_INET or AF_INET6, and so is the gateway's.
 * An IPv6 gateway is mostly link-local (RFC 4861 section 6.1.2 demands it of those that are advertised): it is an address
 * on this interface only, and whoever sends to it says the interface's index too (icmp_send()).
 * 0, -ENOENT (there is none), or -errno. */
int route_gateway(struct rtnl *rtnl, int ifindex, int family, struct ip_address *gateway);

/* For look-ups of sources: a datagram socket of each family, opened once, by which nothing is sent or received. */
enum { ROUTE_FAMILIES = 2 };
struct route_sources {
	int sockets[ROUTE_FAMILIES]; /* -1: a host without that family */
};

/* 0 or -errno. */
int route_sources_init(struct route_sources *sources);
void route_sources_fini(struct route_sources *sources);

/* The source address that a packet to this address would get, through the interface (0: as routed). Never waits, takes no
 * memory. 0 or -errno: -ENETUNREACH, -EADDRNOTAVAIL, -ENODEV, -EAFNOSUPPORT, ... */
int route_source(const struct route_sources *sources, const struct ip_address *to, int ifindex, struct ip_address *source);

#endif
