/* Removing shared IPs from the interfaces, against the kernel: all of them, whatever they have become, and nothing else.
 * With the lease it is supervisor/silence.c's test. */
#include "hamon/supervisor/purge.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "netlink/addr.h"
#include "tests/unit/netlink_sandbox.h"

static struct rtnl rtnl;
static struct statedir_addresses addresses;

static void enter(void) {
	sandbox_enter();
	cr_assert_eq(rtnl_init(&rtnl), 0);
	addresses.n = 0;
}

static void leave(void) {
	rtnl_fini(&rtnl);
}

TestSuite(purge, .init = enter, .fini = leave);

static void record(struct ip_address address, uint8_t prefix, const char *interface) {
	struct conf_ip *ip = &addresses.list[addresses.n++];
	*ip = (struct conf_ip){.address = address, .prefix = prefix};
	snprintf(ip->interface, sizeof(ip->interface), "%s", interface);
}

static bool stands(const char *address) {
	return sandbox_try("ip -brief address show | grep -q ' %s/'", address);
}

static unsigned purge(void) {
	unsigned removed;
	cr_assert_eq(purge_addresses(&rtnl, &addresses, &removed), 0);
	return removed;
}

Test(purge, shared_ips_go_and_the_nodes_own_stay) {
	sandbox_run("ip address add 192.0.2.10/24 dev left");
	sandbox_run("ip address add 192.0.2.11/24 dev left"); /* a secondary: it would go with its primary */
	sandbox_run("ip address add 2001:db8::10/64 dev left");
	sandbox_run("ip address add 2001:db8::11/64 dev left");
	record(sandbox_address("192.0.2.10"), 24, "left");
	record(sandbox_address("2001:db8::10"), 64, "left");
	record(sandbox_address("192.0.2.99"), 24, "left");
	record(sandbox_address("192.0.2.98"), 24, "gone");
	cr_assert_eq(purge(), 2);
	cr_assert_not(stands("192.0.2.10"));
	cr_assert_not(stands("2001:db8::10"));
	cr_assert(stands("192.0.2.11"));
	cr_assert(stands("2001:db8::11"));
	cr_assert_eq(purge(), 0);
}

Test(purge, a_prefix_that_changed_hides_nothing) {
	sandbox_run("ip address add 192.0.2.10/32 dev left");
	record(sandbox_address("192.0.2.10"), 24, "left");
	cr_assert_eq(purge(), 1);
	cr_assert_not(stands("192.0.2.10"));
}

/* Marked as ours: `ip` of Debian 12 cannot do that yet. */
static void add_marked(const char *interface, const char *address, uint8_t prefix) {
	struct addr_change change = {
		.ifindex = sandbox_index(interface), .address = sandbox_address(address), .prefix = prefix};
	int result;
	cr_assert_eq(addr_apply(&rtnl, ADDR_ADD, &change, 1, &result), 0);
	cr_assert_eq(result, 0);
}

Test(purge, an_interface_that_was_renamed_hides_nothing_of_ours) {
	sandbox_run("ip link add name other type veth peer name other-end");
	add_marked("other", "192.0.2.10", 24);
	sandbox_run("ip address add 192.0.2.11/24 dev other");
	record(sandbox_address("192.0.2.10"), 24, "left");
	record(sandbox_address("192.0.2.11"), 24, "left");
	cr_assert_eq(purge(), 1);
	cr_assert_not(stands("192.0.2.10"));
	cr_assert(stands("192.0.2.11"), "neither where it is recorded nor marked as ours");
}

Test(purge, as_many_as_there_may_be) {
	FILE *batch = popen("ip -batch -", "w"); // NOLINT(cert-env33-c): our own words
	cr_assert_not_null(batch);
	for (unsigned i = 0; i < CORE_IPS; i++) {
		char text[INET6_ADDRSTRLEN];
		struct ip_address address = sandbox_nth(i);
		uint8_t prefix = address.family == AF_INET ? 32 : 128;
		fprintf(batch, "address add %s/%u dev left\n", conf_address_text(&address, text), prefix);
		record(address, prefix, "left");
	}
	cr_assert_eq(pclose(batch), 0);
	cr_assert_eq(purge(), CORE_IPS);
}
