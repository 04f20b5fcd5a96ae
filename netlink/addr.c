/* Addresses of interfaces: see addr.h. */
#include "netlink/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

/* The longest request: header, fixed part, local and peer IPv6 address, mark, lifetime, metric. */
enum {
	REQUEST_MAX = NLMSG_SPACE(sizeof(struct ifaddrmsg)) + 2 * (NLA_HDRLEN + sizeof(struct in6_addr)) + NLA_HDRLEN +
		      NLA_ALIGN(sizeof(uint8_t)) + NLA_HDRLEN + sizeof(struct ifa_cacheinfo) + NLA_HDRLEN + sizeof(uint32_t)
};
/* Of the IPv6 prefix routes of addresses with a lifetime: behind the kernel's own (256) and those that network managers
 * set. */
enum { METRIC = 4096 };
_Static_assert(ADDR_MAX *REQUEST_MAX <= RTNL_BUFFER, "requests are built in the socket's own buffer");

static const char *const op_names[] = {[ADDR_ADD] = "add", [ADDR_DELETE] = "delete"};
_Static_assert(sizeof(op_names) / sizeof(op_names[0]) == ADDR__OPS, "a name for each operation");

const char *addr_op_name(enum addr_op op) {
	return op_names[op];
}

static size_t address_len(uint8_t family) {
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* The widest scope in which IPv4 may use it, as `ip address add` chooses; IPv6 finds the scope by itself. */
static uint8_t scope(const struct ip_address *address) {
	bool loopback = address->family == AF_INET && address->bytes[0] == IN_LOOPBACKNET;
	return loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

/* How long it lives. IPv6 gives the address's lifetime to the route of its prefix. If the node's own address in that
 * prefix comes from router advertisements, that is one route, and the newer of the two lifetimes counts
 * (fib6_add_rt2node(), net/ipv6/ip6_fib.c): with the shared IP the node would lose its own way to its neighbours. So the
 * shared IP gets a route of its own, by a metric of its own: it is renewed with the address, runs out at most `valid`
 * after it, and no other route is touched. (IFA_F_NOPREFIXROUTE would do that too, but takes knowing the node's other
 * addresses, at each moment.) IPv4's routes have no lifetime; they go with the last address of their prefix
 * (fib_del_ifaddr(), net/ipv4/fib_frontend.c). */
static void put_lifetime(struct nlmsghdr *at, const struct addr_change *change) {
	const struct ifa_cacheinfo lifetime = {.ifa_prefered = change->valid, .ifa_valid = change->valid};
	rtnl_put(at, IFA_CACHEINFO, &lifetime, sizeof(lifetime));
	if (change->address.family == AF_INET6)
		rtnl_put(at, IFA_RT_PRIORITY, &(uint32_t){METRIC}, sizeof(uint32_t));
}

/* Writes one request and returns where the next begins. */
static struct nlmsghdr *put_request(struct nlmsghdr *at, enum addr_op op, const struct addr_change *change) {
	static const uint16_t types[] = {[ADDR_ADD] = RTM_NEWADDR, [ADDR_DELETE] = RTM_DELADDR};
	/* With REPLACE an address that is already there is no error. */
	uint16_t flags = op == ADDR_ADD ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	const struct ip_address *address = &change->address;
	assert(address->family == AF_INET || address->family == AF_INET6);

	struct ifaddrmsg *fixed = rtnl_put_header(at, types[op], flags, sizeof(*fixed));
	*fixed = (struct ifaddrmsg){
		.ifa_family = address->family,
		.ifa_prefixlen = change->prefix,
		.ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = scope(address),
		.ifa_index = (uint32_t)change->ifindex,
	};
	/* Both, also for deletion: IPv4 compares the prefix length only if IFA_ADDRESS is there (inet_rtm_deladdr()). */
	rtnl_put(at, IFA_LOCAL, address->bytes, address_len(address->family));
	rtnl_put(at, IFA_ADDRESS, address->bytes, address_len(address->family));
	if (op == ADDR_ADD) /* kernels before 5.18 skip the attribute: RTM_NEWADDR is not checked strictly */
		rtnl_put(at, IFA_PROTO, &(uint8_t){ADDR_PROTO}, 1);
	if (op == ADDR_ADD && change->valid)
		put_lifetime(at, change);
	return (struct nlmsghdr *)((char *)at + NLMSG_ALIGN(at->nlmsg_len));
}

/* Deleting what is gone is what was wanted: the address (EADDRNOTAVAIL), the interface (ENODEV), or its IPv6 (ENXIO). */
static bool already_gone(int result) {
	return result == -EADDRNOTAVAIL || result == -ENODEV || result == -ENXIO;
}

int addr_apply(struct rtnl *rtnl, enum addr_op op, const struct addr_change *list, size_t n, int results[]) {
	assert(n <= ADDR_MAX);
	if (n == 0)
		return 0;
	struct nlmsghdr *at = (struct nlmsghdr *)rtnl->buffer;
	for (size_t i = 0; i < n; i++)
		at = put_request(at, op, &list[i]);
	int error = rtnl_change(rtnl, rtnl->buffer, (size_t)((char *)at - rtnl->buffer), n, results);
	for (size_t i = 0; i < n && op == ADDR_DELETE; i++)
		if (already_gone(results[i]))
			results[i] = 0;
	return error;
}

int addr_decode(struct nlmsghdr *message, struct addr_entry *out) {
	static const struct nla_policy policy[IFA_MAX + 1] = {
		[IFA_FLAGS] = {.type = NLA_U32},
		[IFA_PROTO] = {.type = NLA_U8},
	};
	struct nlattr *tb[IFA_MAX + 1];
	if (nlmsg_parse(message, sizeof(struct ifaddrmsg), tb, IFA_MAX, policy) < 0)
		return -EBADMSG;
	const struct ifaddrmsg *fixed = nlmsg_data(message);
	if (fixed->ifa_family != AF_INET && fixed->ifa_family != AF_INET6)
		return -EAFNOSUPPORT;
	/* On a point-to-point link IFA_ADDRESS is the peer's; IPv6 otherwise has no IFA_LOCAL. */
	struct nlattr *local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!local || nla_len(local) != (int)address_len(fixed->ifa_family))
		return -EBADMSG;
	*out = (struct addr_entry){
		.ifindex = (int)fixed->ifa_index,
		.address.family = fixed->ifa_family,
		.prefix = fixed->ifa_prefixlen,
		.proto = tb[IFA_PROTO] ? nla_get_u8(tb[IFA_PROTO]) : 0,
		.flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : fixed->ifa_flags,
	};
	memcpy(out->address.bytes, nla_data(local), address_len(fixed->ifa_family));
	return 0;
}

struct listing {
	int ifindex;
	uint8_t family;
	addr_fn *fn;
	void *arg;
};

/* Filters once more: older kernels ignore the filter, and one without IPv6 answers for all families. */
static void list_one(void *arg, struct nlmsghdr *message) {
	const struct listing *listing = arg;
	struct addr_entry entry;
	if (message->nlmsg_type != RTM_NEWADDR || addr_decode(message, &entry) != 0)
		return;
	if (entry.address.family == listing->family && (!listing->ifindex || entry.ifindex == listing->ifindex))
		listing->fn(listing->arg, &entry);
}

int addr_list(struct rtnl *rtnl, int ifindex, addr_fn *fn, void *arg) {
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int error = 0;
	for (unsigned i = 0; i < 2 && !error; i++) {
		_Alignas(struct nlmsghdr) char request[NLMSG_SPACE(sizeof(struct ifaddrmsg))];
		struct ifaddrmsg *fixed =
			rtnl_put_header((struct nlmsghdr *)request, RTM_GETADDR, NLM_F_DUMP, sizeof(*fixed));
		*fixed = (struct ifaddrmsg){.ifa_family = families[i], .ifa_index = (uint32_t)ifindex};
		struct listing listing = {.ifindex = ifindex, .family = families[i], .fn = fn, .arg = arg};
		error = rtnl_ask(rtnl, (struct nlmsghdr *)request, list_one, &listing);
	}
	return error;
}

int addr_promote_secondaries(struct rtnl *rtnl, int ifindex) {
	/* IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { PROMOTE_SECONDARIES = 1 }}}: inet_set_link_af(), net/ipv4/devinet.c */
	struct {
		struct nlattr inet, conf, promote;
		uint32_t on;
	} spec = {
		.inet = {.nla_len = sizeof(spec), .nla_type = AF_INET},
		.conf = {.nla_len = sizeof(spec) - NLA_HDRLEN, .nla_type = IFLA_INET_CONF},
		.promote = {.nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = IPV4_DEVCONF_PROMOTE_SECONDARIES},
		.on = 1,
	};
	_Alignas(struct nlmsghdr) char request[NLMSG_SPACE(sizeof(struct ifinfomsg)) + NLA_HDRLEN + sizeof(spec)];
	struct nlmsghdr *header = (struct nlmsghdr *)request;
	struct ifinfomsg *fixed = rtnl_put_header(header, RTM_SETLINK, 0, sizeof(*fixed));
	fixed->ifi_index = ifindex;
	rtnl_put(header, IFLA_AF_SPEC, &spec, sizeof(spec));
	int result;
	int error = rtnl_change(rtnl, request, header->nlmsg_len, 1, &result);
	return error ? error : result;
}
