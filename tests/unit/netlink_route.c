/* Finding the default gateway, against the kernel. */
#include "netlink/route.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/netlink_sandbox.h"

static struct rtnl rtnl;
static struct route_sources sources;

static void enter(void) {
	sandbox_enter();
	sandbox_run("ip link add other type veth peer name another");
	sandbox_run("ip link set other up && ip link set another up");
	sandbox_run("ip address add 192.0.2.1/24 dev left");
	sandbox_run("ip address add 198.51.100.1/24 dev other");
	sandbox_run("ip address add 2001:db8::1/64 dev left nodad");
	sandbox_run("ip address add fe80::1/64 dev left nodad");
	cr_assert_eq(rtnl_init(&rtnl), 0);
	cr_assert_eq(route_sources_init(&sources), 0);
}

static void leave(void) {
	route_sources_fini(&sources);
	rtnl_fini(&rtnl);
}

TestSuite(netlink_route, .init = enter, .fini = leave);

static void assert_gateway(int family, const char *expected) {
	struct ip_address gateway, wanted = sandbox_address(expected);
	cr_assert_eq(route_gateway(&rtnl, sandbox_index("left"), family, &gateway), 0);
	cr_assert_eq(memcmp(&gateway, &wanted, sizeof(gateway)), 0, "not %s", expected);
}

static void assert_none(int family) {
	struct ip_address gateway = {.family = AF_UNSPEC};
	cr_assert_eq(route_gateway(&rtnl, sandbox_index("left"), family, &gateway), -ENOENT);
	cr_assert_eq(gateway.family, AF_UNSPEC, "untouched");
}

Test(netlink_route, none) {
	assert_none(AF_INET);
	assert_none(AF_INET6);
}

Test(netlink_route, the_lowest_metric) {
	sandbox_run("ip route add default via 192.0.2.253 dev left metric 200");
	assert_gateway(AF_INET, "192.0.2.253");
	sandbox_run("ip route add default via 192.0.2.254 dev left metric 100");
	assert_gateway(AF_INET, "192.0.2.254");
	sandbox_run("ip route add default via 192.0.2.252 dev left metric 300");
	assert_gateway(AF_INET, "192.0.2.254");
	assert_none(AF_INET6);
}

Test(netlink_route, ipv6_link_local) {
	sandbox_run("ip -6 route add default via 2001:db8::fe dev left metric 2000");
	assert_gateway(AF_INET6, "2001:db8::fe");
	sandbox_run("ip -6 route add default via fe80::fe dev left");
	assert_gateway(AF_INET6, "fe80::fe");
	assert_none(AF_INET);
}

Test(netlink_route, other_interfaces_and_tables_do_not_count) {
	sandbox_run("ip route add default via 198.51.100.254 dev other");
	sandbox_run("ip route add default via 192.0.2.254 dev left table 100");
	sandbox_run("ip route add 203.0.113.0/24 via 192.0.2.254 dev left");
	sandbox_run("ip route add unreachable default metric 5");
	assert_none(AF_INET);
}

Test(netlink_route, a_route_without_gateway_does_not_count) {
	sandbox_run("ip route add default dev left");
	assert_none(AF_INET);
	sandbox_run("ip route add default via 192.0.2.254 dev left metric 10");
	assert_gateway(AF_INET, "192.0.2.254");
}

Test(netlink_route, an_ipv6_gateway_for_ipv4_does_not_count) {
	sandbox_run("ip route add default via inet6 fe80::fe dev left");
	assert_none(AF_INET);
}

Test(netlink_route, several_next_hops) {
	sandbox_run("ip route add default nexthop via 198.51.100.254 dev other nexthop via 192.0.2.254 dev left");
	assert_gateway(AF_INET, "192.0.2.254");
	sandbox_run("ip -6 route add default nexthop via fe80::fd dev other nexthop via fe80::fe dev left");
	assert_gateway(AF_INET6, "fe80::fe");
}

Test(netlink_route, a_next_hop_object) {
	sandbox_run("ip nexthop add id 1 via 192.0.2.254 dev left");
	sandbox_run("ip route add default nhid 1");
	assert_gateway(AF_INET, "192.0.2.254");
}

static void assert_source(const char *to, const char *interface, const char *expected) {
	struct ip_address target = sandbox_address(to), wanted = sandbox_address(expected), source;
	cr_assert_eq(route_source(&sources, &target, interface ? sandbox_index(interface) : 0, &source), 0, "to %s", to);
	cr_assert_eq(memcmp(&source, &wanted, sizeof(source)), 0, "to %s: not %s", to, expected);
}

Test(netlink_route, the_source_towards_a_host) {
	assert_source("192.0.2.254", NULL, "192.0.2.1");
	assert_source("198.51.100.254", NULL, "198.51.100.1");
	assert_source("2001:db8::fe", NULL, "2001:db8::1");
	assert_source("fe80::fe", "left", "fe80::1");
	sandbox_run("ip address add 192.0.2.77/24 dev left"); /* a second one of the subnet is not preferred */
	assert_source("192.0.2.254", "left", "192.0.2.1");
	sandbox_run("ip route add 203.0.113.0/24 via 192.0.2.254 dev left src 192.0.2.77");
	assert_source("203.0.113.9", NULL, "192.0.2.77");
	assert_source("192.0.2.254", NULL, "192.0.2.1");
}

Test(netlink_route, no_source_without_a_route) {
	struct ip_address nowhere = sandbox_address("203.0.113.1"), nowhere6 = sandbox_address("2001:db8:ffff::1");
	struct ip_address near = sandbox_address("192.0.2.254"), source = {.family = AF_UNSPEC};
	cr_assert_eq(route_source(&sources, &nowhere, 0, &source), -ENETUNREACH);
	cr_assert_eq(route_source(&sources, &nowhere6, 0, &source), -ENETUNREACH);
	int gone = sandbox_index("left");
	sandbox_run("ip link delete left");
	cr_assert_eq(route_source(&sources, &near, gone, &source), -ENODEV);
	cr_assert_eq(source.family, AF_UNSPEC, "untouched");
}
