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

#include "netlink/watch.h"
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

/* Applies the whole set piece by piece, as the daemon does. */
static void apply_all(enum addr_op op, const struct addr_change *list, size_t n) {
	enum { PIECE = 8 };
	int results[PIECE];
	for (size_t at = 0; at < n; at += PIECE) {
		size_t batch = n - at < PIECE ? n - at : PIECE;
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

/* ---- with a lifetime ---- */

static struct addr_change mortal(const char *address, uint8_t prefix, uint32_t valid) {
	struct addr_change one = change("left", address, prefix);
	one.valid = valid;
	return one;
}

/* What `ip` says of an address's lifetime, the seconds that are left as a pattern. */
static bool lives(const char *address, const char *pattern) {
	return sandbox_try("ip address show dev left to %s | grep -Eq 'valid_lft %s preferred_lft %s'", address, pattern,
			   pattern);
}

Test(netlink_addr, a_lifetime_is_set_and_renewed) {
	static const struct {
		const char *address;
		uint8_t prefix;
	} both[] = {{"192.0.2.10", 24}, {"2001:db8::10", 64}};
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(apply_one(ADDR_ADD, mortal(both[i].address, both[i].prefix, 2000)), 0);
		cr_assert(lives(both[i].address, "(2000|1[0-9]{3})sec"));
		cr_assert_eq(look("left", both[i].address).entry.flags & IFA_F_PERMANENT, 0);
		cr_assert_eq(look("left", both[i].address).entry.proto, ADDR_PROTO);
		cr_assert_eq(apply_one(ADDR_ADD, mortal(both[i].address, both[i].prefix, 4000)), 0);
		cr_assert(lives(both[i].address, "(4000|3[0-9]{3})sec"));
	}
	cr_assert_eq(look("left", "192.0.2.10").ours, 2);
}

Test(netlink_addr, without_a_lifetime_it_stays) {
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "192.0.2.10", 24)), 0);
	cr_assert_eq(apply_one(ADDR_ADD, change("left", "2001:db8::10", 64)), 0);
	cr_assert(lives("192.0.2.10", "forever"));
	cr_assert(lives("2001:db8::10", "forever"));
	cr_assert_neq(look("left", "192.0.2.10").entry.flags & IFA_F_PERMANENT, 0);
	cr_assert_neq(look("left", "2001:db8::10").entry.flags & IFA_F_PERMANENT, 0);
}

Test(netlink_addr, a_renewed_address_keeps_its_place) {
	sandbox_run("sysctl -q net.ipv4.conf.left.promote_secondaries=1");
	cr_assert_eq(apply_one(ADDR_ADD, mortal("192.0.2.10", 24, 1000)), 0);
	sandbox_run("ip address add 192.0.2.1/24 dev left && ip address add 203.0.113.1/24 dev left");
	cr_assert_eq(apply_one(ADDR_ADD, mortal("203.0.113.10", 24, 1000)), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(look("left", "192.0.2.10").entry.flags & IFA_F_SECONDARY, 0);
		cr_assert_neq(look("left", "192.0.2.1").entry.flags & IFA_F_SECONDARY, 0);
		cr_assert_eq(look("left", "203.0.113.1").entry.flags & IFA_F_SECONDARY, 0);
		cr_assert_neq(look("left", "203.0.113.10").entry.flags & IFA_F_SECONDARY, 0);
		cr_assert_eq(apply_one(ADDR_ADD, mortal("192.0.2.10", 24, 1000)), 0);
		cr_assert_eq(apply_one(ADDR_ADD, mortal("203.0.113.10", 24, 1000)), 0);
	}
}

/* Notices about two addresses. */
enum { RENEWED, LEFT_ALONE, BOTH };
struct notices {
	struct ip_address of[BOTH];
	unsigned added[BOTH], gone[BOTH];
};

static void note(void *arg, const struct watch_event *event) {
	struct notices *notices = arg;
	for (int i = 0; i < BOTH; i++) {
		if (event->type != WATCH_ADDRESS && event->type != WATCH_ADDRESS_GONE)
			continue;
		if (memcmp(&event->address.address, &notices->of[i], sizeof(notices->of[i])) == 0)
			*(event->type == WATCH_ADDRESS ? &notices->added[i] : &notices->gone[i]) += 1;
	}
}

/* Adds both, and renews the one until the other has run out. Each lives two seconds: a freeze of the machine may be
 * shorter. */
static void outlive(const char *renewed, const char *left_alone, uint8_t prefix) {
	static struct watch watch;
	struct addr_change one = mortal(renewed, prefix, 2), other = mortal(left_alone, prefix, 2);
	struct notices notices = {.of = {one.address, other.address}};
	unsigned renewals = 0;
	cr_assert_eq(watch_init(&watch), 0);
	cr_assert_eq(apply_one(ADDR_ADD, one), 0);
	cr_assert_eq(apply_one(ADDR_ADD, other), 0);
	for (struct sandbox_wait wait = {0}; notices.gone[LEFT_ALONE] == 0; renewals++) {
		cr_assert(sandbox_waiting(&wait), "%s does not expire, or nobody is told", left_alone);
		cr_assert_eq(apply_one(ADDR_ADD, one), 0);
		cr_assert_eq(watch_read(&watch, note, &notices), 0);
	}
	watch_fini(&watch);
	cr_assert_not(look("left", left_alone).found);
	cr_assert(look("left", renewed).found);
	cr_assert_eq(notices.gone[RENEWED], 0, "renewed, not put back");
	cr_assert_eq(notices.added[RENEWED], renewals + 1, "one notice each");
}

Test(netlink_addr, what_is_not_renewed_expires) {
	outlive("192.0.2.10", "192.0.2.11", 24);
}

/* And the route of a prefix in which there is nobody else stays as long as the address, and no longer than that. */
Test(netlink_addr, what_is_not_renewed_expires_ipv6) {
	outlive("2001:db8:1::10", "2001:db8:1::11", 64);
	cr_assert(sandbox_try("ip -6 route get 2001:db8:1::77 | grep -q 'dev left'"));
	cr_assert_eq(apply_one(ADDR_DELETE, change("left", "2001:db8:1::10", 64)), 0);
	for (struct sandbox_wait wait = {0};
	     sandbox_try("ip -6 route get 2001:db8:1::77 2>/dev/null | grep -q 'dev left'");)
		cr_assert(sandbox_waiting(&wait));
}

/* The node's own address in the shared IP's prefix, and the route that it has to its neighbours. */
struct own {
	const char *shared, *add, *route;
	uint8_t prefix;
};

static void assert_own(const struct own *own, const char *when) {
	cr_assert(sandbox_try("ip route show dev left proto kernel | grep -Eq '^%s *$' || "
			      "ip -6 route show dev left proto kernel | grep -Eq '^%s *$'",
			      own->route, own->route),
		  "%s after the shared IP was %s: `ip route` lacks %s", own->add, when, own->route);
}

static void come_and_go(const struct own *own) {
	struct addr_change shared = mortal(own->shared, own->prefix, 1);
	cr_assert_eq(apply_one(ADDR_ADD, shared), 0);
	assert_own(own, "added");
	cr_assert_eq(apply_one(ADDR_ADD, shared), 0);
	assert_own(own, "renewed");
	cr_assert_eq(apply_one(ADDR_DELETE, shared), 0);
	assert_own(own, "deleted");
	cr_assert_eq(apply_one(ADDR_ADD, shared), 0);
	for (struct sandbox_wait wait = {0}; look("left", own->shared).found;)
		cr_assert(sandbox_waiting(&wait));
	assert_own(own, "gone by itself");
}

Test(netlink_addr, the_nodes_own_route_is_not_touched) {
	static const struct own list[] = {
		{"192.0.2.10", "192.0.2.1/24", "192.0.2.0/24 scope link src 192.0.2.1", 24},
		{"2001:db8:1::10", "2001:db8:1::1/64", "2001:db8:1::/64 metric 256 pref medium", 64},
		/* as router advertisements set it */
		{"2001:db8:2::10", "2001:db8:2::1/64 valid_lft 5000 preferred_lft 5000",
		 "2001:db8:2::/64 metric 256 expires (5000|4[0-9]{3})sec pref medium", 64},
	};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		sandbox_run("ip address add %s dev left %s", list[i].add, strchr(list[i].shared, ':') ? "nodad" : "");
		come_and_go(&list[i]);
	}
	cr_assert_eq(look("left", "192.0.2.1").others, 3);
}

/* The shared IP was there first. */
Test(netlink_addr, the_nodes_own_route_comes_later) {
	struct own own = {"2001:db8:1::10", "2001:db8:1::1/64", "2001:db8:1::/64 metric 256 pref medium", 64};
	cr_assert_eq(apply_one(ADDR_ADD, mortal(own.shared, 64, 1000)), 0);
	sandbox_run("ip address add %s dev left nodad", own.add);
	assert_own(&own, "there first");
	come_and_go(&own);

	own = (struct own){"192.0.2.10", "192.0.2.1/24", "192.0.2.0/24 scope link src 192.0.2.1", 24};
	cr_assert_eq(addr_promote_secondaries(&rtnl, sandbox_index("left")), 0);
	struct addr_change shared = mortal(own.shared, 24, 1);
	cr_assert_eq(apply_one(ADDR_ADD, shared), 0);
	sandbox_run("ip address add %s dev left", own.add);
	for (struct sandbox_wait wait = {0}; look("left", own.shared).found;)
		cr_assert(sandbox_waiting(&wait));
	assert_own(&own, "gone by itself");
	cr_assert_eq(look("left", "192.0.2.1").entry.flags & IFA_F_SECONDARY, 0);
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
