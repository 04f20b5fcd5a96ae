/* Gateways and sources: see route.h. */
#include "netlink/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DISCARD = 9 }; /* any port will do: nothing is sent to it */

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

/* ---- sources ---- */

enum { IPV4, IPV6 };

static const int families[ROUTE_FAMILIES] = {[IPV4] = AF_INET, [IPV6] = AF_INET6};

int route_sources_init(struct route_sources *sources) {
	struct route_sources fresh = {.sockets = {-1, -1}};

	for (unsigned i = 0; i < ROUTE_FAMILIES; i++) {
		fresh.sockets[i] = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fresh.sockets[i] >= 0 || errno == EAFNOSUPPORT)
			continue;
		int error = -errno;
		route_sources_fini(&fresh);
		return error;
	}
	*sources = fresh;
	return 0;
}

void route_sources_fini(struct route_sources *sources) {
	for (unsigned i = 0; i < ROUTE_FAMILIES; i++)
		if (sources->sockets[i] >= 0)
			close(sources->sockets[i]);
}

/* To nobody again: the source of the last connection would else be the next one's, and the socket would take datagrams
 * in. */
static int disconnect(int fd) {
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	return connect(fd, &nobody, sizeof(nobody)) < 0 ? -errno : 0;
}

/* connect() chooses route and source as a packet would get them, and sends nothing. It reads the routes under RCU;
 * RTM_GETROUTE would wait for the rtnl lock, which others hold for seconds at times. */
static int connected_source(int fd, const struct ip_address *to, int ifindex, struct ip_address *source) {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} name = {0};
	bool ipv4 = to->family == AF_INET;
	socklen_t len = ipv4 ? sizeof(name.in) : sizeof(name.in6);

	if (ipv4) {
		name.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(DISCARD)};
		memcpy(&name.in.sin_addr, to->bytes, sizeof(name.in.sin_addr));
	} else {
		name.in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6, .sin6_port = htons(DISCARD), .sin6_scope_id = (uint32_t)ifindex};
		memcpy(&name.in6.sin6_addr, to->bytes, sizeof(name.in6.sin6_addr));
	}
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof(ifindex)) < 0)
		return -errno;
	if (connect(fd, &name.any, len) < 0 || getsockname(fd, &name.any, &len) < 0)
		return -errno;
	*source = (struct ip_address){.family = to->family};
	if (ipv4)
		memcpy(source->bytes, &name.in.sin_addr, sizeof(name.in.sin_addr));
	else
		memcpy(source->bytes, &name.in6.sin6_addr, sizeof(name.in6.sin6_addr));
	return 0;
}

int route_source(const struct route_sources *sources, const struct ip_address *to, int ifindex, struct ip_address *source) {
	int fd = sources->sockets[to->family == AF_INET ? IPV4 : IPV6];
	if (fd < 0)
		return -EAFNOSUPPORT;
	struct ip_address found;
	int error = connected_source(fd, to, ifindex, &found);
	int undone = disconnect(fd);
	if (!error)
		error = undone;
	if (!error)
		*source = found;
	return error;
}
