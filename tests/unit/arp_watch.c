/* arp/watch: claims on a real wire, made by a real kernel and by hand; and interfaces that come and go. */
#include "arp/watch.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arp/announce.h"
#include "netlink/lease.h"
#include "tests/unit/netlink_sandbox.h"

static const uint8_t left_mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01};  /* SANDBOX_LEFT_MAC */
static const uint8_t right_mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x02}; /* SANDBOX_RIGHT_MAC */

static struct arp_watch *watch;
static struct announce announce; /* of the left side */

/* What was seen, the newest of it. */
static struct {
	struct arp_seen list[512];
	unsigned n;
} seen;

static void note(void *arg, const struct arp_seen *one) {
	(void)arg;
	cr_assert_lt(seen.n, sizeof(seen.list) / sizeof(seen.list[0]));
	seen.list[seen.n++] = *one;
}

static void enter(void) {
	sandbox_enter();
	seen.n = 0;
	cr_assert_eq(announce_init(&announce), 0);
	cr_assert_eq(arp_watch_start(&watch), 0);
}

static void leave(void) {
	arp_watch_stop(watch);
	announce_fini(&announce);
}

TestSuite(arp_watch, .init = enter, .fini = leave);

static struct arp_watch_interface interface(const char *name) {
	struct arp_watch_interface one = {.ifindex = sandbox_index(name)};
	strncpy(one.name, name, sizeof(one.name) - 1);
	return one;
}

static void await_state(int ifindex, int state) {
	for (struct sandbox_wait wait = {0}; arp_watch_state(watch, ifindex) != state;) {
		cr_assert(sandbox_waiting(&wait), "state %d, not %d", arp_watch_state(watch, ifindex), state);
		arp_watch_read(watch, note, NULL);
	}
}

/* Watches left alone. Returns its index. */
static int watch_left(void) {
	struct arp_watch_interface left = interface("left");
	arp_watch_want(watch, &left, 1);
	cr_assert_eq(arp_watch_state(watch, left.ifindex), -EINPROGRESS, "it waits for nothing");
	await_state(left.ifindex, 0);
	return left.ifindex;
}

/* The newest claim of the address, which must come. */
static struct arp_seen await_claim(const char *text) {
	struct ip_address address = sandbox_address(text);
	for (struct sandbox_wait wait = {0};;) {
		for (unsigned i = seen.n; i-- > 0;)
			if (memcmp(&seen.list[i].claim.address, &address, sizeof(address)) == 0)
				return seen.list[i];
		cr_assert(sandbox_waiting(&wait), "nobody claims %s", text);
		arp_watch_read(watch, note, NULL);
	}
}

static struct announce_item item(const char *name, const uint8_t mac[static FRAME_MAC_LEN], const char *address) {
	struct announce_item one = {.ifindex = sandbox_index(name), .address = sandbox_address(address)};
	memcpy(one.mac, mac, sizeof(one.mac));
	return one;
}

/* Sends frames into the right end of the wire. */
static void send_right(const uint8_t *frame, size_t len) {
	sandbox_go(SANDBOX_RIGHT);
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = sandbox_index("right")};
	memcpy(&to.sll_protocol, frame + ETH_HLEN - sizeof(to.sll_protocol), sizeof(to.sll_protocol));
	cr_assert_eq(sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)len, "%m");
	close(fd);
	sandbox_go(SANDBOX_LEFT);
}

static void claim_right(const char *text) {
	uint8_t frame[FRAME_NA_LEN];
	struct ip_address address = sandbox_address(text);
	if (address.family == AF_INET)
		frame_gratuitous_arp(true, right_mac, &address, frame);
	else
		frame_unsolicited_na(false, right_mac, &address, frame);
	send_right(frame, address.family == AF_INET ? FRAME_ARP_LEN : FRAME_NA_LEN);
}

/* The holder's kernel answers our questions, though they come from nobody. */
Test(arp_watch, a_living_holder_answers_probes) {
	static const char *const addresses[] = {"192.0.2.10", "2001:db8::10"};
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.10/24 dev right && ip address add 2001:db8::10/64 dev right nodad");
	sandbox_go(SANDBOX_LEFT);
	int left = watch_left();
	struct announce_item list[] = {item("left", left_mac, addresses[0]), item("left", left_mac, addresses[1])};
	size_t sent = 0;
	cr_assert_eq(announce_probe(&announce, list, 2, &sent), 0);
	cr_assert_eq(sent, 2);
	for (size_t i = 0; i < 2; i++) {
		struct arp_seen one = await_claim(addresses[i]);
		cr_assert_eq(one.ifindex, left);
		cr_assert_arr_eq(one.claim.mac, right_mac, sizeof(right_mac));
		cr_assert_eq(one.claim.kind, i == 0 ? FRAME_ARP_REPLY : FRAME_NA);
	}
	sandbox_go(SANDBOX_RIGHT);
	cr_assert_not(sandbox_try("ip neigh show dev right | grep -q " SANDBOX_LEFT_MAC), "who asks so is not learnt");
}

/* A node's rules, without a lease, on the interface of the present side. */
static struct lease *guard(const char *name) {
	static struct lease_plan plan;
	struct lease *lease = lease_open(0x1a2b3c4d);
	cr_assert_not_null(lease);
	plan = (struct lease_plan){.length = 600 * SEC, .interfaces_n = 1, .addresses_n = 2};
	strncpy(plan.interfaces[0], name, sizeof(plan.interfaces[0]) - 1);
	plan.addresses[0] = sandbox_address("192.0.2.10");
	plan.addresses[1] = sandbox_address("2001:db8::10");
	cr_assert_eq(lease_build(lease, &plan, NULL), 0);
	return lease;
}

/* The rules let our questions out, and nobody's answer but a holder's: so an answer is a proof. */
Test(arp_watch, who_has_no_lease_may_ask_and_not_answer) {
	struct announce_item list[] = {item("left", left_mac, "192.0.2.10"), item("left", left_mac, "2001:db8::10")};
	size_t sent = 0;
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.10/24 dev right && ip address add 2001:db8::10/64 dev right nodad");
	struct lease *theirs = guard("right");
	sandbox_go(SANDBOX_LEFT);
	struct lease *ours = guard("left");
	watch_left();
	cr_assert_eq(announce_send(&announce, list, 2, &sent), -ENOBUFS, "the rules are there");
	cr_assert_eq(announce_probe(&announce, list, 2, &sent), 0);
	cr_assert_eq(sent, 2);
	claim_right("192.0.2.77"); /* behind the answers that must not come */
	await_claim("192.0.2.77");
	cr_assert_eq(seen.n, 1);
	cr_assert_eq(lease_remove(theirs), 0); /* as good as a lease */
	cr_assert_eq(announce_probe(&announce, list, 2, &sent), 0);
	await_claim("192.0.2.10");
	await_claim("2001:db8::10");
	lease_close(theirs);
	lease_close(ours);
}

/* Ours leave by the same interface, and are no news. */
Test(arp_watch, our_own_frames_are_not_seen) {
	watch_left();
	struct announce_item list[] = {item("left", left_mac, "192.0.2.10"), item("left", left_mac, "2001:db8::10")};
	size_t sent = 0;
	cr_assert_eq(announce_send(&announce, list, 2, &sent), 0);
	claim_right("192.0.2.77"); /* behind them */
	await_claim("192.0.2.77");
	cr_assert_eq(seen.n, 1);
}

Test(arp_watch, claims_bear_the_kernels_receive_time) {
	struct timespec before, after;
	watch_left();
	clock_gettime(CLOCK_REALTIME, &before);
	claim_right("192.0.2.10");
	clock_gettime(CLOCK_REALTIME, &after);
	struct timespec at = await_claim("192.0.2.10").at;
	cr_assert_geq(at.tv_sec * SEC + at.tv_nsec, before.tv_sec * SEC + before.tv_nsec);
	cr_assert_leq(at.tv_sec * SEC + at.tv_nsec, after.tv_sec * SEC + after.tv_nsec, "a veth delivers while it sends");
}

/* The kernel must ask for the neighbour first. */
static void say_something_to(const char *text) {
	struct ip_address to = sandbox_address(text);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	memcpy(&v4.sin_addr, to.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, to.bytes, sizeof(v6.sin6_addr));
	int fd = socket(to.family, SOCK_DGRAM, 0);
	const struct sockaddr *name = to.family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	cr_assert_eq(sendto(fd, "", 1, 0, name, to.family == AF_INET ? sizeof(v4) : sizeof(v6)), 1, "%m");
	close(fd);
}

/* Who looks for a neighbour says where it is itself. */
Test(arp_watch, a_neighbours_own_question_is_a_claim) {
	watch_left();
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.10/24 dev right && ip address add 2001:db8::10/64 dev right nodad");
	say_something_to("192.0.2.99");
	say_something_to("2001:db8::99");
	sandbox_go(SANDBOX_LEFT);
	cr_assert_eq(await_claim("192.0.2.10").claim.kind, FRAME_ARP_REQUEST);
	cr_assert_eq(await_claim("2001:db8::10").claim.kind, FRAME_NS);
	cr_assert_arr_eq(await_claim("2001:db8::10").claim.mac, right_mac, sizeof(right_mac));
}

/* VLAN 0 is none; what bears another tag belongs to another network. */
Test(arp_watch, tagged_frames) {
	enum { AT = 2 * ETH_ALEN, TAG = 4 };
	static const char *const addresses[] = {"192.0.2.10", "192.0.2.11"};
	static const uint8_t tags[][TAG] = {{0x81, 0x00, 0xe0, 0x00}, {0x81, 0x00, 0xe0, 0x05}};
	watch_left();
	for (size_t i = 0; i < 2; i++) {
		struct ip_address address = sandbox_address(addresses[i]);
		uint8_t plain[FRAME_ARP_LEN], tagged[FRAME_ARP_LEN + TAG];
		frame_gratuitous_arp(false, right_mac, &address, plain);
		memcpy(tagged, plain, AT);
		memcpy(tagged + AT, tags[i], TAG);
		memcpy(tagged + AT + TAG, plain + AT, sizeof(plain) - AT);
		send_right(tagged, sizeof(tagged));
	}
	claim_right("192.0.2.77");
	await_claim("192.0.2.77");
	await_claim(addresses[0]);
	cr_assert_eq(seen.n, 2);
}

Test(arp_watch, nothing_but_claims_is_yielded) {
	uint8_t frame[FRAME_NA_LEN], noise[600];
	struct ip_address ipv4 = sandbox_address("192.0.2.10"), ipv6 = sandbox_address("2001:db8::10");
	watch_left();
	frame_arp_probe(right_mac, &ipv4, frame);
	send_right(frame, FRAME_ARP_LEN);
	frame_neighbour_solicitation(right_mac, &ipv6, frame);
	send_right(frame, FRAME_NS_LEN);
	frame_unsolicited_na(false, right_mac, &ipv6, frame);
	frame[FRAME_NA_LEN - 1] ^= 1; /* its checksum is wrong */
	send_right(frame, FRAME_NA_LEN);
	memset(noise, 0x33, sizeof(noise));
	memcpy(noise, frame, ETH_HLEN + sizeof(uint16_t)); /* IPv6, and then nothing that could be */
	send_right(noise, sizeof(noise));
	claim_right("192.0.2.77");
	await_claim("192.0.2.77");
	cr_assert_eq(seen.n, 1);
}

/* A flood takes several calls, and the descriptor says so. */
Test(arp_watch, a_call_reads_so_much_and_no_more) {
	enum { CLAIMS = 3 * ARP_WATCH_FRAMES + 7 };
	watch_left();
	for (unsigned i = 0; i < CLAIMS; i++)
		claim_right("192.0.2.10");
	struct pollfd fd = {.fd = arp_watch_fd(watch), .events = POLLIN};
	for (unsigned calls = 0; seen.n < CLAIMS; calls++) {
		unsigned before = seen.n;
		cr_assert_eq(poll(&fd, 1, 0), 1, "%u of %u claims", seen.n, CLAIMS);
		arp_watch_read(watch, note, NULL);
		cr_assert_leq(seen.n - before, ARP_WATCH_FRAMES);
		cr_assert_leq(calls, 2 * CLAIMS);
	}
	arp_watch_read(watch, note, NULL);
	cr_assert_eq(poll(&fd, 1, 0), 0, "nothing is left, and nobody is woken");
	cr_assert_eq(seen.n, CLAIMS);
}

/* ---- interfaces come and go ---- */

Test(arp_watch, an_interface_that_was_down_is_watched_again) {
	int left = watch_left();
	struct pollfd fd = {.fd = arp_watch_fd(watch), .events = POLLIN};
	sandbox_run("ip link set left down");
	for (struct sandbox_wait wait = {0}; poll(&fd, 1, 0) == 1;) {
		arp_watch_read(watch, note, NULL);
		cr_assert(sandbox_waiting(&wait), "it wakes its reader for ever");
	}
	cr_assert_eq(arp_watch_state(watch, left), 0);
	sandbox_run("ip link set left up");
	for (struct sandbox_wait wait = {0}; seen.n == 0;) { /* sent again: the carrier takes its time */
		claim_right("192.0.2.10");
		arp_watch_read(watch, note, NULL);
		cr_assert(sandbox_waiting(&wait));
	}
	cr_assert_eq(arp_watch_state(watch, left), 0);
}

Test(arp_watch, an_interface_that_is_down_is_tried_again_when_asked) {
	sandbox_run("ip link set left down");
	struct arp_watch_interface left = interface("left");
	arp_watch_want(watch, &left, 1);
	await_state(left.ifindex, -ENETDOWN);
	sandbox_run("ip link set left up");
	arp_watch_want(watch, &left, 1);
	await_state(left.ifindex, 0);
}

Test(arp_watch, an_interface_that_vanished_and_came_back) {
	int before = watch_left();
	sandbox_run("ip link del left");
	await_state(before, -ENODEV);
	sandbox_run("ip link add left address " SANDBOX_LEFT_MAC " type veth peer name other && ip link set left up && "
		    "ip link set other up");
	int after = watch_left();
	cr_assert_neq(after, before);
	cr_assert_eq(arp_watch_state(watch, before), -ENOENT);
	struct announce_item one = item("other", right_mac, "192.0.2.10");
	size_t sent;
	for (struct sandbox_wait wait = {0}; seen.n == 0;) {
		announce_send(&announce, &one, 1, &sent);
		arp_watch_read(watch, note, NULL);
		cr_assert(sandbox_waiting(&wait));
	}
	cr_assert_eq(seen.list[0].ifindex, after);
}

/* A name may be another interface's by the time it is opened. */
Test(arp_watch, an_index_that_the_name_no_longer_stands_for) {
	struct arp_watch_interface wrong = interface("left");
	strcpy(wrong.name, "lo");
	arp_watch_want(watch, &wrong, 1);
	await_state(wrong.ifindex, -ENODEV);
	strcpy(wrong.name, "nowhere");
	arp_watch_want(watch, &wrong, 1);
	await_state(wrong.ifindex, -ENODEV);
}

static unsigned open_descriptors(void) {
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;
	cr_assert_not_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

Test(arp_watch, what_is_wanted_no_more_is_closed) {
	unsigned before = open_descriptors();
	sandbox_run("ip link add left2 type veth peer name right2 && ip link set left2 up && ip link set right2 up");
	struct arp_watch_interface both[] = {interface("left"), interface("left2")};
	arp_watch_want(watch, both, 2);
	await_state(both[0].ifindex, 0);
	await_state(both[1].ifindex, 0);
	cr_assert_gt(open_descriptors(), before);
	arp_watch_want(watch, &both[1], 1);
	arp_watch_want(watch, both, 2); /* changed our mind before the thread got to it */
	arp_watch_want(watch, NULL, 0);
	cr_assert_eq(arp_watch_state(watch, both[0].ifindex), -ENOENT);
	for (struct sandbox_wait wait = {0}; open_descriptors() != before;) {
		arp_watch_read(watch, note, NULL);
		cr_assert(sandbox_waiting(&wait), "%u descriptors, not %u", open_descriptors(), before);
	}
}

/* Whoever stops it does not wait for captures that are still being opened to be wanted. */
Test(arp_watch, stopped_in_the_midst_of_opening) {
	struct arp_watch_interface left = interface("left");
	struct arp_watch *another;
	unsigned before = open_descriptors();
	cr_assert_eq(arp_watch_start(&another), 0);
	arp_watch_want(another, &left, 1);
	arp_watch_stop(another);
	cr_assert_eq(open_descriptors(), before);
	arp_watch_stop(NULL);
}
