/* Being told of changes, against the kernel. */
#include "netlink/watch.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/netlink_sandbox.h"

static struct watch watch;

static void enter(void) {
	sandbox_enter();
	cr_assert_eq(watch_init(&watch), 0);
}

static void leave(void) {
	cr_assert_eq(watch.malformed, 0);
	watch_fini(&watch);
}

TestSuite(netlink_watch, .init = enter, .fini = leave);

/* What was reported: how many of each type, and the newest of each. */
struct log {
	unsigned n[WATCH__COUNT];
	struct watch_event newest[WATCH__COUNT];
};

static void record(void *arg, const struct watch_event *event) {
	struct log *log = arg;
	log->n[event->type]++;
	log->newest[event->type] = *event;
}

static unsigned total(const struct log *log) {
	unsigned n = 0;
	for (unsigned i = 0; i < WATCH__COUNT; i++)
		n += log->n[i];
	return n;
}

static struct log read_all(void) {
	struct log log = {0};
	cr_assert_eq(watch_read(&watch, record, &log), 0);
	return log;
}

/* Reads until an event of this type came; *log is what came since. */
static void await(enum watch_type type, struct log *log) {
	*log = (struct log){0};
	for (struct sandbox_wait wait = {0}; !log->n[type];) {
		cr_assert_eq(watch_read(&watch, record, log), 0);
		cr_assert(sandbox_waiting(&wait), "no notice: %s", watch_type_name(type));
	}
}

Test(netlink_watch, quiet_when_nothing_happens) {
	read_all();
	struct log log = read_all();
	cr_assert_eq(total(&log), 0);
}

Test(netlink_watch, carrier_lost_and_back) {
	struct log log = {0};
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip link set right down");
	for (bool carrier = true; carrier; carrier = log.newest[WATCH_LINK].link.carrier)
		await(WATCH_LINK, &log);
	cr_assert_str_eq(log.newest[WATCH_LINK].link.name, "left");
	cr_assert(log.newest[WATCH_LINK].link.up);
	sandbox_run("ip link set right up");
	for (bool carrier = false; !carrier; carrier = log.newest[WATCH_LINK].link.carrier)
		await(WATCH_LINK, &log);
}

Test(netlink_watch, renamed) {
	struct log log;
	int index = sandbox_index("left");
	sandbox_run("ip link set left down && ip link set left name port");
	do
		await(WATCH_LINK, &log);
	while (strcmp(log.newest[WATCH_LINK].link.name, "port") != 0);
	cr_assert_eq(log.newest[WATCH_LINK].link.ifindex, index);
}

Test(netlink_watch, new_mac) {
	static const uint8_t mac[] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x99};
	struct log log;
	sandbox_run("ip link set left address 02:00:5e:10:00:99");
	do
		await(WATCH_LINK, &log);
	while (memcmp(log.newest[WATCH_LINK].link.mac, mac, sizeof(mac)) != 0);
}

Test(netlink_watch, removed) {
	struct log log;
	int index = sandbox_index("left");
	sandbox_run("ip link del left");
	await(WATCH_LINK_GONE, &log);
	cr_assert_eq(log.newest[WATCH_LINK_GONE].link.ifindex, index);
	cr_assert_str_eq(log.newest[WATCH_LINK_GONE].link.name, "left");
}

Test(netlink_watch, a_port_that_leaves_its_bridge_is_not_gone) {
	sandbox_run("ip link add bridge type bridge && ip link set left master bridge");
	sandbox_run("ip link set left nomaster && ip link del bridge");
	struct log log;
	await(WATCH_LINK_GONE, &log);
	cr_assert_eq(log.n[WATCH_LINK_GONE], 1);
	cr_assert_str_eq(log.newest[WATCH_LINK_GONE].link.name, "bridge");
}

static void apply_one(struct rtnl *rtnl, enum addr_op op, const struct addr_change *change) {
	int result = 1;
	cr_assert_eq(addr_apply(rtnl, op, change, 1, &result), 0);
	cr_assert_eq(result, 0);
}

static void assert_about(const struct addr_entry *entry, const struct addr_change *change) {
	cr_assert_eq(memcmp(&entry->address, &change->address, sizeof(entry->address)), 0);
	cr_assert_eq(entry->prefix, change->prefix);
	cr_assert_eq(entry->ifindex, change->ifindex);
	cr_assert_eq(entry->proto, ADDR_PROTO);
}

/* And a deletion's notice is there when addr_apply() returns. */
Test(netlink_watch, addresses_of_both_families) {
	struct rtnl rtnl;
	cr_assert_eq(rtnl_init(&rtnl), 0);
	struct addr_change list[] = {
		{.ifindex = sandbox_index("left"), .address = sandbox_address("192.0.2.10"), .prefix = 24},
		{.ifindex = sandbox_index("left"), .address = sandbox_address("2001:db8::10"), .prefix = 64},
	};
	for (size_t i = 0; i < 2; i++) {
		struct log log;
		apply_one(&rtnl, ADDR_ADD, &list[i]);
		await(WATCH_ADDRESS, &log);
		assert_about(&log.newest[WATCH_ADDRESS].address, &list[i]);
		apply_one(&rtnl, ADDR_DELETE, &list[i]);
		log = read_all();
		cr_assert_eq(log.n[WATCH_ADDRESS_GONE], 1);
		assert_about(&log.newest[WATCH_ADDRESS_GONE].address, &list[i]);
	}
	rtnl_fini(&rtnl);
}

Test(netlink_watch, default_routes_only) {
	struct log log;
	sandbox_run("ip address add 192.0.2.1/24 dev left && ip address add 2001:db8::1/64 dev left nodad");
	await(WATCH_ADDRESS, &log);
	sandbox_run("ip route add 203.0.113.0/24 via 192.0.2.254");
	sandbox_run("ip route add default via 192.0.2.254 table 100");
	sandbox_run("ip -6 route add 2001:db8:2::/64 via 2001:db8::fe");
	log = read_all();
	cr_assert_eq(log.n[WATCH_ROUTE], 0);
	sandbox_run("ip route add default via 192.0.2.254");
	await(WATCH_ROUTE, &log);
	cr_assert_eq(log.newest[WATCH_ROUTE].family, AF_INET);
	sandbox_run("ip route del default");
	await(WATCH_ROUTE, &log);
	sandbox_run("ip -6 route add default via 2001:db8::fe");
	await(WATCH_ROUTE, &log);
	cr_assert_eq(log.newest[WATCH_ROUTE].family, AF_INET6);
}

Test(netlink_watch, lost_notices_are_one_overrun_and_then_it_goes_on) {
	int least = 1; /* the kernel raises it to the least that it allows */
	cr_assert_eq(setsockopt(watch_fd(&watch), SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	for (unsigned i = 1; i < 50; i++)
		sandbox_run("ip address add 192.0.2.%u/24 dev left", i);
	struct log log = read_all();
	cr_assert_eq(log.n[WATCH_OVERRUN], 1);
	cr_assert_eq(total(&log), 1, "older notices are thrown away");
	log = read_all();
	cr_assert_eq(total(&log), 0);
	sandbox_run("ip address del 192.0.2.9/24 dev left");
	await(WATCH_ADDRESS_GONE, &log);
	cr_assert_eq(log.n[WATCH_OVERRUN], 0);
}
