/* Default gateways: see route.h. */
#include "netlink/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

struct search {
	int ifindex, family;
	bool found;
	uint32_t metric;
	struct ip_address gateway;
};

/* The first living next hop through the interface with a gateway of the same family; NULL: none. */
static const struct nl_addr *gateway_of(struct rtnl_route *route, int ifindex, int family) {
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);
		const struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);
		if (gateway && nl_addr_get_family(gateway) == family && rtnl_route_nh_get_ifindex(hop) == ifindex &&
		    !(rtnl_route_nh_get_flags(hop) & RTNH_F_DEAD))
			return gateway;
	}
	return NULL;
}

static void consider(struct search *search, struct rtnl_route *route) {
	uint32_t metric = rtnl_route_get_priority(route);
	if (rtnl_route_get_table(route) != RT_TABLE_MAIN || (search->found && metric >= search->metric))
		return;
	const struct nl_addr *gateway = gateway_of(route, search->ifindex, search->family);
	if (!gateway || nl_addr_get_len(gateway) > sizeof(search->gateway.bytes))
		return;
	search->found = true;
	search->metric = metric;
	search->gateway = (struct ip_address){.family = (uint8_t)search->family};
	memcpy(search->gateway.bytes, nl_addr_get_binary_addr(gateway), nl_addr_get_len(gateway));
}

static void look(void *arg, struct nlmsghdr *message) {
	struct search *search = arg;
	if (message->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(message, sizeof(struct rtmsg)))
		return;
	const struct rtmsg *fixed = nlmsg_data(message);
	if (fixed->rtm_family != search->family || fixed->rtm_dst_len != 0 || fixed->rtm_type != RTN_UNICAST)
		return; /* before the library takes memory for each of perhaps many routes */
	struct rtnl_route *route = NULL;
	if (rtnl_route_parse(message, &route) < 0)
		return;
	consider(search, route);
	rtnl_route_put(route);
}

int route_gateway(struct rtnl *rtnl, int ifindex, int family, struct ip_address *gateway) {
	_Alignas(struct nlmsghdr) char request[NLMSG_SPACE(sizeof(struct rtmsg)) + NLA_HDRLEN + sizeof(int32_t)];
	struct nlmsghdr *header = (struct nlmsghdr *)request;
	struct rtmsg *fixed = rtnl_put_header(header, RTM_GETROUTE, NLM_F_DUMP, sizeof(*fixed));
	*fixed = (struct rtmsg){.rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN};
	rtnl_put(header, RTA_OIF, &ifindex, sizeof(ifindex));
	struct search search = {.ifindex = ifindex, .family = family};
	int error = rtnl_ask(rtnl, header, look, &search);
	if (!error && !search.found)
		error = -ENOENT;
	if (!error)
		*gateway = search.gateway;
	return error;
}
