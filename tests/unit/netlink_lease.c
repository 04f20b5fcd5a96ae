/* The kernel lease in the packet path: what leaves, what is taken in, and what makes, renews and ends the lease. */
#include "netlink/lease.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/kernel_tick.h"
#include "tests/unit/netlink_lease_scene.h"

static struct scene scene;

static void enter(void) {
	scene_enter(&scene);
}

static void leave(void) {
	scene_leave(&scene);
}

TestSuite(netlink_lease, .init = enter, .fini = leave);

/* ---- what makes a lease, renews and ends it ---- */

Test(netlink_lease, plain_heartbeats_always_leave_and_make_no_lease) {
	scene_build(&scene);
	cr_assert_eq(frame_mark(MARK_PLAIN), 0);
	cr_assert_not(scene_has_lease(&scene));
}

Test(netlink_lease, grant_without_a_permit_is_refused) {
	scene_build(&scene);
	cr_assert_eq(frame_mark(MARK_GRANT), -ENOBUFS);
	cr_assert_not(scene_has_lease(&scene));
}

Test(netlink_lease, grant_with_a_permit_makes_the_lease) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_not(scene_has_lease(&scene), "a permit is no lease");
	span_t permitted = scene_permit_left(&scene);
	cr_assert(permitted > 0 && permitted <= SCENE_LONG);
	cr_assert_eq(frame_mark(MARK_GRANT), 0);
	span_t left = scene_left(&scene);
	cr_assert(left > 0 && left <= SCENE_LONG);
}

Test(netlink_lease, renew_before_any_lease_is_refused_even_with_a_permit) {
	scene_build(&scene);
	cr_assert_eq(frame_mark(MARK_RENEW), -ENOBUFS);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(frame_mark(MARK_RENEW), -ENOBUFS);
	cr_assert_not(scene_has_lease(&scene));
}

Test(netlink_lease, renewal_extends_it) {
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(lease_drop_permit(scene.lease), 0);
	/* Some ticks are used up first, so that the renewal is seen. */
	for (struct sandbox_wait wait = {0}; scene_left(&scene) > SCENE_LONG - 50 * kernel_tick();)
		cr_assert(sandbox_waiting(&wait));
	span_t before = scene_left(&scene);
	cr_assert_eq(frame_mark(MARK_RENEW), 0);
	cr_assert_gt(scene_left(&scene), before);
}

Test(netlink_lease, an_expired_lease_is_not_renewed) {
	scene.plan.length = 25 * kernel_tick();
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(frame_mark(MARK_GRANT), 0);
	cr_assert_leq(scene_left(&scene), scene.plan.length);
	scene_await_end(scene_left, &scene);
	cr_assert_eq(frame_mark(MARK_RENEW), -ENOBUFS);
	cr_assert_not(scene_has_lease(&scene));
	cr_assert_eq(frame_mark(MARK_GRANT), 0, "the permit still stands");
}

Test(netlink_lease, many_lapses_and_grants_in_a_row) {
	enum { LAPSES = 50 };
	scene.plan.length = kernel_tick();
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	for (int i = 0; i < LAPSES; i++) {
		cr_assert_eq(frame_mark(MARK_GRANT), 0);
		scene_await_end(scene_left, &scene);
	}
}

Test(netlink_lease, an_expired_permit_permits_nothing) {
	scene_build(&scene);
	span_t life = 5 * kernel_tick() + kernel_tick() / 2;
	cr_assert_eq(lease_permit(scene.lease, life), 0);
	cr_assert_leq(scene_permit_left(&scene), life);
	scene_await_end(scene_permit_left, &scene);
	cr_assert_eq(frame_mark(MARK_GRANT), -ENOBUFS);
}

Test(netlink_lease, a_new_permit_replaces_the_old_one) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(lease_permit(scene.lease, 5 * kernel_tick()), 0);
	scene_await_end(scene_permit_left, &scene);
	cr_assert_eq(frame_mark(MARK_GRANT), -ENOBUFS);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(frame_mark(MARK_GRANT), 0);
	cr_assert_eq(lease_drop_permit(scene.lease), 0);
	cr_assert_eq(frame_mark(MARK_GRANT), -ENOBUFS);
	cr_assert(scene_has_lease(&scene));
}

Test(netlink_lease, a_permit_of_no_time_is_refused_not_endless) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, 0), -ERANGE);
	cr_assert_eq(lease_permit(scene.lease, kernel_tick() - 1), -ERANGE);
	cr_assert_eq(lease_permit(scene.lease, -SEC), -ERANGE);
	cr_assert_eq(scene_permit_left(&scene), -1);
}

Test(netlink_lease, drop_ends_lease_and_permit_at_once) {
	struct frame frame = frame_make(FRAME_IPV4, SCENE_IP, FRAME_UNTAGGED);
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(frame_send("left", &frame), 0);
	cr_assert_eq(lease_drop(scene.lease), 0);
	cr_assert_eq(frame_send("left", &frame), -ENOBUFS);
	cr_assert_eq(frame_mark(MARK_RENEW), -ENOBUFS);
	cr_assert_eq(frame_mark(MARK_GRANT), -ENOBUFS);
	cr_assert_not(scene_has_lease(&scene));
	cr_assert_eq(lease_drop(scene.lease), 0, "nothing to drop is as good");
}

/* ---- who may ---- */

Test(netlink_lease, another_clusters_heartbeats_pass_and_do_nothing) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	for (unsigned mark = MARK_PLAIN; mark <= MARK_GRANT; mark++) {
		struct frame frame = frame_heartbeat(SCENE_TAG + 1, (uint8_t)mark);
		cr_assert_eq(frame_send("left", &frame), 0);
		cr_assert_not(scene_has_lease(&scene));
	}
}

Test(netlink_lease, a_mark_of_no_meaning_is_dropped) {
	scene_build(&scene);
	scene_take_lease(&scene);
	for (unsigned mark = MARK_GRANT + 1; mark <= UINT8_MAX; mark++) {
		struct frame frame = frame_heartbeat(SCENE_TAG, (uint8_t)mark);
		cr_assert_eq(frame_send("left", &frame), -ENOBUFS, "mark %u", mark);
	}
}

static int send_on(int fd, const struct frame *frame) {
	return send(fd, frame->bytes, frame->len, 0) < 0 ? -errno : 0;
}

static int send_as_nobody(enum heartbeat_mark mark) {
	enum { NOBODY = 65534 };
	struct frame frame = frame_heartbeat(SCENE_TAG, (uint8_t)mark);
	int fd = frame_socket("left", HEARTBEAT_ETHERTYPE, NOBODY);
	int error = send_on(fd, &frame);
	close(fd);
	return error;
}

Test(netlink_lease, only_roots_heartbeats_grant_or_renew) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(send_as_nobody(MARK_PLAIN), 0);
	cr_assert_eq(send_as_nobody(MARK_GRANT), -ENOBUFS);
	cr_assert_not(scene_has_lease(&scene));
	cr_assert_eq(frame_mark(MARK_GRANT), 0);
	cr_assert_eq(send_as_nobody(MARK_RENEW), -ENOBUFS);
}

/* What a guest's interface sends has the user who opened it, and no priority. */
Test(netlink_lease, only_heartbeats_of_their_priority_grant_or_renew) {
	scene_build(&scene);
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT), renewal = frame_heartbeat(SCENE_TAG, MARK_RENEW);
	int fd = frame_socket("left", HEARTBEAT_ETHERTYPE, 0);
	for (int priority = TC_PRIO_BESTEFFORT; priority < TC_PRIO_CONTROL; priority++) {
		frame_priority(fd, priority);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(send_on(fd, &grant), -ENOBUFS, "priority %d", priority);
		cr_assert_not(scene_has_lease(&scene));
		scene_take_lease(&scene);
		cr_assert_eq(send_on(fd, &renewal), -ENOBUFS, "priority %d", priority);
		cr_assert_eq(lease_drop(scene.lease), 0);
	}
	scene_take_lease(&scene);
	frame_priority(fd, TC_PRIO_CONTROL);
	cr_assert_eq(send_on(fd, &renewal), 0);
	close(fd);
}

/* A frame that is forwarded has no sender on this machine, root though it be on its own. */
Test(netlink_lease, what_no_process_here_sent_grants_nothing) {
	scene_add_interface(&scene, "left2");
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	sandbox_run(
		"ip link add bridge type bridge && ip link set left master bridge && ip link set left2 master bridge && "
		"ip link set bridge up");
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT), plain = frame_heartbeat(SCENE_TAG, MARK_PLAIN),
		     got = {0};
	/* right → left → bridge → left2 → right2. Both are sent until one is through. */
	int far = frame_socket("right2", HEARTBEAT_ETHERTYPE, 0);
	sandbox_go(SANDBOX_RIGHT);
	for (struct sandbox_wait wait = {0}; got.len == 0;) {
		cr_assert_eq(frame_send("right", &grant), 0);
		cr_assert_eq(frame_send("right", &plain), 0);
		cr_assert(sandbox_waiting(&wait), "the bridge does not forward");
		ssize_t len = recv(far, got.bytes, sizeof(got.bytes), MSG_DONTWAIT);
		got.len = len > 0 ? (size_t)len : 0;
	}
	cr_assert_eq(got.len, plain.len);
	cr_assert_eq(memcmp(got.bytes, plain.bytes, plain.len), 0, "the one that is marked came through");
	cr_assert_not(scene_has_lease(&scene));
	close(far);
}

Test(netlink_lease, the_peers_heartbeats_are_taken_in_and_grant_nothing_here) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	int near = frame_socket("left", HEARTBEAT_ETHERTYPE, 0);
	for (unsigned mark = MARK_PLAIN; mark <= MARK_GRANT; mark++) {
		struct frame heartbeat = frame_heartbeat(SCENE_TAG, (uint8_t)mark), got = {0};
		sandbox_go(SANDBOX_RIGHT);
		cr_assert_eq(frame_send("right", &heartbeat), 0);
		sandbox_go(SANDBOX_LEFT);
		for (struct sandbox_wait wait = {0}; recv(near, got.bytes, sizeof(got.bytes), MSG_DONTWAIT) < 0;)
			cr_assert(sandbox_waiting(&wait), "mark %u", mark);
		cr_assert_eq(memcmp(got.bytes, heartbeat.bytes, heartbeat.len), 0, "mark %u", mark);
		cr_assert_not(scene_has_lease(&scene));
	}
	close(near);
}

/* ---- what leaves ---- */

/* Shared, not shared: of the family that the kind of frame takes. */
static const char *address_of(enum frame_kind kind, bool shared) {
	bool ipv4 = kind == FRAME_IPV4 || kind == FRAME_ARP || kind == FRAME_ARP_QUESTION;
	return ipv4 ? shared ? SCENE_IP : SCENE_OTHER : shared ? SCENE_IP6 : SCENE_OTHER6;
}

static bool speaks_for(enum frame_kind kind) {
	return kind != FRAME_ARP_QUESTION && kind != FRAME_SOLICITATION;
}

/* Every kind of frame, from an address that is shared or not; VLAN 0 counts as untagged, another VLAN is not ours. */
static void assert_leaves(const char *interface, bool lease) {
	enum { OTHER_VLAN = 100, PRIORITY = 7 << 13 };
	static const int vlans[] = {FRAME_UNTAGGED, 0, PRIORITY, OTHER_VLAN};
	for (enum frame_kind kind = 0; kind < FRAME__COUNT; kind++)
		for (size_t i = 0; i < sizeof(vlans) / sizeof(vlans[0]); i++)
			for (int shared = 0; shared < 2; shared++) {
				struct frame frame = frame_make(kind, address_of(kind, shared), vlans[i]);
				bool passes = lease || !shared || !speaks_for(kind) || vlans[i] == OTHER_VLAN;
				cr_assert_eq(frame_send(interface, &frame), passes ? 0 : -ENOBUFS,
					     "kind %d, VLAN %d, shared %d, lease %d", kind, vlans[i], shared, lease);
			}
}

Test(netlink_lease, frames_of_shared_ips_leave_only_with_a_lease) {
	scene_build(&scene);
	assert_leaves("left", false);
	scene_take_lease(&scene);
	assert_leaves("left", true);
	cr_assert_eq(lease_drop(scene.lease), 0);
	assert_leaves("left", false);
}

Test(netlink_lease, one_lease_for_all_interfaces) {
	scene_add_interface(&scene, "left2");
	scene_build(&scene);
	assert_leaves("left", false);
	assert_leaves("left2", false);
	scene_take_lease(&scene);
	assert_leaves("left", true);
	assert_leaves("left2", true);
}

Test(netlink_lease, what_a_socket_says_of_a_frame_does_not_count) {
	struct frame frame = frame_make(FRAME_IPV4, SCENE_IP, FRAME_UNTAGGED);
	scene_build(&scene);
	static const uint16_t labels[] = {HEARTBEAT_ETHERTYPE, ETH_P_LOOPBACK, ETH_P_IPV6};
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		int fd = frame_socket("left", labels[i], 0);
		cr_assert_eq(send(fd, frame.bytes, frame.len, 0), -1, "label %04x", labels[i]);
		cr_assert_eq(errno, ENOBUFS);
		close(fd);
	}
	/* And the other way round: it leaves, and grants nothing. */
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	int fd = frame_socket("left", ETH_P_IP, 0);
	cr_assert_eq(send(fd, grant.bytes, grant.len, 0), (ssize_t)grant.len);
	cr_assert_not(scene_has_lease(&scene));
	close(fd);
}

Test(netlink_lease, what_the_kernel_itself_sends_is_guarded) {
	sandbox_run("ip address add " SCENE_IP "/24 dev left && ip address add " SCENE_OTHER "/24 dev left");
	sandbox_run("ip neigh replace 192.0.2.2 lladdr " SANDBOX_RIGHT_MAC " dev left");
	scene_build(&scene);
	static const char *const sources[] = {SCENE_OTHER, SCENE_IP};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct sockaddr_in from = {.sin_family = AF_INET};
		inet_pton(AF_INET, sources[i], &from.sin_addr);
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
		cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
		cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
		ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
		cr_assert_eq(sent, i == 0 ? 1 : -1, "from %s", sources[i]);
		close(fd);
	}
}

/* ---- what is taken in ---- */

enum { PORT = 4711 };

/* On both families, all addresses. */
static int listener(void) {
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0, "%m");
	return fd;
}

static void say(const char *to, char word) {
	struct ip_address address = sandbox_address(to);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	memcpy(&v4.sin_addr, address.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address.bytes, sizeof(v6.sin6_addr));
	bool ipv4 = address.family == AF_INET;
	int fd = socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent = sendto(fd, &word, 1, 0, ipv4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			      ipv4 ? sizeof(v4) : sizeof(v6));
	cr_assert_eq(sent, 1, "%m");
	close(fd);
}

static char hear(int fd) {
	char word = 0;
	for (struct sandbox_wait wait = {0}; recv(fd, &word, 1, 0) != 1;)
		cr_assert(sandbox_waiting(&wait));
	return word;
}

/* What is sent to the first address, and then, as the end, to the second one. */
static void assert_taken_in(int fd, const char *to, const char *other, bool taken) {
	sandbox_go(SANDBOX_RIGHT);
	say(to, 'x');
	say(other, '.');
	sandbox_go(SANDBOX_LEFT);
	if (taken)
		cr_assert_eq(hear(fd), 'x', "to %s", to);
	cr_assert_eq(hear(fd), '.', "to %s", to);
}

static void address_both_sides(void) {
	sandbox_run("ip address add " SCENE_IP "/24 dev left && ip address add " SCENE_OTHER "/24 dev left && "
		    "ip address add " SCENE_IP6 "/64 dev left nodad && ip address add " SCENE_OTHER6 "/64 dev left nodad");
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.2/24 dev right && ip address add 2001:db8::2/64 dev right nodad");
	/* The client's entries are as old as need be. */
	sandbox_run("for ip in " SCENE_IP " " SCENE_OTHER " " SCENE_IP6 " " SCENE_OTHER6 "; do "
		    "ip neigh replace $ip lladdr " SANDBOX_LEFT_MAC " dev right; done");
	sandbox_go(SANDBOX_LEFT);
}

Test(netlink_lease, packets_to_shared_ips_are_taken_in_only_with_a_lease) {
	address_both_sides();
	int fd = listener();
	assert_taken_in(fd, SCENE_IP, SCENE_OTHER, true);
	scene_build(&scene);
	assert_taken_in(fd, SCENE_IP, SCENE_OTHER, false);
	assert_taken_in(fd, SCENE_IP6, SCENE_OTHER6, false);
	scene_take_lease(&scene);
	assert_taken_in(fd, SCENE_IP, SCENE_OTHER, true);
	assert_taken_in(fd, SCENE_IP6, SCENE_OTHER6, true);
	cr_assert_eq(lease_drop(scene.lease), 0);
	assert_taken_in(fd, SCENE_IP, SCENE_OTHER, false);
	assert_taken_in(fd, SCENE_IP6, SCENE_OTHER6, false);
	close(fd);
}

/* The kernel takes VLAN 0 for no VLAN, and does so behind the ingress hook. */
static void assert_tagged_taken_in(int fd, const char *to, const char *other, bool taken) {
	struct frame tagged = frame_datagram(to, PORT, 'x', 0);
	sandbox_go(SANDBOX_RIGHT);
	cr_assert_eq(frame_send("right", &tagged), 0);
	say(other, '.');
	sandbox_go(SANDBOX_LEFT);
	if (taken)
		cr_assert_eq(hear(fd), 'x', "to %s", to);
	cr_assert_eq(hear(fd), '.', "to %s", to);
}

Test(netlink_lease, priority_tagged_packets_too) {
	address_both_sides();
	int fd = listener();
	assert_tagged_taken_in(fd, SCENE_IP, SCENE_OTHER, true);
	assert_tagged_taken_in(fd, SCENE_IP6, SCENE_OTHER6, true);
	scene_build(&scene);
	assert_tagged_taken_in(fd, SCENE_IP, SCENE_OTHER, false);
	assert_tagged_taken_in(fd, SCENE_IP6, SCENE_OTHER6, false);
	assert_tagged_taken_in(fd, SCENE_OTHER, SCENE_OTHER, true);
	scene_take_lease(&scene);
	assert_tagged_taken_in(fd, SCENE_IP, SCENE_OTHER, true);
	assert_tagged_taken_in(fd, SCENE_IP6, SCENE_OTHER6, true);
	close(fd);
}
