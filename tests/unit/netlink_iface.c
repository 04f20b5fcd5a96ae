/* Looking interfaces up, against the kernel. */
#include "netlink/iface.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "tests/unit/netlink_sandbox.h"

static struct rtnl rtnl;

static void enter(void) {
	sandbox_enter();
	cr_assert_eq(rtnl_init(&rtnl), 0);
}

static void leave(void) {
	rtnl_fini(&rtnl);
}

TestSuite(netlink_iface, .init = enter, .fini = leave);

Test(netlink_iface, what_it_is) {
	static const uint8_t mac[] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01}; /* SANDBOX_LEFT_MAC */
	struct iface iface;
	cr_assert_eq(iface_get(&rtnl, "left", &iface), 0);
	cr_assert_eq(iface.ifindex, sandbox_index("left"));
	cr_assert_str_eq(iface.name, "left");
	cr_assert(iface.ethernet);
	cr_assert_arr_eq(iface.mac, mac, sizeof(mac));
	cr_assert(iface.up);
	cr_assert(iface.carrier);
	cr_assert_not(iface.router);
}

Test(netlink_iface, the_other_end_pulled) {
	struct iface iface = {.carrier = true};
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip link set right down");
	sandbox_go(SANDBOX_LEFT);
	for (struct sandbox_wait wait = {0}; iface.carrier;) {
		cr_assert_eq(iface_get(&rtnl, "left", &iface), 0);
		cr_assert(sandbox_waiting(&wait));
	}
	cr_assert(iface.up);
}

Test(netlink_iface, taken_down) {
	struct iface iface;
	sandbox_run("ip link set left down");
	cr_assert_eq(iface_get(&rtnl, "left", &iface), 0);
	cr_assert_not(iface.up);
	cr_assert_not(iface.carrier);
}

Test(netlink_iface, forwards_ipv6) {
	struct iface iface;
	sandbox_run("sysctl -q net.ipv6.conf.left.forwarding=1");
	cr_assert_eq(iface_get(&rtnl, "left", &iface), 0);
	cr_assert(iface.router);
}

Test(netlink_iface, no_such_name) {
	struct iface iface = {.ifindex = 7};
	cr_assert_eq(iface_get(&rtnl, "middle", &iface), -ENODEV);
	cr_assert_eq(iface_get(&rtnl, "a-name-longer-than-any-interface-may-have", &iface), -ENODEV);
	cr_assert_eq(iface_get(&rtnl, "", &iface), -ENODEV);
	cr_assert_eq(iface.ifindex, 7, "untouched");
}

Test(netlink_iface, not_ethernet) {
	struct iface iface = {.ifindex = 7};
	cr_assert_eq(iface_get(&rtnl, "lo", &iface), -EMEDIUMTYPE);
	cr_assert_eq(iface.ifindex, 7, "untouched");
}

/* ---- decoding, without a kernel ---- */

static _Alignas(struct nlmsghdr) char room[256];

/* A notice about an Ethernet interface with carrier, to which a test adds what it is about. */
static struct nlmsghdr *notice(void) {
	struct nlmsghdr *message = (struct nlmsghdr *)room;
	struct ifinfomsg *fixed = rtnl_put_header(message, RTM_NEWLINK, 0, sizeof(*fixed));
	*fixed = (struct ifinfomsg){.ifi_type = ARPHRD_ETHER, .ifi_index = 7, .ifi_flags = IFF_UP | IFF_LOWER_UP};
	return message;
}

Test(netlink_iface_decode, refuses_what_no_kernel_sends) {
	struct iface iface = {.ifindex = 99};
	struct nlmsghdr *message = notice();
	cr_assert_eq(iface_decode(message, &iface), -EBADMSG, "no name");
	rtnl_put(message, IFLA_IFNAME, "a-name-longer-than-any", sizeof("a-name-longer-than-any"));
	cr_assert_eq(iface_decode(message, &iface), -EBADMSG);
	message->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg) - 1);
	cr_assert_eq(iface_decode(message, &iface), -EBADMSG, "cut off");
	cr_assert_eq(iface.ifindex, 99, "untouched");
}

Test(netlink_iface_decode, a_bridge_port_notice_is_not_about_the_link) {
	struct iface iface;
	struct nlmsghdr *message = notice();
	rtnl_put(message, IFLA_IFNAME, "left", sizeof("left"));
	((struct ifinfomsg *)NLMSG_DATA(message))->ifi_family = AF_BRIDGE;
	cr_assert_eq(iface_decode(message, &iface), -EAFNOSUPPORT);
}

Test(netlink_iface_decode, a_long_hardware_address_is_not_ethernet) {
	static const uint8_t infiniband[20] = {1, 2, 3};
	struct iface iface;
	struct nlmsghdr *message = notice();
	rtnl_put(message, IFLA_IFNAME, "left", sizeof("left"));
	rtnl_put(message, IFLA_ADDRESS, infiniband, sizeof(infiniband));
	cr_assert_eq(iface_decode(message, &iface), 0);
	cr_assert_not(iface.ethernet);
	cr_assert_eq(iface.mac[0], 0);
}

Test(netlink_iface_decode, carrier_is_more_than_a_cable) {
	static const struct {
		uint8_t operstate;
		bool carrier;
	} table[] = {{IF_OPER_UNKNOWN, true},
		     {IF_OPER_UP, true},
		     {IF_OPER_DORMANT, false},
		     {IF_OPER_DOWN, false},
		     {IF_OPER_LOWERLAYERDOWN, false}};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct iface iface;
		struct nlmsghdr *message = notice();
		rtnl_put(message, IFLA_IFNAME, "left", sizeof("left"));
		rtnl_put(message, IFLA_OPERSTATE, &table[i].operstate, 1);
		cr_assert_eq(iface_decode(message, &iface), 0);
		cr_assert_eq(iface.carrier, table[i].carrier, "operational state %u", table[i].operstate);
	}
}
