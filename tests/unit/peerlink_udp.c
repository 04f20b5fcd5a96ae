/* The UDP link on the real kernel: two namespaces, a veth pair between them. Needs root. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/crossing.h"
#include "tests/unit/netlink_sandbox.h"

enum { PORT = 4411, AT_MARK = 3 };

static const uint8_t no_mac[ETH_ALEN]; /* of no use to UDP */

static const struct ends {
	const char *left, *right, *stranger; /* the stranger is on the right side too */
	unsigned prefix;
} families[] = {{"192.0.2.1", "192.0.2.2", "192.0.2.3", 24}, {"2001:db8::1", "2001:db8::2", "2001:db8::3", 64}};

static void add_address(enum sandbox_side side, const char *address, unsigned prefix) {
	sandbox_go(side);
	sandbox_run("ip address add %s/%u dev %s %s", address, prefix, side == SANDBOX_LEFT ? "left" : "right",
		    prefix > 32 ? "nodad" : "");
}

static struct peerlink open_link(enum sandbox_side side, const char *own, const char *peer) {
	struct ip_address own_address = sandbox_address(own), peer_address = sandbox_address(peer);
	struct peerlink link;
	sandbox_go(side);
	cr_assert_eq(peerlink_open_udp(&link, &own_address, &peer_address, PORT), 0);
	return link;
}

static int bind_link(struct peerlink *link, enum sandbox_side side) {
	const char *interface = side == SANDBOX_LEFT ? "left" : "right";
	sandbox_go(side);
	return peerlink_bind(link, sandbox_index(interface), no_mac);
}

static struct peerlink bound_link(enum sandbox_side side, const char *own, const char *peer) {
	struct peerlink link = open_link(side, own, peer);
	cr_assert_eq(bind_link(&link, side), 0);
	cr_assert(peerlink_ready(&link));
	return link;
}

static void add_addresses(const struct ends *ends) {
	add_address(SANDBOX_LEFT, ends->left, ends->prefix);
	add_address(SANDBOX_RIGHT, ends->right, ends->prefix);
	add_address(SANDBOX_RIGHT, ends->stranger, ends->prefix);
}

TestSuite(peerlink_udp, .init = sandbox_enter);

static void crosses(const struct ends *ends) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	struct peerlink_frame frame;
	add_addresses(ends);
	struct peerlink a = bound_link(SANDBOX_LEFT, ends->left, ends->right);
	struct peerlink b = bound_link(SANDBOX_RIGHT, ends->right, ends->left);
	crossing_works(&a, &b, 1);
	crossing_works(&b, &a, 2);
	crossing_fill(heartbeat, 3);
	mono_t before = crossing_now(CLOCK_REALTIME);
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0);
	crossing_await(&b);
	cr_assert(crossing_drain(&b, heartbeat, &frame));
	cr_assert(frame.has_stamp);
	cr_assert_not(frame.has_mac);
	int64_t at = (int64_t)frame.stamp.tv_sec * SEC + frame.stamp.tv_nsec;
	cr_assert(at >= before && at <= crossing_now(CLOCK_REALTIME), "a stamp by the wall clock");
	peerlink_close(&a);
	peerlink_close(&b);
}

Test(peerlink_udp, a_heartbeat_crosses_with_its_receive_time) {
	crosses(&families[0]);
}

Test(peerlink_udp, a_heartbeat_crosses_with_its_receive_time_ipv6) {
	crosses(&families[1]);
}

static socklen_t name_of(const char *text, uint16_t port, struct sockaddr_storage *name) {
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool ipv4 = inet_pton(AF_INET, text, &in.sin_addr) == 1;
	cr_assert(ipv4 || inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
	memcpy(name, ipv4 ? (void *)&in : (void *)&in6, ipv4 ? sizeof(in) : sizeof(in6));
	return ipv4 ? sizeof(in) : sizeof(in6);
}

static void send_from_another_port(const struct ends *ends) {
	struct sockaddr_storage from, to;
	socklen_t len = name_of(ends->right, PORT + 1, &from);
	name_of(ends->left, PORT, &to);
	int fd = socket(from.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&from, len), 0, "%m");
	cr_assert_eq(sendto(fd, "datagram", 8, 0, (struct sockaddr *)&to, len), 8, "%m");
	close(fd);
}

/* From another address, and from another port of the peer's: what comes behind them is heard, they are not. */
static void hears_the_peer_alone(const struct ends *ends) {
	struct peerlink_frame frame;
	uint8_t heartbeat[HEARTBEAT_LEN];
	add_addresses(ends);
	struct peerlink a = bound_link(SANDBOX_LEFT, ends->left, ends->right);
	struct peerlink b = bound_link(SANDBOX_RIGHT, ends->right, ends->left);
	struct peerlink stranger = bound_link(SANDBOX_RIGHT, ends->stranger, ends->left);
	crossing_works(&b, &a, 1);
	crossing_fill(heartbeat, 2);
	cr_assert_eq(peerlink_send(&stranger, heartbeat, sizeof(heartbeat)), 0);
	peerlink_close(&stranger);
	send_from_another_port(ends);
	crossing_fill(heartbeat, 3);
	cr_assert_eq(peerlink_send(&b, heartbeat, sizeof(heartbeat)), 0);
	crossing_await(&a);
	cr_assert_eq(peerlink_receive(&a, &frame), 0);
	cr_assert_eq(frame.len, HEARTBEAT_LEN);
	cr_assert_arr_eq(frame.bytes, heartbeat, HEARTBEAT_LEN);
	crossing_silent(&a);
	peerlink_close(&a);
	peerlink_close(&b);
}

Test(peerlink_udp, only_the_peer_is_heard) {
	hears_the_peer_alone(&families[0]);
}

Test(peerlink_udp, only_the_peer_is_heard_ipv6) {
	hears_the_peer_alone(&families[1]);
}

Test(peerlink_udp, it_waits_for_its_address_and_for_its_interface) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, 1);
	add_address(SANDBOX_RIGHT, "192.0.2.2", 24);
	struct peerlink a = open_link(SANDBOX_LEFT, "192.0.2.1", "192.0.2.2");
	struct peerlink b = bound_link(SANDBOX_RIGHT, "192.0.2.2", "192.0.2.1");
	int fd = a.fd;
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), -ENODEV);
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), -EADDRNOTAVAIL);
	cr_assert_not(peerlink_ready(&a));
	crossing_silent(&a);
	add_address(SANDBOX_LEFT, "192.0.2.1", 24);
	sandbox_run("ip link set left down");
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), -ENETUNREACH);
	cr_assert_not(peerlink_ready(&a));
	sandbox_run("ip link set left up");
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), 0);
	crossing_works(&a, &b, 2);
	crossing_works(&b, &a, 3);
	cr_assert_eq(a.fd, fd, "the loop knows it");

	peerlink_unbind(&a);
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), -ENODEV);
	crossing_silent(&a);
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), 0);
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), 0);
	crossing_works(&b, &a, 4);
	peerlink_close(&a);
	peerlink_close(&b);
}

Test(peerlink_udp, another_interface_of_the_same_name) {
	add_addresses(&families[0]);
	struct peerlink a = bound_link(SANDBOX_LEFT, "192.0.2.1", "192.0.2.2");
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, 1);
	sandbox_go(SANDBOX_LEFT);
	sandbox_run("ip link delete left");
	cr_assert_lt(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0);
	crossing_silent(&a);
	sandbox_run("ip link add left type veth peer name other && ip link set left up && ip link set other up");
	sandbox_run("ip address add 192.0.2.1/24 dev left");
	cr_assert_eq(bind_link(&a, SANDBOX_LEFT), 0);
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0);
	peerlink_close(&a);
}

/* The peer's host says that nobody listens, again and again: each heartbeat leaves nevertheless, and the loop is not kept
 * awake. */
Test(peerlink_udp, what_the_network_says_costs_no_heartbeat) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	enum { UNREACHABLE = 20 };
	add_addresses(&families[0]);
	struct peerlink a = bound_link(SANDBOX_LEFT, "192.0.2.1", "192.0.2.2");
	crossing_fill(heartbeat, 1);
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("sysctl -q net.ipv4.icmp_ratelimit=0");
	sandbox_go(SANDBOX_LEFT);
	for (unsigned i = 0; i < UNREACHABLE; i++) {
		cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0, "heartbeat %u", i);
		crossing_await(&a); /* the answer: port unreachable */
		if (i % 2 == 0)
			crossing_silent(&a);
	}
	crossing_silent(&a);
	struct pollfd ready = {.fd = a.fd, .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, 0), 0, "nothing is left that wakes the loop");
	struct peerlink b = bound_link(SANDBOX_RIGHT, "192.0.2.2", "192.0.2.1");
	crossing_works(&a, &b, 2);
	peerlink_close(&a);
	peerlink_close(&b);
}

/* The egress hook sees the mark behind the UDP header, and the sender hears of a heartbeat that it refused. */
Test(peerlink_udp, what_the_kernel_refuses_says_enobufs) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		add_addresses(&families[i]);
		struct peerlink a = bound_link(SANDBOX_LEFT, families[i].left, families[i].right);
		struct peerlink b = bound_link(SANDBOX_RIGHT, families[i].right, families[i].left);
		crossing_works(&a, &b, 1);
		sandbox_go(SANDBOX_LEFT);
		sandbox_run("nft add table netdev refuse");
		sandbox_run("nft 'add chain netdev refuse out { type filter hook egress device left priority -500; }'");
		sandbox_run("nft add rule netdev refuse out udp dport %u @th,88,8 != 0 drop", PORT);
		for (int mark = MARK_RENEW; mark <= MARK_GRANT; mark++) {
			crossing_fill(heartbeat, 2);
			heartbeat[AT_MARK] = (uint8_t)mark;
			cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), -ENOBUFS);
		}
		crossing_works(&a, &b, 3);
		sandbox_run("nft delete table netdev refuse");
		peerlink_close(&a);
		peerlink_close(&b);
	}
}
