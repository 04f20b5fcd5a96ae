/* Heartbeats by way of the test IPs: an ICMP or ICMPv6 echo request whose source is the peer's own address. The test IP
 * answers to where it seems to come from, with what it was sent: so the peer gets the heartbeat, and a way from this node by
 * the test IP to the peer is proved. Source guards and reverse path filters may block it; whether it arrives is the core's.
 *
 * Only the header that we make can bear the peer's address: IP_HDRINCL, IPV6_HDRINCL (Linux 4.5). A filter in the kernel lets
 * echo replies with our identifier and a heartbeat's first bytes through, so others' cost a few instructions. */
#include "hamon/peerlink/peerlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>
#include <unistd.h>

#include "hamon/peerlink/parts.h"
#include "hamon/rawip.h"

enum { IPV4, IPV6, TTL = 64, IPV4_HEADER_MAX = 60 };

static const int families[PEERLINK_FAMILIES] = {[IPV4] = AF_INET, [IPV6] = AF_INET6};

/* ICMP and ICMPv6 echo are the same but for type and checksum (RFC 792; RFC 4443 sections 4.1, 4.2). */
struct echo {
	uint8_t type, code;
	uint16_t checksum, ident, seq;
};
_Static_assert(sizeof(struct echo) == 8, "what the payload begins behind");

static unsigned index_of(const struct ip_address *address) {
	return address->family == AF_INET6 ? IPV6 : IPV4;
}

/* ---- out ---- */

/* Header, echo and heartbeat. */
static int transmit(int fd, struct msghdr message, int family, int ifindex) {
	union rawip_interface room;
	rawip_leave_by(&message, &room, family, ifindex);
	return peerlink_put(fd, &message);
}

/* The kernel fills in length, identification and checksum of the IPv4 header (raw(7)). */
static int send4(int fd, const struct ip_address *from, const struct ip_address *to, int ifindex, struct echo *echo,
		 struct iovec *heartbeat) {
	struct iphdr ip = {.version = IPVERSION, .ihl = sizeof(ip) / 4, .ttl = TTL, .protocol = IPPROTO_ICMP};
	struct sockaddr_in name = {.sin_family = AF_INET};
	struct iovec parts[] = {{&ip, sizeof(ip)}, {echo, sizeof(*echo)}, *heartbeat};
	struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = parts, .msg_iovlen = 3};

	memcpy(&ip.saddr, from->bytes, sizeof(ip.saddr));
	memcpy(&ip.daddr, to->bytes, sizeof(ip.daddr));
	name.sin_addr.s_addr = ip.daddr;
	echo->type = ICMP_ECHO;
	echo->checksum =
		rawip_checksum(rawip_add(rawip_add(0, echo, sizeof(*echo)), heartbeat->iov_base, heartbeat->iov_len));
	return transmit(fd, message, AF_INET, ifindex);
}

/* Here nobody fills in anything. The checksum covers a pseudo-header too (RFC 4443 section 2.3, RFC 8200 section 8.1). */
static int send6(int fd, const struct ip_address *from, const struct ip_address *to, int ifindex, struct echo *echo,
		 struct iovec *heartbeat) {
	uint16_t len = htons((uint16_t)(sizeof(*echo) + heartbeat->iov_len));
	uint16_t next = htons(IPPROTO_ICMPV6);
	struct ip6_hdr ip = {.ip6_plen = len, .ip6_nxt = IPPROTO_ICMPV6, .ip6_hlim = TTL};
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)ifindex};
	struct iovec parts[] = {{&ip, sizeof(ip)}, {echo, sizeof(*echo)}, *heartbeat};
	struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = parts, .msg_iovlen = 3};

	ip.ip6_vfc = 6 << 4;
	memcpy(&ip.ip6_src, from->bytes, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, to->bytes, sizeof(ip.ip6_dst));
	name.sin6_addr = ip.ip6_dst;
	echo->type = ICMP6_ECHO_REQUEST;
	uint32_t sum = rawip_add(0, &ip.ip6_src, sizeof(ip.ip6_src) + sizeof(ip.ip6_dst));
	sum = rawip_add(rawip_add(sum, &len, sizeof(len)), &next, sizeof(next));
	sum = rawip_add(rawip_add(sum, echo, sizeof(*echo)), heartbeat->iov_base, heartbeat->iov_len);
	echo->checksum = rawip_checksum(sum);
	return transmit(fd, message, AF_INET6, ifindex);
}

static bool usable(const struct peerlink_reflect *reflect, unsigned mirror) {
	unsigned family = index_of(&reflect->mirrors.list[mirror].address);
	return reflect->sockets[family] >= 0 && reflect->mirrors.peer[family].family != 0;
}

static int ask(struct peerlink_reflect *reflect, unsigned mirror, const uint8_t *heartbeat, size_t len) {
	struct echo echo = {.ident = htons(PEERLINK_IDENT), .seq = htons(reflect->seq)};
	struct iovec part = {.iov_base = (void *)heartbeat, .iov_len = len}; /* read only, though its type cannot say so */
	const struct ip_address *to = &reflect->mirrors.list[mirror].address;
	unsigned family = index_of(to);

	return (family == IPV4 ? send4 : send6)(reflect->sockets[family], &reflect->mirrors.peer[family], to,
						reflect->mirrors.list[mirror].ifindex, &echo, &part);
}

static int send_echoes(struct peerlink *link, const uint8_t *heartbeat, size_t len) {
	struct peerlink_reflect *reflect = &link->reflect;
	int result = -ENODEV;

	reflect->seq++;
	for (unsigned i = 0; i < reflect->mirrors.n; i++) {
		int error = usable(reflect, i) ? ask(reflect, i, heartbeat, len) : -ENODEV;
		if (result != 0)
			result = error;
	}
	return result;
}

/* ---- in ---- */

static bool is_mirror(const struct peerlink_reflect *reflect, const struct sockaddr_storage *name) {
	struct ip_address from = {.family = (uint8_t)name->ss_family};

	if (from.family == AF_INET)
		memcpy(from.bytes, &((const struct sockaddr_in *)name)->sin_addr, sizeof(struct in_addr));
	else
		memcpy(from.bytes, &((const struct sockaddr_in6 *)name)->sin6_addr, sizeof(struct in6_addr));
	for (unsigned i = 0; i < reflect->mirrors.n; i++)
		if (memcmp(&from, &reflect->mirrors.list[i].address, sizeof(from)) == 0)
			return true;
	return false;
}

/* What stands before the heartbeat: an IPv4 raw socket delivers the IP header too. */
static size_t header_len(unsigned family, const uint8_t *packet) {
	return (family == IPV4 ? (packet[0] & 0x0fU) * 4 : 0) + sizeof(struct echo);
}

/* Each packet costs one of *patience. */
static int receive_from(const struct peerlink_reflect *reflect, unsigned family, unsigned *patience,
			struct peerlink_frame *frame) {
	while (reflect->sockets[family] >= 0 && *patience > 0) {
		uint8_t packet[IPV4_HEADER_MAX + sizeof(struct echo) + HEARTBEAT_MAX];
		struct sockaddr_storage name = {0};
		struct iovec part = {.iov_base = packet, .iov_len = sizeof(packet)};
		struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &part, .msg_iovlen = 1};
		ssize_t n = peerlink_take(reflect->sockets[family], message, frame);
		if (n < 0)
			return (int)n;
		--*patience;
		size_t skip = n > 0 ? header_len(family, packet) : 0;
		if (skip == 0 || skip > (size_t)n || !is_mirror(reflect, &name))
			continue;
		frame->len = (size_t)n - skip < sizeof(frame->bytes) ? (size_t)n - skip : sizeof(frame->bytes);
		memcpy(frame->bytes, packet + skip, frame->len);
		return 0;
	}
	return -EAGAIN;
}

static int receive(struct peerlink *link, struct peerlink_frame *frame) {
	unsigned patience = PEERLINK_PATIENCE;
	int result = receive_from(&link->reflect, IPV4, &patience, frame);
	return result == -EAGAIN ? receive_from(&link->reflect, IPV6, &patience, frame) : result;
}

/* ---- setting up ---- */

static bool ready(const struct peerlink *link) {
	for (unsigned i = 0; i < link->reflect.mirrors.n; i++)
		if (usable(&link->reflect, i))
			return true;
	return false;
}

void peerlink_reflect(struct peerlink *link, const struct peerlink_mirrors *mirrors) {
	link->reflect.mirrors = *mirrors;
}

/* Echo replies alone, */
static int filter_type(int fd, unsigned family) {
	struct icmp_filter icmp = {.data = ~(1U << ICMP_ECHOREPLY)}; /* a set bit keeps its type out */
	struct icmp6_filter icmp6;

	if (family == IPV4)
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &icmp, sizeof(icmp)) < 0 ? -errno : 0;
	ICMP6_FILTER_SETBLOCKALL(&icmp6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &icmp6);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &icmp6, sizeof(icmp6)) < 0 ? -errno : 0;
}

/* and of those the ones that bear a heartbeat. The filter sees what the socket delivers: with the IPv4 header, without the
 * IPv6 one. */
static int filter_payload(int fd, unsigned family) {
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_IMM, 0), /* where the echo begins; of IPv4: */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, offsetof(struct echo, ident)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PEERLINK_IDENT, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, sizeof(struct echo)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HEARTBEAT_MAGIC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (family == IPV4)
		code[0] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

/* A descriptor or -errno. */
static int open_raw(unsigned family) {
	int fd = socket(families[family], SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	int error = filter_type(fd, family);
	if (!error)
		error = filter_payload(fd, family);
	if (!error)
		error = family == IPV4 ? peerlink_set(fd, IPPROTO_IP, IP_HDRINCL, 1)
				       : peerlink_set(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
	if (!error)
		error = peerlink_prepare(fd);
	if (error)
		close(fd);
	return error ? error : fd;
}

static void close_it(struct peerlink *link) {
	for (unsigned i = 0; i < PEERLINK_FAMILIES; i++)
		if (link->reflect.sockets[i] >= 0)
			close(link->reflect.sockets[i]);
	close(link->fd);
}

static const struct peerlink_transport transport = {
	.ready = ready, .send = send_echoes, .receive = receive, .close = close_it};

int peerlink_open_reflect(struct peerlink *link) {
	struct peerlink fresh = {.transport = &transport, .fd = peerlink_gate(), .reflect = {.sockets = {-1, -1}}};
	int error = fresh.fd < 0 ? fresh.fd : 0;

	if (error)
		return error;
	for (unsigned i = 0; i < PEERLINK_FAMILIES && !error; i++) {
		int fd = open_raw(i);
		if (fd == -EAFNOSUPPORT)
			continue;
		fresh.reflect.sockets[i] = fd < 0 ? -1 : fd;
		error = fd < 0 ? fd : peerlink_gate_add(fresh.fd, fd);
	}
	if (error)
		close_it(&fresh);
	else
		*link = fresh;
	return error;
}
