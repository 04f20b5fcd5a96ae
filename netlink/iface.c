/* Interfaces: see iface.h. */
#include "netlink/iface.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

/* IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_CONF: an int for each DEVCONF_ }}: inet6_fill_ifla6_attrs(), net/ipv6/addrconf.c */
static bool forwards_ipv6(struct nlattr *spec) {
	struct nlattr *inet6 = spec ? nla_find(nla_data(spec), nla_len(spec), AF_INET6) : NULL;
	struct nlattr *conf = inet6 ? nla_find(nla_data(inet6), nla_len(inet6), IFLA_INET6_CONF) : NULL;
	int32_t values[DEVCONF_FORWARDING + 1];
	if (!conf || nla_len(conf) < (int)sizeof(values))
		return false;
	memcpy(values, nla_data(conf), sizeof(values));
	return values[DEVCONF_FORWARDING] != 0;
}

/* IFF_LOWER_UP is the cable; the operational state also knows what sits above it, such as 802.1X (IF_OPER_DORMANT). Drivers
 * that keep no such state say IF_OPER_UNKNOWN. */
static bool has_carrier(unsigned flags, uint8_t operstate) {
	return flags & IFF_UP && flags & IFF_LOWER_UP && (operstate == IF_OPER_UP || operstate == IF_OPER_UNKNOWN);
}

int iface_decode(struct nlmsghdr *message, struct iface *out) {
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = {.type = NLA_STRING, .minlen = 2, .maxlen = IF_NAMESIZE},
		[IFLA_OPERSTATE] = {.type = NLA_U8},
		[IFLA_AF_SPEC] = {.type = NLA_NESTED},
	};
	struct nlattr *tb[IFLA_MAX + 1];
	if (nlmsg_parse(message, sizeof(struct ifinfomsg), tb, IFLA_MAX, policy) < 0)
		return -EBADMSG;
	const struct ifinfomsg *fixed = nlmsg_data(message);
	if (fixed->ifi_family == AF_BRIDGE)
		return -EAFNOSUPPORT; /* its RTM_DELLINK says that a port left its bridge, not that it is gone */
	if (!tb[IFLA_IFNAME])
		return -EBADMSG;
	struct iface iface = {
		.ifindex = fixed->ifi_index,
		.up = fixed->ifi_flags & IFF_UP,
		.carrier = has_carrier(fixed->ifi_flags,
				       tb[IFLA_OPERSTATE] ? nla_get_u8(tb[IFLA_OPERSTATE]) : IF_OPER_UNKNOWN),
		.router = forwards_ipv6(tb[IFLA_AF_SPEC]),
	};
	nla_strlcpy(iface.name, tb[IFLA_IFNAME], sizeof(iface.name));
	struct nlattr *mac = tb[IFLA_ADDRESS];
	iface.ethernet = fixed->ifi_type == ARPHRD_ETHER && mac && nla_len(mac) == IFACE_MAC_LEN;
	if (iface.ethernet)
		memcpy(iface.mac, nla_data(mac), IFACE_MAC_LEN);
	*out = iface;
	return 0;
}

struct search {
	int result;
	struct iface iface;
};

static void found(void *arg, struct nlmsghdr *message) {
	struct search *search = arg;
	if (message->nlmsg_type == RTM_NEWLINK)
		search->result = iface_decode(message, &search->iface);
}

int iface_get(struct rtnl *rtnl, const char *name, struct iface *out) {
	size_t len = strlen(name) + 1;
	if (len > IF_NAMESIZE)
		return -ENODEV;
	_Alignas(struct nlmsghdr) char request[NLMSG_SPACE(sizeof(struct ifinfomsg)) + NLA_HDRLEN + NLA_ALIGN(IF_NAMESIZE)];
	struct nlmsghdr *header = (struct nlmsghdr *)request;
	rtnl_put_header(header, RTM_GETLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	rtnl_put(header, IFLA_IFNAME, name, len);
	struct search search = {.result = -EPROTO};
	int error = rtnl_ask(rtnl, header, found, &search);
	if (!error)
		error = search.result;
	if (!error && !search.iface.ethernet)
		error = -EMEDIUMTYPE;
	if (!error)
		*out = search.iface;
	return error;
}
