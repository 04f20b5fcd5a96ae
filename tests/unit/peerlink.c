/* The Ethernet link on the real kernel: two ends of a veth pair in a network namespace of the test's own, which ends with
 * the test's process. Needs root. */
#include "hamon/peerlink/peerlink.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/crossing.h"

static const char left[] = "left0", right[] = "right0";
static const uint8_t left_mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 1}, right_mac[ETH_ALEN] = {0x02, 0, 0, 0, 0, 2};
static const int patience_ms = 20000; /* for what takes a moment; machines freeze */

/* One command of words separated by single blanks. */
static void run(const char *command) {
	char words[256], *argv[32], *rest = words;
	size_t n = 0;
	cr_assert_lt(snprintf(words, sizeof(words), "%s", command), (int)sizeof(words));
	while ((argv[n] = strsep(&rest, " ")))
		cr_assert_lt(++n, sizeof(argv) / sizeof(argv[0]));
	pid_t pid = 0;
	int status = -1;
	cr_assert_eq(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0, "%s", command);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "%s: status %d", command, status);
}

static void make_cable(void) {
	run("ip link add left0 address 02:00:00:00:00:01 type veth peer name right0 address 02:00:00:00:00:02");
	run("ip link set left0 up");
	run("ip link set right0 up");
}

static void make_world(void) {
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "as root: %s", strerror(errno));
	make_cable();
}

static int index_of(const char *interface) {
	return (int)if_nametoindex(interface);
}

static struct peerlink open_link(const char *interface, const uint8_t *mac) {
	struct peerlink link;
	cr_assert_eq(peerlink_open_ethernet(&link), 0);
	cr_assert_eq(peerlink_bind(&link, index_of(interface), mac), 0);
	return link;
}

/* Has an interface joined our group, by the kernel's own list? */
static bool in_group(const char *interface) {
	FILE *list = fopen("/proc/thread-self/net/dev_mcast", "re");
	cr_assert_not_null(list);
	char line[128], name[IF_NAMESIZE], address[16];
	bool found = false;
	while (!found && fgets(line, sizeof(line), list))
		found = sscanf(line, "%*d %15s %*d %*d %15s", name, address) == 2 && strcmp(name, interface) == 0 &&
			strcmp(address, "0348414d4f4e") == 0;
	(void)fclose(list);
	return found;
}

TestSuite(peerlink, .init = make_world);

Test(peerlink, a_heartbeat_crosses_with_its_receive_time_and_no_copy_comes_back) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 1);
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, 2);
	mono_t before = crossing_now(CLOCK_REALTIME);
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0);
	crossing_await(&b);
	struct peerlink_frame frame;
	cr_assert(crossing_drain(&b, heartbeat, &frame));
	cr_assert(frame.has_stamp && frame.has_mac);
	cr_assert_arr_eq(frame.mac, left_mac, ETH_ALEN);
	int64_t at = (int64_t)frame.stamp.tv_sec * SEC + frame.stamp.tv_nsec;
	cr_assert(at >= before && at <= crossing_now(CLOCK_REALTIME), "a stamp by the wall clock");
	crossing_silent(&a);
	peerlink_close(&a);
	peerlink_close(&b);
}

/* What is on the wire: seen by a packet socket that knows nothing of hamon. */
Test(peerlink, the_ethernet_header_is_the_protocols) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 1);
	int tap = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(HEARTBEAT_ETHERTYPE));
	cr_assert_geq(tap, 0);
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET, .sll_protocol = htons(HEARTBEAT_ETHERTYPE), .sll_ifindex = index_of(right)};
	cr_assert_eq(bind(tap, (struct sockaddr *)&where, sizeof(where)), 0);
	uint8_t heartbeat[HEARTBEAT_LEN], frame[2048];
	crossing_fill(heartbeat, 3);
	cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), 0);
	struct pollfd ready = {.fd = tap, .events = POLLIN};
	cr_assert_eq(poll(&ready, 1, patience_ms), 1);
	cr_assert_eq(recv(tap, frame, sizeof(frame), 0), ETH_HLEN + HEARTBEAT_LEN);
	cr_assert_arr_eq(frame, PEERLINK_GROUP, ETH_ALEN);
	cr_assert_arr_eq(frame + ETH_ALEN, left_mac, ETH_ALEN);
	cr_assert(frame[12] == 0x88 && frame[13] == 0xb5);
	cr_assert_arr_eq(frame + ETH_HLEN, heartbeat, HEARTBEAT_LEN);
	close(tap);
	peerlink_close(&a);
	peerlink_close(&b);
}

Test(peerlink, a_longer_frame_is_cut_to_the_buffer) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 1);
	uint8_t big[HEARTBEAT_MAX + 100] = {0};
	struct peerlink_frame frame;
	cr_assert_eq(peerlink_send(&a, big, sizeof(big)), 0);
	crossing_await(&b);
	cr_assert_eq(peerlink_receive(&b, &frame), 0);
	cr_assert_eq(frame.len, sizeof(frame.bytes));
	crossing_silent(&b);
	peerlink_close(&a);
	peerlink_close(&b);
}

Test(peerlink, unbound_it_neither_sends_nor_hears) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac),
			witness = open_link(right, right_mac);
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, 4);
	crossing_works(&a, &b, 4);
	peerlink_unbind(&b);
	cr_assert_eq(peerlink_send(&b, heartbeat, sizeof(heartbeat)), -ENODEV);
	crossing_works(&a, &witness, 5); /* what the witness heard, b was given too */
	crossing_silent(&b);

	struct peerlink fresh;
	cr_assert_eq(peerlink_open_ethernet(&fresh), 0);
	cr_assert_eq(peerlink_send(&fresh, heartbeat, sizeof(heartbeat)), -ENODEV);
	crossing_silent(&fresh);
	cr_assert_eq(peerlink_bind(&fresh, index_of(right) + 1000, right_mac), -ENODEV);
	cr_assert_eq(peerlink_send(&fresh, heartbeat, sizeof(heartbeat)), -ENODEV);
	peerlink_close(&fresh);
	peerlink_close(&a);
	peerlink_close(&b);
	peerlink_close(&witness);
}

Test(peerlink, the_membership_is_kept_once_however_often_it_is_bound) {
	struct peerlink a = open_link(left, left_mac);
	cr_assert(in_group(left));
	cr_assert_eq(peerlink_bind(&a, index_of(left), left_mac), 0);
	cr_assert(in_group(left));
	cr_assert_eq(peerlink_bind(&a, index_of(right), right_mac), 0);
	cr_assert_not(in_group(left));
	cr_assert(in_group(right));
	peerlink_unbind(&a);
	cr_assert_not(in_group(right));
	peerlink_close(&a);
}

Test(peerlink, it_survives_its_interface) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 6);
	run("ip link set right0 down");
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, 7);
	cr_assert_lt(peerlink_send(&b, heartbeat, sizeof(heartbeat)), 0);
	crossing_silent(&b);
	run("ip link set right0 up");
	crossing_works(&a, &b, 8);
	crossing_works(&b, &a, 9);

	int fd = b.fd;
	run("ip link delete left0");
	cr_assert_lt(peerlink_send(&b, heartbeat, sizeof(heartbeat)), 0);
	crossing_silent(&b);
	make_cable();
	cr_assert_eq(peerlink_bind(&a, index_of(left), left_mac), 0);
	cr_assert_eq(peerlink_bind(&b, index_of(right), right_mac), 0);
	cr_assert_eq(b.fd, fd);
	cr_assert(in_group(left) && in_group(right));
	crossing_works(&a, &b, 10);
	crossing_works(&b, &a, 11);
	peerlink_close(&a);
	peerlink_close(&b);
}

static int send_bare(int fd, uint8_t number, enum heartbeat_mark mark) {
	uint8_t heartbeat[HEARTBEAT_LEN];
	crossing_fill(heartbeat, number);
	heartbeat[3] = (uint8_t)mark;
	return peerlink_bare_send(fd, index_of(left), left_mac, heartbeat, sizeof(heartbeat));
}

/* On the wire and in the egress hook it is a frame like any other; it takes no link on the interface. */
Test(peerlink, a_bare_frame_is_one_as_of_a_link) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 1);
	peerlink_close(&a);
	cr_assert_not(in_group(left));
	int fd = peerlink_bare_open();
	cr_assert_geq(fd, 0);
	cr_assert_eq(send_bare(fd, 2, MARK_PLAIN), 0);
	uint8_t heartbeat[HEARTBEAT_LEN];
	struct peerlink_frame frame;
	crossing_fill(heartbeat, 2);
	crossing_await(&b);
	cr_assert(crossing_drain(&b, heartbeat, &frame));
	cr_assert(frame.has_mac);
	cr_assert_arr_eq(frame.mac, left_mac, ETH_ALEN);
	crossing_fill(heartbeat, 3);
	cr_assert_eq(peerlink_send(&b, heartbeat, sizeof(heartbeat)), 0);
	struct pollfd heard = {.fd = fd, .events = POLLIN};
	cr_assert_eq(poll(&heard, 1, 0), 0, "it hears nothing");
	run("nft add table netdev refuse");
	run("nft add chain netdev refuse out { type filter hook egress device left0 priority -500 ; }");
	run("nft add rule netdev refuse out ether type 0x88b5 @ll,136,8 != 0x00 drop");
	cr_assert_eq(send_bare(fd, 4, MARK_RENEW), -ENOBUFS);
	cr_assert_eq(send_bare(fd, 5, MARK_PLAIN), 0);
	run("ip link set left0 down");
	cr_assert_eq(send_bare(fd, 6, MARK_PLAIN), -ENETDOWN);
	int gone = index_of(left);
	run("ip link delete left0");
	crossing_fill(heartbeat, 7);
	cr_assert_eq(peerlink_bare_send(fd, gone, left_mac, heartbeat, sizeof(heartbeat)), -ENXIO);
	close(fd);
	peerlink_close(&b);
}

/* The egress hook sees the mark where the protocol puts it, and the sender hears of a frame that it refused. */
Test(peerlink, a_frame_that_the_kernel_refuses_says_enobufs) {
	struct peerlink a = open_link(left, left_mac), b = open_link(right, right_mac);
	crossing_works(&a, &b, 12);
	run("nft add table netdev refuse");
	run("nft add chain netdev refuse out { type filter hook egress device left0 priority -500 ; }");
	run("nft add rule netdev refuse out ether type 0x88b5 @ll,136,8 != 0x00 drop");
	uint8_t heartbeat[HEARTBEAT_LEN];
	for (int mark = MARK_RENEW; mark <= MARK_GRANT; mark++) {
		crossing_fill(heartbeat, 13);
		heartbeat[3] = (uint8_t)mark;
		cr_assert_eq(peerlink_send(&a, heartbeat, sizeof(heartbeat)), -ENOBUFS);
	}
	crossing_works(&a, &b, 14);
	peerlink_close(&a);
	peerlink_close(&b);
}
