/* The kernel lease and heartbeats over UDP: the same rules as on Ethernet, behind the UDP header, for real sockets of both
 * families; and what their sender hears of a refusal. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/kernel_tick.h"
#include "netlink/lease.h"
#include "tests/unit/netlink_lease_scene.h"

enum { PORT = CONF_PORT, OTHER_PORT, PORTS = 2, NOBODY = 65534 };

static const struct ends {
	int level, told; /* the option by which a sender hears of refusals */
	const char *near, *far, *shared;
} families[] = {
	{IPPROTO_IP, IP_RECVERR, "198.51.100.1", "198.51.100.2", SCENE_IP},
	{IPPROTO_IPV6, IPV6_RECVERR, "2001:db8:1::1", "2001:db8:1::2", SCENE_IP6},
};
static const struct ends *const families_end = families + sizeof(families) / sizeof(families[0]);

static struct scene scene;

/* ---- sockets ---- */

/* A socket's own end, or the end that it is connected to; the length of it. */
static socklen_t name(struct sockaddr_storage *out, const char *text, uint16_t port) {
	struct ip_address address = sandbox_address(text);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&v4.sin_addr, address.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address.bytes, sizeof(v6.sin6_addr));
	bool ipv4 = address.family == AF_INET;
	memcpy(out, ipv4 ? (void *)&v4 : (void *)&v6, ipv4 ? sizeof(v4) : sizeof(v6));
	return ipv4 ? sizeof(v4) : sizeof(v6);
}

static int socket_at(const char *address, uint16_t port) {
	struct sockaddr_storage self;
	socklen_t len = name(&self, address, port);
	int fd = socket(self.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(bind(fd, (struct sockaddr *)&self, len), 0, "%m");
	return fd;
}

/* From this address of ours to a port of the far side's. */
static int sender_from(const struct ends *ends, const char *from, uint16_t port) {
	struct sockaddr_storage far;
	socklen_t len = name(&far, ends->far, port);
	int fd = socket_at(from, 0), on = 1;
	cr_assert_eq(setsockopt(fd, ends->level, ends->told, &on, sizeof(on)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&far, len), 0, "%m");
	frame_priority(fd, TC_PRIO_CONTROL);
	return fd;
}

static int sender(const struct ends *ends) {
	return sender_from(ends, ends->near, PORT);
}

static int say(int fd, const void *data, size_t len) {
	return send(fd, data, len, 0) < 0 ? -errno : 0;
}

static int say_heartbeat(int fd, uint32_t tag, unsigned mark) {
	struct frame frame = frame_heartbeat(tag, (uint8_t)mark);
	return say(fd, frame.bytes + ETH_HLEN, frame.len - ETH_HLEN);
}

static int say_mark(int fd, enum heartbeat_mark mark) {
	return say_heartbeat(fd, SCENE_TAG, mark);
}

/* The far side listens from the start: or the kernel's answer that nobody does would be said by a later send. */
static int far_fds[sizeof(families) / sizeof(families[0])][PORTS];

static int far_at(const struct ends *ends, uint16_t port) {
	return far_fds[ends - families][port - PORT];
}

/* The length of the next datagram there, at most HEARTBEAT_LEN of it to be read in `bytes`. */
static size_t take(const struct ends *ends, uint16_t port, uint8_t bytes[static HEARTBEAT_LEN]) {
	ssize_t len = -1;
	for (struct sandbox_wait wait = {0}; len < 0;) {
		cr_assert(sandbox_waiting(&wait), "nothing arrives");
		len = recv(far_at(ends, port), bytes, HEARTBEAT_LEN, MSG_TRUNC);
	}
	return (size_t)len;
}

/* The mark of the next heartbeat there. */
static enum heartbeat_mark hear(const struct ends *ends) {
	enum { MARK_AT = 3 };
	uint8_t bytes[HEARTBEAT_LEN];
	cr_assert_eq(take(ends, PORT, bytes), HEARTBEAT_LEN);
	return (enum heartbeat_mark)bytes[MARK_AT];
}

/* Of all that was said before, nothing arrives: what is said now is next. */
static void assert_nothing_arrived(const struct ends *ends, int near) {
	cr_assert_eq(say_mark(near, MARK_PLAIN), 0);
	cr_assert_eq(hear(ends), MARK_PLAIN);
}

/* ---- the fixture ---- */

static void enter(void) {
	scene_enter(&scene);
	scene.plan.udp_port = PORT;
	sandbox_run("ip address add 198.51.100.1/24 dev left && ip address add 2001:db8:1::1/64 dev left nodad");
	sandbox_run("ip address add " SCENE_IP "/32 dev left && ip address add " SCENE_IP6 "/128 dev left nodad");
	sandbox_run("ip neigh replace 198.51.100.2 lladdr " SANDBOX_RIGHT_MAC " dev left && "
		    "ip neigh replace 2001:db8:1::2 lladdr " SANDBOX_RIGHT_MAC " dev left");
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 198.51.100.2/24 dev right && ip address add 2001:db8:1::2/64 dev right nodad");
	for (const struct ends *ends = families; ends < families_end; ends++)
		for (int i = 0; i < PORTS; i++)
			far_fds[ends - families][i] = socket_at(ends->far, (uint16_t)(PORT + i));
	sandbox_go(SANDBOX_LEFT);
}

static void leave(void) {
	scene_leave(&scene);
}

TestSuite(netlink_lease_udp, .init = enter, .fini = leave);

/* ---- what makes a lease, renews and ends it ---- */

Test(netlink_lease_udp, plain_heartbeats_always_leave_and_make_no_lease) {
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		cr_assert_eq(say_mark(near, MARK_PLAIN), 0);
		cr_assert_eq(hear(ends), MARK_PLAIN);
		cr_assert_not(scene_has_lease(&scene));
		close(near);
	}
}

Test(netlink_lease_udp, grant_with_a_permit_makes_the_lease) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(near, MARK_GRANT), 0);
		cr_assert_eq(hear(ends), MARK_GRANT);
		span_t left = scene_left(&scene);
		cr_assert(left > 0 && left <= SCENE_LONG);
		cr_assert_eq(lease_drop(scene.lease), 0);
		close(near);
	}
}

Test(netlink_lease_udp, renewal_extends_it) {
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(lease_drop_permit(scene.lease), 0);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		/* Some ticks are used up first, so that the renewal is seen. */
		for (struct sandbox_wait wait = {0}; scene_left(&scene) > SCENE_LONG - 50 * kernel_tick();)
			cr_assert(sandbox_waiting(&wait));
		span_t before = scene_left(&scene);
		cr_assert_eq(say_mark(near, MARK_RENEW), 0);
		cr_assert_gt(scene_left(&scene), before);
		close(near);
	}
}

Test(netlink_lease_udp, an_expired_lease_is_not_renewed) {
	scene.plan.length = 5 * kernel_tick();
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(near, MARK_GRANT), 0);
		scene_await_end(scene_left, &scene);
		cr_assert_eq(say_mark(near, MARK_RENEW), -ENOBUFS);
		cr_assert_not(scene_has_lease(&scene));
		close(near);
	}
}

/* ---- what a sender hears of a refusal ---- */

Test(netlink_lease_udp, a_refused_one_is_dropped_and_send_says_so) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		cr_assert_eq(say_mark(near, MARK_GRANT), -ENOBUFS);
		cr_assert_eq(say_mark(near, MARK_RENEW), -ENOBUFS);
		assert_nothing_arrived(ends, near);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(near, MARK_RENEW), -ENOBUFS, "a permit is no lease");
		assert_nothing_arrived(ends, near);
		cr_assert_eq(lease_drop_permit(scene.lease), 0);
		close(near);
	}
}

Test(netlink_lease_udp, without_recverr_send_says_nothing) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends), off = 0;
		cr_assert_eq(setsockopt(near, ends->level, ends->told, &off, sizeof(off)), 0);
		cr_assert_eq(say_mark(near, MARK_GRANT), 0);
		cr_assert_eq(say_mark(near, MARK_RENEW), 0);
		assert_nothing_arrived(ends, near);
		cr_assert_not(scene_has_lease(&scene));
		close(near);
	}
}

/* It waits for the neighbour's address, and passes the rules when that is known: of all this send() says nothing. */
static int sent_too_early(const struct ends *ends) {
	int near = sender(ends);
	sandbox_run("ip neigh del %s dev left", ends->far);
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip link set right arp off");
	sandbox_go(SANDBOX_LEFT);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(say_mark(near, MARK_GRANT), 0);
	cr_assert_not(scene_has_lease(&scene));
	return near;
}

static void make_known(const struct ends *ends) {
	sandbox_run("ip neigh replace %s lladdr " SANDBOX_RIGHT_MAC " dev left", ends->far);
}

Test(netlink_lease_udp, one_that_waits_for_its_neighbour_grants_when_it_leaves) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sent_too_early(ends);
		make_known(ends);
		for (struct sandbox_wait wait = {0}; !scene_has_lease(&scene);)
			cr_assert(sandbox_waiting(&wait));
		cr_assert_eq(lease_drop(scene.lease), 0);
		close(near);
	}
}

Test(netlink_lease_udp, one_that_waits_for_longer_than_the_permit_grants_nothing) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sent_too_early(ends);
		cr_assert_eq(lease_drop_permit(scene.lease), 0);
		make_known(ends);
		assert_nothing_arrived(ends, near);
		cr_assert_not(scene_has_lease(&scene));
		close(near);
	}
}

/* ---- which may ---- */

Test(netlink_lease_udp, only_roots_heartbeats_grant_or_renew) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		cr_assert_eq(seteuid(NOBODY), 0);
		int nobodys = sender(ends);
		cr_assert_eq(seteuid(0), 0);
		int roots = sender(ends);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(nobodys, MARK_PLAIN), 0);
		cr_assert_eq(say_mark(nobodys, MARK_GRANT), -ENOBUFS);
		cr_assert_not(scene_has_lease(&scene));
		cr_assert_eq(say_mark(roots, MARK_GRANT), 0);
		cr_assert_eq(say_mark(nobodys, MARK_RENEW), -ENOBUFS);
		cr_assert_eq(say_mark(roots, MARK_RENEW), 0);
		cr_assert_eq(lease_drop(scene.lease), 0);
		close(nobodys);
		close(roots);
	}
}

Test(netlink_lease_udp, only_datagrams_of_their_priority_grant_or_renew) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int low = sender(ends), near = sender(ends);
		frame_priority(low, TC_PRIO_CONTROL - 1);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(low, MARK_PLAIN), 0);
		cr_assert_eq(say_mark(low, MARK_GRANT), -ENOBUFS);
		cr_assert_not(scene_has_lease(&scene));
		cr_assert_eq(say_mark(near, MARK_GRANT), 0);
		cr_assert_eq(say_mark(low, MARK_RENEW), -ENOBUFS);
		cr_assert_eq(say_mark(near, MARK_RENEW), 0);
		cr_assert_eq(lease_drop(scene.lease), 0);
		close(low);
		close(near);
	}
}

Test(netlink_lease_udp, a_mark_of_no_meaning_is_dropped) {
	scene_build(&scene);
	scene_take_lease(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender(ends);
		for (unsigned mark = MARK_GRANT + 1; mark <= UINT8_MAX; mark++)
			cr_assert_eq(say_heartbeat(near, SCENE_TAG, mark), -ENOBUFS, "mark %u", mark);
		close(near);
	}
}

/* It leaves, and does nothing. */
static void assert_means_nothing(const struct ends *ends, uint16_t port, const uint8_t *data, size_t len) {
	uint8_t bytes[HEARTBEAT_LEN];
	int near = sender_from(ends, ends->near, port);
	cr_assert_eq(say(near, data, len), 0);
	cr_assert_eq(take(ends, port, bytes), len);
	cr_assert_not(scene_has_lease(&scene));
	close(near);
}

Test(netlink_lease_udp, what_is_no_heartbeat_of_the_cluster_passes_and_does_nothing) {
	enum { TAG_END = 8 };
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT), others = frame_heartbeat(SCENE_TAG + 1, MARK_GRANT);
	struct frame no_heartbeat = grant;
	no_heartbeat.bytes[ETH_HLEN]++;
	for (const struct ends *ends = families; ends < families_end; ends++) {
		assert_means_nothing(ends, PORT, others.bytes + ETH_HLEN, HEARTBEAT_LEN);
		assert_means_nothing(ends, PORT, no_heartbeat.bytes + ETH_HLEN, HEARTBEAT_LEN);
		assert_means_nothing(ends, PORT, grant.bytes + ETH_HLEN, TAG_END - 1);
		assert_means_nothing(ends, PORT, grant.bytes + ETH_HLEN, 0);
		assert_means_nothing(ends, OTHER_PORT, grant.bytes + ETH_HLEN, HEARTBEAT_LEN);
	}
}

Test(netlink_lease_udp, without_a_port_no_datagram_does_anything) {
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT);
	scene.plan.udp_port = 0;
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	for (const struct ends *ends = families; ends < families_end; ends++)
		assert_means_nothing(ends, PORT, grant.bytes + ETH_HLEN, HEARTBEAT_LEN);
}

Test(netlink_lease_udp, a_datagram_in_fragments_does_nothing) {
	enum { LARGE = 2000 /* more than goes into one frame */ };
	struct frame grant = frame_heartbeat(SCENE_TAG, MARK_GRANT);
	uint8_t large[LARGE] = {0};
	memcpy(large, grant.bytes + ETH_HLEN, HEARTBEAT_LEN);
	scene_build(&scene);
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	for (const struct ends *ends = families; ends < families_end; ends++)
		assert_means_nothing(ends, PORT, large, sizeof(large));
}

/* ---- the guard ---- */

Test(netlink_lease_udp, the_port_is_no_way_past_the_guard) {
	scene_build(&scene);
	for (const struct ends *ends = families; ends < families_end; ends++) {
		int near = sender_from(ends, ends->shared, PORT);
		cr_assert_eq(say_mark(near, MARK_PLAIN), -ENOBUFS);
		cr_assert_eq(say_heartbeat(near, SCENE_TAG + 1, MARK_GRANT), -ENOBUFS);
		scene_take_lease(&scene);
		cr_assert_eq(say_mark(near, MARK_PLAIN), 0);
		cr_assert_eq(lease_drop(scene.lease), 0);
		close(near);
	}
}

/* An interface whose packets have no Ethernet header, nor neighbours. It has a carrier as long as it is open. */
static int tunnel(void) {
	struct ifreq request = {.ifr_name = "tunnel", .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(ioctl(fd, TUNSETIFF, &request), 0, "%m");
	sandbox_run("ip link set tunnel up && ip address add 203.0.113.1 peer 203.0.113.2 dev tunnel && "
		    "ip address add 2001:db8:2::1 peer 2001:db8:2::2 dev tunnel nodad");
	/* The kernel adds the route to an IPv6 peer later, from a work queue: __ipv6_ifa_notify(), net/ipv6/addrconf.c. */
	for (struct sandbox_wait wait = {0}; !sandbox_try("ip route get 2001:db8:2::2 >/dev/null 2>&1");)
		cr_assert(sandbox_waiting(&wait));
	return fd;
}

Test(netlink_lease_udp, a_tunnel_renews_as_well) {
	static const struct ends through[] = {
		{IPPROTO_IP, IP_RECVERR, "203.0.113.1", "203.0.113.2", SCENE_IP},
		{IPPROTO_IPV6, IPV6_RECVERR, "2001:db8:2::1", "2001:db8:2::2", SCENE_IP6},
	};
	int open_tunnel = tunnel();
	scene_add_interface(&scene, "tunnel");
	scene_build(&scene);
	for (size_t i = 0; i < sizeof(through) / sizeof(through[0]); i++) {
		int near = sender(&through[i]);
		cr_assert_eq(say_mark(near, MARK_GRANT), -ENOBUFS);
		cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
		cr_assert_eq(say_mark(near, MARK_GRANT), 0);
		cr_assert(scene_has_lease(&scene));
		cr_assert_eq(lease_drop(scene.lease), 0);
		cr_assert_eq(say_mark(near, MARK_RENEW), -ENOBUFS);
		close(near);
	}
	close(open_tunnel);
}

/* ---- update ---- */

Test(netlink_lease_udp, update_brings_changes_and_takes_the_port) {
	const struct ends *ends = &families[0];
	scene.plan.udp_port = 0;
	scene_build(&scene);
	int near = sender(ends), other = sender_from(ends, ends->near, OTHER_PORT);
	const struct {
		uint16_t port;
		int near, other;
	} steps[] = {{PORT, -ENOBUFS, 0}, {OTHER_PORT, 0, -ENOBUFS}, {0, 0, 0}};
	cr_assert_eq(lease_permit(scene.lease, SCENE_LONG), 0);
	cr_assert_eq(say_mark(near, MARK_RENEW), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		scene.plan.udp_port = steps[i].port;
		cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
		cr_assert_eq(lease_check(scene.lease), 0);
		cr_assert_eq(say_mark(near, MARK_RENEW), steps[i].near, "port %u", steps[i].port);
		cr_assert_eq(say_mark(other, MARK_RENEW), steps[i].other, "port %u", steps[i].port);
		cr_assert_eq(frame_mark(MARK_RENEW), -ENOBUFS, "on Ethernet as ever");
	}
	cr_assert_gt(scene_permit_left(&scene), 0, "the permit stays");
	close(near);
	close(other);
}
