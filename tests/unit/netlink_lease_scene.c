/* A sandbox for the kernel lease: see netlink_lease_scene.h. */
#include "tests/unit/netlink_lease_scene.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void stay_on_this_processor(void) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

void scene_enter(struct scene *scene) {
	sandbox_enter();
	sandbox_run("ip link add left2 type veth peer name right2 && ip link set left2 up && ip link set right2 up");
	stay_on_this_processor();
	memset(scene, 0, sizeof(*scene));
	scene->lease = lease_open(SCENE_TAG);
	cr_assert_not_null(scene->lease, "%m");
	scene->plan.length = SCENE_LONG;
	scene_add_interface(scene, "left");
	scene_add_address(scene, SCENE_IP);
	scene_add_address(scene, SCENE_IP6);
}

void scene_leave(struct scene *scene) {
	lease_close(scene->lease);
}

void scene_add_interface(struct scene *scene, const char *name) {
	cr_assert_lt(scene->plan.interfaces_n, LEASE_INTERFACES);
	snprintf(scene->plan.interfaces[scene->plan.interfaces_n++], IF_NAMESIZE, "%s", name);
}

void scene_add_address(struct scene *scene, const char *text) {
	cr_assert_lt(scene->plan.addresses_n, LEASE_ADDRESSES);
	scene->plan.addresses[scene->plan.addresses_n++] = sandbox_address(text);
}

void scene_build(struct scene *scene) {
	struct lease_refusal why = {{0}};
	int error = lease_build(scene->lease, &scene->plan, &why);
	cr_assert_eq(error, 0, "%s: %s", why.what, strerror(-error));
}

void scene_take_lease(struct scene *scene) {
	cr_assert_eq(lease_permit(scene->lease, SCENE_LONG), 0);
	cr_assert_eq(frame_mark(MARK_GRANT), 0);
}

span_t scene_left(struct scene *scene) {
	span_t left = -1;
	int error = lease_left(scene->lease, &left);
	cr_assert(error == 0 || (error == -ENOENT && left == -1), "%s", strerror(-error));
	return left;
}

span_t scene_permit_left(struct scene *scene) {
	span_t left = -1;
	int error = lease_permit_left(scene->lease, &left);
	cr_assert(error == 0 || (error == -ENOENT && left == -1), "%s", strerror(-error));
	return left;
}

bool scene_has_lease(const struct scene *scene) {
	return scene_left((struct scene *)scene) >= 0;
}

void scene_await_end(span_t (*left)(struct scene *scene), struct scene *scene) {
	for (struct sandbox_wait wait = {0}; left(scene) >= 0;)
		cr_assert(sandbox_waiting(&wait));
}

/* ---- frames ---- */

static const uint8_t link_local[] = {0xfe, 0x80, [15] = 1};

static void put(struct frame *frame, const void *data, size_t len) {
	cr_assert_leq(frame->len + len, sizeof(frame->bytes));
	memcpy(frame->bytes + frame->len, data, len);
	frame->len += len;
}

static void put_u16(struct frame *frame, uint16_t value) {
	uint16_t wire = htons(value);
	put(frame, &wire, sizeof(wire));
}

static struct frame begin(uint16_t type, int vlan) {
	static const uint8_t ends[2 * ETH_ALEN] = {0x02, 0, 0x5e, 0x10, 0, 0x01, 0x02, 0, 0x5e, 0x10, 0, 0x02};
	struct frame frame = {0};
	put(&frame, ends, sizeof(ends));
	if (vlan != FRAME_UNTAGGED) {
		put_u16(&frame, ETH_P_8021Q);
		put_u16(&frame, (uint16_t)vlan);
	}
	put_u16(&frame, type);
	return frame;
}

static void put_ipv4(struct frame *frame, const struct ip_address *address) {
	uint8_t header[] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, IPPROTO_UDP, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2};
	memcpy(header + 12, address->bytes, 4);
	put(frame, header, sizeof(header));
}

static void put_arp(struct frame *frame, const struct ip_address *sender, const struct ip_address *target) {
	static const uint8_t fixed[] = {0, 1, 8, 0, 6, 4, 0, 2}, mac[ETH_ALEN];
	put(frame, fixed, sizeof(fixed));
	put(frame, mac, sizeof(mac));
	put(frame, sender->bytes, 4);
	put(frame, mac, sizeof(mac));
	put(frame, target->bytes, 4);
}

static void put_ipv6(struct frame *frame, uint8_t next, const uint8_t source[16]) {
	static const uint8_t all_nodes[] = {0xff, 0x02, [15] = 1};
	uint8_t fixed[] = {0x60, 0, 0, 0, 0, 24, next, 255};
	put(frame, fixed, sizeof(fixed));
	put(frame, source, 16);
	put(frame, all_nodes, sizeof(all_nodes));
}

static void put_discovery(struct frame *frame, uint8_t type, const uint8_t target[16]) {
	uint8_t fixed[] = {type, 0, 0, 0, 0x20, 0, 0, 0};
	put(frame, fixed, sizeof(fixed));
	put(frame, target, 16);
}

static uint16_t type_of(enum frame_kind kind) {
	return kind == FRAME_IPV4 ? ETH_P_IP : kind == FRAME_ARP || kind == FRAME_ARP_QUESTION ? ETH_P_ARP : ETH_P_IPV6;
}

struct frame frame_make(enum frame_kind kind, const char *address, int vlan) {
	enum { SOLICITATION = 135, ADVERTISEMENT = 136 };
	struct frame frame = begin(type_of(kind), vlan);
	struct ip_address ip = sandbox_address(address), nobody = {0};
	switch (kind) {
	case FRAME_IPV4:
		put_ipv4(&frame, &ip);
		break;
	case FRAME_ARP:
		put_arp(&frame, &ip, &ip);
		break;
	case FRAME_ARP_QUESTION:
		put_arp(&frame, &nobody, &ip);
		break;
	case FRAME_IPV6:
		put_ipv6(&frame, IPPROTO_UDP, ip.bytes);
		break;
	case FRAME_ADVERTISEMENT:
		put_ipv6(&frame, IPPROTO_ICMPV6, link_local);
		put_discovery(&frame, ADVERTISEMENT, ip.bytes);
		break;
	case FRAME_SOLICITATION:
		put_ipv6(&frame, IPPROTO_ICMPV6, nobody.bytes);
		put_discovery(&frame, SOLICITATION, ip.bytes);
		break;
	case FRAME__COUNT:
		cr_assert(false);
	}
	return frame;
}

/* The Internet checksum (RFC 1071), not yet inverted. */
static uint32_t sum(uint32_t from, const void *data, size_t len) {
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++)
		from += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return from;
}

static uint16_t folded(uint32_t value) {
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return htons((uint16_t)~value);
}

struct frame frame_datagram(const char *to, uint16_t port, char word, int vlan) {
	struct ip_address target = sandbox_address(to);
	struct ip_address source = sandbox_address(target.family == AF_INET ? "192.0.2.2" : "2001:db8::2");
	size_t len = target.family == AF_INET ? 4 : 16;
	struct {
		uint16_t source, target, len, checksum;
		char word;
	} __attribute__((packed)) udp = {htons(port), htons(port), htons(sizeof(udp)), 0, word};
	uint32_t pseudo = sum(sum(IPPROTO_UDP + sizeof(udp), source.bytes, len), target.bytes, len);
	udp.checksum = folded(sum(pseudo, &udp, sizeof(udp)));

	struct frame frame = begin(target.family == AF_INET ? ETH_P_IP : ETH_P_IPV6, vlan);
	if (target.family == AF_INET) {
		uint8_t header[12] = {0x45, 0, 0, 20 + sizeof(udp), 0, 0, 0, 0, 64, IPPROTO_UDP};
		uint16_t checksum = folded(sum(sum(sum(0, header, sizeof(header)), source.bytes, len), target.bytes, len));
		memcpy(header + 10, &checksum, sizeof(checksum));
		put(&frame, header, sizeof(header));
	} else {
		uint8_t header[8] = {0x60, 0, 0, 0, 0, sizeof(udp), IPPROTO_UDP, 64};
		put(&frame, header, sizeof(header));
	}
	put(&frame, source.bytes, len);
	put(&frame, target.bytes, len);
	put(&frame, &udp, sizeof(udp));
	return frame;
}

struct frame frame_heartbeat(uint32_t tag, uint8_t mark) {
	static const uint8_t group[ETH_ALEN] = {0x03, 'H', 'A', 'M', 'O', 'N'};
	struct frame frame = begin(HEARTBEAT_ETHERTYPE, FRAME_UNTAGGED);
	memcpy(frame.bytes, group, sizeof(group));
	uint8_t fixed[] = {'H', 'M', HEARTBEAT_VERSION, mark}, rest[HEARTBEAT_LEN - 8] = {0};
	uint32_t wire = htonl(tag);
	put(&frame, fixed, sizeof(fixed));
	put(&frame, &wire, sizeof(wire));
	put(&frame, rest, sizeof(rest));
	return frame;
}

/* The right to packet sockets, for a user who is not root. */
static void keep_packet_sockets(void) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	cr_assert_eq(syscall(SYS_capget, &header, data), 0);
	data[0].effective |= 1U << CAP_NET_RAW;
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

void frame_priority(int fd, int priority) {
	uid_t user = geteuid();
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)), 0, "%m");
	cr_assert_eq(seteuid(user), 0);
}

int frame_socket(const char *interface, uint16_t type, unsigned user) {
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(type), .sll_ifindex = sandbox_index(interface)};
	if (user) {
		cr_assert_eq(seteuid(user), 0);
		keep_packet_sockets();
	}
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	frame_priority(fd, TC_PRIO_CONTROL);
	return fd;
}

static int send_once(int fd, const struct frame *frame) {
	int error = send(fd, frame->bytes, frame->len, 0) < 0 ? -errno : 0;
	close(fd);
	return error;
}

int frame_send(const char *interface, const struct frame *frame) {
	uint16_t type;
	memcpy(&type, frame->bytes + 2 * (size_t)ETH_ALEN, sizeof(type));
	return send_once(frame_socket(interface, ntohs(type), 0), frame);
}

int frame_mark(enum heartbeat_mark mark) {
	struct frame frame = frame_heartbeat(SCENE_TAG, (uint8_t)mark);
	return frame_send("left", &frame);
}
