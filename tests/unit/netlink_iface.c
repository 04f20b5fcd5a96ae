/* Looking interfaces up, against the kernel. */
#include "netlink/iface.h"

#include <criterion/criterion.h>
#include <errno.h>

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
