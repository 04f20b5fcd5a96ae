/* Reflected heartbeats on the real kernel: a node on the left, its peer in a namespace of its own, and on the right a host
 * between them that answers echo requests as any host does. Needs root. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/icmp.h"
#include "tests/unit/crossing.h"
#include "tests/unit/netlink_sandbox.h"

enum { IPV4, IPV6 };

static const struct place {
	const char *node, *peer, *mirror;
	unsigned family;
} places[] = {{"192.0.2.1", "192.0.2.2", "192.0.2.9", IPV4}, {"2001:db8::1", "2001:db8::2", "2001:db8::9", IPV6}};

static int peer_world = -1; /* its namespace */

static void go_to_peer(void) {
	cr_assert_eq(setns(peer_world, CLONE_NEWNET), 0);
}

/* No frame passes between node and peer: isolated ports of the bridge on the right, which bears the mirror's addresses. */
static void enter(void) {
	sandbox_enter();
	/* Without a link-local address the kernel would ask for no neighbour on behalf of a packet with a foreign
	 * source. */
	sandbox_run("ip address add 192.0.2.1/24 dev left && ip address add 2001:db8::1/64 dev left nodad");
	sandbox_run("ip address add fe80::1/64 dev left nodad");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	peer_world = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(peer_world, 0);
	sandbox_run("sysctl -q net.ipv6.conf.default.addr_gen_mode=1");
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip link add mirror type bridge && ip link add ours type veth peer name theirs");
	sandbox_run("ip link set theirs netns /proc/%d/fd/%d", (int)getpid(), peer_world);
	sandbox_run("ip link set right master mirror && ip link set ours master mirror && ip link set ours up");
	sandbox_run("bridge link set dev right isolated on && bridge link set dev ours isolated on");
	sandbox_run("ip link set mirror up");
	sandbox_run("ip address add 192.0.2.9/24 dev mirror && ip address add 2001:db8::9/64 dev mirror nodad");
	go_to_peer();
	sandbox_run("ip link set theirs up");
	sandbox_run("ip address add 192.0.2.2/24 dev theirs && ip address add 2001:db8::2/64 dev theirs nodad");
}

TestSuite(peerlink_reflect, .init = enter);

static struct peerlink_mirrors mirrors_of(const struct place *place, const char *mirror) {
	struct peerlink_mirrors mirrors = {.n = 1, .list = {{.address = sandbox_address(mirror)}}};
	mirrors.peer[place->family] = sandbox_address(place->peer);
	return mirrors;
}

/* In the present namespace. */
static struct peerlink open_link(const struct peerlink_mirrors *mirrors) {
	struct peerlink link;
	cr_assert_eq(peerlink_open_reflect(&link), 0);
	if (mirrors)
		peerlink_reflect(&link, mirrors);
	return link;
}

/* The node's link, and the peer's, which knows the mirror alone. */
static void open_links(const struct place *place, struct peerlink *node, struct peerlink *peer) {
	struct peerlink_mirrors mirrors = mirrors_of(place, place->mirror);
	sandbox_go(SANDBOX_LEFT);
	*node = open_link(&mirrors);
	mirrors.peer[place->family].family = 0;
	go_to_peer();
	*peer = open_link(&mirrors);
}

static void comes_by_the_mirror(const struct place *place) {
	struct peerlink node, peer;
	struct peerlink_frame frame;
	uint8_t heartbeat[HEARTBEAT_LEN];
	open_links(place, &node, &peer);
	cr_assert(peerlink_ready(&node));
	cr_assert_not(peerlink_ready(&peer), "it does not know its peer's address");
	crossing_works(&node, &peer, 1);
	crossing_fill(heartbeat, 2);
	mono_t before = crossing_now(CLOCK_REALTIME);
	cr_assert_eq(peerlink_send(&node, heartbeat, sizeof(heartbeat)), 0);
	crossing_await(&peer);
	cr_assert(crossing_drain(&peer, heartbeat, &frame));
	cr_assert(frame.has_stamp);
	cr_assert_not(frame.has_mac);
	int64_t at = (int64_t)frame.stamp.tv_sec * SEC + frame.stamp.tv_nsec;
	cr_assert(at >= before && at <= crossing_now(CLOCK_REALTIME), "a stamp by the wall clock");
	crossing_silent(&node);
	peerlink_close(&node);
	peerlink_close(&peer);
}

Test(peerlink_reflect, a_heartbeat_comes_by_the_mirror) {
	comes_by_the_mirror(&places[0]);
}

Test(peerlink_reflect, a_heartbeat_comes_by_the_mirror_ipv6) {
	comes_by_the_mirror(&places[1]);
}

Test(peerlink_reflect, each_mirror_is_asked_and_one_is_enough) {
	struct peerlink node, peer;
	struct peerlink_frame frame;
	uint8_t heartbeat[HEARTBEAT_LEN];
	struct peerlink_mirrors mirrors = mirrors_of(&places[IPV4], "203.0.113.1"); /* no route leads there */
	open_links(&places[IPV4], &node, &peer);
	crossing_works(&node, &peer, 1);
	peerlink_reflect(&node, &mirrors);
	crossing_fill(heartbeat, 2);
	cr_assert_eq(peerlink_send(&node, heartbeat, sizeof(heartbeat)), -ENETUNREACH);
	mirrors.list[1].address = sandbox_address("2001:db8::9"); /* in whose family the peer is not known */
	mirrors.list[2].address = sandbox_address("192.0.2.9");
	mirrors.n = 3;
	peerlink_reflect(&node, &mirrors);
	cr_assert_eq(peerlink_send(&node, heartbeat, sizeof(heartbeat)), 0);
	crossing_await(&peer);
	cr_assert(crossing_drain(&peer, heartbeat, &frame));
	mirrors.n = 0;
	peerlink_reflect(&node, &mirrors);
	cr_assert_eq(peerlink_send(&node, heartbeat, sizeof(heartbeat)), -ENODEV);
	peerlink_close(&node);
	peerlink_close(&peer);
}

/* A host that is no test IP can answer too: it proves nothing, and is not heard. */
Test(peerlink_reflect, others_answers_are_not_heard) {
	struct peerlink node, peer;
	struct peerlink_mirrors others = mirrors_of(&places[IPV4], "192.0.2.8");
	open_links(&places[IPV4], &node, &peer);
	struct peerlink witness = open_link(&others);
	crossing_works(&node, &peer, 1);
	crossing_silent(&witness);
	peerlink_close(&node);
	peerlink_close(&peer);
	peerlink_close(&witness);
}

/* Echo tests of the same host, in the same namespace, and an echo whose identifier is ours but which bears no heartbeat:
 * what arrives for one does not wake the other. */
static void does_not_meet(const struct place *place) {
	struct ip_address mirror = sandbox_address(place->mirror);
	struct peerlink node, peer;
	struct icmp icmp;
	struct icmp_answer answer;
	open_links(place, &node, &peer);
	cr_assert_eq(icmp_init(&icmp), 0);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(icmp_send(&icmp, 3, &mirror, 0, 17 * MSEC), 0);
		for (struct sandbox_wait wait = {0}; icmp_receive(&icmp, &answer) == -EAGAIN;)
			cr_assert(sandbox_waiting(&wait), "no answer");
		cr_assert_eq(answer.slot, 3);
		crossing_silent(&peer);
		icmp.id = htons(PEERLINK_IDENT); /* the second time */
	}
	crossing_works(&node, &peer, 1);
	uint64_t foreign = icmp.ignored[ICMP_FOREIGN];
	cr_assert_eq(icmp_receive(&icmp, &answer), -EAGAIN);
	cr_assert_gt(icmp.ignored[ICMP_FOREIGN], foreign, "it saw the heartbeat, and knew it for none of its own");
	icmp_fini(&icmp);
	peerlink_close(&node);
	peerlink_close(&peer);
}

Test(peerlink_reflect, echo_tests_and_heartbeats_do_not_meet) {
	does_not_meet(&places[0]);
}

Test(peerlink_reflect, echo_tests_and_heartbeats_do_not_meet_ipv6) {
	does_not_meet(&places[1]);
}
