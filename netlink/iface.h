/* Interfaces: what a name stands for now. Names move and indices are never reused while an interface lives, so everything
 * else in hamon goes by index, and asks again when watch.c reports a change. */
#ifndef HAMON_NETLINK_IFACE_H
#define HAMON_NETLINK_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/rtnl.h"

enum { IFACE_MAC_LEN = 6 };

struct iface {
	int ifindex;
	char name[IF_NAMESIZE];
	bool ethernet;              /* ARPHRD_ETHER with a MAC of six bytes; else `mac` is zero */
	uint8_t mac[IFACE_MAC_LEN]; /* zero if not Ethernet */
	bool up;                    /* IFF_UP: the administrator's wish */
	bool carrier;               /* IFF_UP, IFF_LOWER_UP, and not dormant (operstate up or unknown: RFC 2863) */
	bool router; /* forwards IPv6; only iface_get() knows, in a decoded notice it may be missing: false */
};

/* From an RTM_NEWLINK or RTM_DELLINK. 0 or -EBADMSG; -EAFNOSUPPORT for a bridge port's own notice (AF_BRIDGE). */
int iface_decode(struct nlmsghdr *message, struct iface *out);

/* Looks an interface up. 0, -ENODEV (none of this name), -EMEDIUMTYPE (not Ethernet), or -errno. */
int iface_get(struct rtnl *rtnl, const char *name, struct iface *out);

#endif
