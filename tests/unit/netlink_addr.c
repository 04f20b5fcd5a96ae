/* Adding, deleting and listing addresses, against the kernel. */
#include "netlink/addr.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/netlink_sandbox.h"

static struct rtnl rtnl;

static void enter(void) {
	sandbox_enter();
	cr_assert_eq(rtnl_init(&rtnl), 0);
}

static void leave(void) {
	rtnl_fini(&rtnl);
}

TestSuite(netlink_addr, .init = enter, .fini = leave);

static struct addr_change change(const char *interface, const char *address, uint8_t prefix) {
	return (struct addr_change){
		.ifindex = sandbox_index(interface), .address = sandbox_address(address), .prefix = prefix};
}

static int apply_one(enum addr_op op, struct addr_change one) {
	int result = 1;
	int error = addr_apply(&rtnl, op, &one, 1, &result);
	return error ? error : result;
}

/* What a listing found: how many are ours, how many are not, and the entry looked for. */
struct census {
	unsigned ours, others;
	struct ip_address wanted;
	bool found;
	struct addr_entry entry;
};

static void count(void *arg, const struct addr_entry *entry) {
	struct census *census = arg;
	*(entry->proto == ADDR_PROTO ? &census->ours : &census->others) += 1;
	if (memcmp(&entry->address, &census->wanted, sizeof(entry->address)) == 0) {
		census->found = true;
		census->entry = *entry;
	}
}

static struct census look(const char *interface, const char *wanted) {
	struct census census = {.wanted = sandbox_address(wanted)};
	cr_assert_eq(addr_list(&rtnl, interface ? sandbox_index(interface) : 0, count, &census), 0);
	return census;
}

Test(netlink_addr, an_added_address_is_listed_as_ours) {
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
	struct census census = look("left", "192.0.2.10");
	cr_assert(census.found);
	cr_assert_eq(census.entry.ifindex, sandbox_index("left"));
	cr_assert_eq(census.entry.prefix, 24);
	cr_assert_eq(census.entry.proto, ADDR_PROTO);
	cr_assert(sandbox_try("ip -4 address show dev left | grep -q 'inet 192.0.2.10/24 scope global'"),
		  "no broadcast address");
}

Test(netlink_addr, addresses_of_others_are_not_ours) {
	sandbox_run("ip address add 192.0.2.11/24 dev left");
	struct census census = look("left", "192.0.2.11");
	cr_assert(census.found);
	cr_assert_neq(census.entry.proto, ADDR_PROTO);
	cr_assert_eq(census.ours, 0);
}

Test(netlink_addr, a_listing_without_interface_has_all) {
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
	cr_assert(look(NULL, "127.0.0.1").found);
	cr_assert(look(NULL, "::1").found);
	cr_assert(look(NULL, "192.0.2.10").found);
	cr_assert_not(look("left", "127.0.0.1").found);
	cr_assert_not(look("lo", "192.0.2.10").found);
}

Test(netlink_addr, adding_twice_is_harmless) {
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
		cr_assert_eq(apply_one(ADDR_ADD, change("left", "2001:db8::10", 64)), 0);
	}
	cr_assert_eq(look("left", "192.0.2.10").ours, 2);
}

Test(netlink_addr, deleting_twice_is_harmless) {
	struct addr_change both[] = {change("left", "192.0.2.10", 24), change("left", "2001:db8::10", 64)};
	int results[] = {1, 1};
	cr_assert_eq(addr_apply(&rtnl, ADDR_ADD, both, 2, results), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(addr_apply(&rtnl, ADDR_DELETE, both, 2, results), 0);
		cr_assert_eq(results[0], 0);
		cr_assert_eq(results[1], 0);
		cr_assert_eq(look("left", "192.0.2.10").ours, 0);
	}
}

Test(netlink_addr, deleting_from_an_interface_that_is_gone_is_harmless) {
	struct addr_change gone4 = change("left", "192.0.2.10", 24), gone6 = change("left", "2001:db8::10", 64);
	sandbox_run("ip link del left");
	cr_assert_eq(apply_one(ADDR_DELETE, gone4), 0);
	cr_assert_eq(apply_one(ADDR_DELETE, gone6), 0);
	cr_assert_eq(apply_one(ADDR_ADD, gone4), -ENODEV);
	cr_assert_eq(apply_one(ADDR_ADD, gone6), -ENODEV);
}

Test(netlink_addr, deletion_goes_by_the_prefix_too) {
	sandbox_run("ip address add 192.0.2.10/32 dev left");
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
	cr_assert_eq(apply_one(ADDR_DELETE, change("left", "192.0.2.10", 24)), 0);
	struct census census = look("left", "192.0.2.10");
	cr_assert(census.found);
	cr_assert_eq(census.entry.prefix, 32);
}

Test(netlink_addr, each_failure_is_its_own) {
	struct addr_change list[] = {change("left", "192.0.2.10", 24), change("left", "192.0.2.11", 33),
				     change("left", "2001:db8::10", 64), change("left", "2001:db8::11", 129),
				     change("left", "192.0.2.12", 24)};
	int results[] = {1, 1, 1, 1, 1};
	cr_assert_eq(addr_apply(&rtnl, ADDR_ADD, list, 5, results), 0);
	cr_assert_eq(results[0], 0);
	cr_assert_eq(results[1], -EINVAL);
	cr_assert_eq(results[2], 0);
	cr_assert_eq(results[3], -EINVAL);
	cr_assert_eq(results[4], 0);
	cr_assert_eq(look("left", "192.0.2.12").ours, 3);
}

Test(netlink_addr, ipv6_is_usable_at_once) {
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "2001:db8::10", 64)), 0);
	struct sockaddr_in6 name = {.sin6_family = AF_INET6};
	memcpy(&name.sin6_addr, sandbox_address("2001:db8::10").bytes, sizeof(name.sin6_addr));
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0, "a tentative address cannot be bound: %m");
	close(fd);
	struct census census = look("left", "2001:db8::10");
	cr_assert_eq(census.entry.flags & IFA_F_TENTATIVE, 0);
	cr_assert_neq(census.entry.flags & IFA_F_NODAD, 0);
}

Test(netlink_addr, a_loopback_address_stays_on_the_host) {
	cr_assert_eq(apply_one(ADDR_ADD, change("lo", "127.0.0.2", 8)), 0);
	cr_assert(sandbox_try("ip address show dev lo | grep -q 'inet 127.0.0.2/8 scope host'"));
}

Test(netlink_addr, secondaries_outlive_their_primary) {
	sandbox_run("sysctl -q net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.left.promote_secondaries=0");
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
	sandbox_run("ip address add 192.0.2.1/24 dev left"); /* the node's own, behind the shared one */
	cr_assert_neq(look("left", "192.0.2.1").entry.flags & IFA_F_SECONDARY, 0);

	cr_assert_eq(addr_promote_secondaries(&rtnl, sandbox_index("left")), 0);
	cr_assert(sandbox_try("test $(sysctl -n net.ipv4.conf.left.promote_secondaries) = 1"));
	cr_assert_eq(apply_one(ADDR_DELETE, change("left", "192.0.2.10", 24)), 0);
	struct census census = look("left", "192.0.2.1");
	cr_assert(census.found);
	cr_assert_eq(census.entry.flags & IFA_F_SECONDARY, 0);
}

Test(netlink_addr, promoting_on_no_interface_fails) {
	int gone = sandbox_index("left");
	sandbox_run("ip link del left");
	cr_assert_eq(addr_promote_secondaries(&rtnl, gone), -ENODEV);
}

/* Applies the whole set by ADDR_BATCH, as a caller with heartbeats to send does. */
static void apply_all(enum addr_op op, const struct addr_change *list, size_t n) {
	int results[ADDR_BATCH];
	for (size_t at = 0; at < n; at += ADDR_BATCH) {
		size_t batch = n - at < ADDR_BATCH ? n - at : ADDR_BATCH;
		cr_assert_eq(addr_apply(&rtnl, op, list + at, batch, results), 0);
		for (size_t i = 0; i < batch; i++)
			cr_assert_eq(results[i], 0, "%s, number %zu: %s", addr_op_name(op), at + i, strerror(-results[i]));
	}
}

Test(netlink_addr, as_many_as_a_node_may_have) {
	static struct addr_change list[CORE_IPS];
	int left = sandbox_index("left");
	for (unsigned i = 0; i < CORE_IPS; i++) {
		list[i] = (struct addr_change){.ifindex = left, .address = sandbox_nth(i)};
		list[i].prefix = list[i].address.family == AF_INET ? 24 : 64;
	}
	apply_all(ADDR_ADD, list, CORE_IPS);
	cr_assert_eq(look("left", "::1").ours, CORE_IPS);
	for (unsigned i = 0; i < CORE_IPS / 2; i++) { /* secondaries before their primaries */
		struct addr_change swapped = list[i];
		list[i] = list[CORE_IPS - 1 - i];
		list[CORE_IPS - 1 - i] = swapped;
	}
	apply_all(ADDR_DELETE, list, CORE_IPS);
	cr_assert_eq(look("left", "::1").ours, 0);
}

Test(netlink_addr, the_largest_call) {
	static struct addr_change list[ADDR_MAX];
	static int results[ADDR_MAX];
	for (unsigned i = 0; i < ADDR_MAX; i++) {
		list[i] = (struct addr_change){
			.ifindex = sandbox_index("left"), .address = sandbox_nth(i + CORE_IPS), .prefix = 64};
		results[i] = 1;
	}
	cr_assert_eq(addr_apply(&rtnl, ADDR_ADD, list, ADDR_MAX, results), 0);
	for (unsigned i = 0; i < ADDR_MAX; i++)
		cr_assert_eq(results[i], 0);
	cr_assert_eq(look("left", "::1").ours, ADDR_MAX);
}

/* ---- decoding, without a kernel ---- */

Test(netlink_addr_decode, refuses_what_no_kernel_sends) {
	_Alignas(struct nlmsghdr) char room[128];
	struct nlmsghdr *message = (struct nlmsghdr *)room;
	struct addr_entry entry = {.ifindex = 7};
	struct ifaddrmsg *fixed = rtnl_put_header(message, RTM_NEWADDR, 0, sizeof(*fixed));
	fixed->ifa_family = AF_INET;
	cr_assert_eq(addr_decode(message, &entry), -EBADMSG, "no address");
	rtnl_put(message, IFA_ADDRESS, (uint8_t[3]){192, 0, 2}, 3);
	cr_assert_eq(addr_decode(message, &entry), -EBADMSG, "three octets");
	fixed = rtnl_put_header(message, RTM_NEWADDR, 0, sizeof(*fixed));
	fixed->ifa_family = AF_INET6;
	rtnl_put(message, IFA_ADDRESS, (uint8_t[4]){192, 0, 2, 10}, 4);
	cr_assert_eq(addr_decode(message, &entry), -EBADMSG, "another family's length");
	fixed->ifa_family = AF_PACKET;
	cr_assert_eq(addr_decode(message, &entry), -EAFNOSUPPORT);
	message->nlmsg_len = NLMSG_LENGTH(sizeof(*fixed) - 1);
	cr_assert_eq(addr_decode(message, &entry), -EBADMSG, "cut off");
	cr_assert_eq(entry.ifindex, 7, "untouched");
}

Test(netlink_addr_decode, the_local_end_of_a_point_to_point_link) {
	_Alignas(struct nlmsghdr) char room[128];
	struct nlmsghdr *message = (struct nlmsghdr *)room;
	struct addr_entry entry;
	struct ifaddrmsg *fixed = rtnl_put_header(message, RTM_NEWADDR, 0, sizeof(*fixed));
	fixed->ifa_family = AF_INET;
	rtnl_put(message, IFA_ADDRESS, (uint8_t[4]){192, 0, 2, 2}, 4);
	rtnl_put(message, IFA_LOCAL, (uint8_t[4]){192, 0, 2, 1}, 4);
	struct ip_address local = sandbox_address("192.0.2.1");
	cr_assert_eq(addr_decode(message, &entry), 0);
	cr_assert_eq(memcmp(&entry.address, &local, sizeof(local)), 0);
}
