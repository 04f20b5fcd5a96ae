/* Finding the default gateway, against the kernel. */
#include "netlink/route.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/netlink_sandbox.h"

static struct rtnl rtnl;

static void enter(void) {
	sandbox_enter();
	sandbox_run("ip link add other type veth peer name another");
	sandbox_run("ip link set other up && ip link set another up");
	sandbox_run("ip address add 192.0.2.1/24 dev left");
	sandbox_run("ip address add 198.51.100.1/24 dev other");
	sandbox_run("ip address add 2001:db8::1/64 dev left nodad");
	sandbox_run("ip address add fe80::1/64 dev left nodad");
	cr_assert_eq(rtnl_init(&rtnl), 0);
}

static void leave(void) {
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
