/* Echo tests: see icmp.h. */
#include "hamon/icmp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/rawip.h"

enum {
	RECEIVE_MAX = 512,  /* a longer reply is none of ours, its start is enough to see that */
	IGNORE_AT_ONCE = 64 /* so many strangers' replies a call, then the caller's other work */
};

/* ICMP and ICMPv6 echo are the same but for the type (RFC 792; RFC 4443 sections 4.1, 4.2). Both directions carry what the
 * sender put behind the header; the struct goes out in the host's byte order, since only this process reads it again. */
struct echo {
	uint8_t type, code;
	uint16_t checksum;
	uint16_t id, seq;
	uint8_t cookie[ICMP_COOKIE];
	mono_t sent;
	uint32_t slot;
	uint32_t zero; /* no padding that the compiler leaves undefined */
};
_Static_assert(sizeof(struct echo) == 8 + ICMP_COOKIE + 16, "no padding");

static const char *const ignore_names[] = {
	[ICMP_SHORT] = "short",   [ICMP_CHECKSUM] = "checksum", [ICMP_FOREIGN] = "foreign",
	[ICMP_SOURCE] = "source", [ICMP_TIME] = "time",
};
_Static_assert(sizeof(ignore_names) / sizeof(ignore_names[0]) == ICMP_IGNORED__COUNT, "a name for each reason");

const char *icmp_ignore_name(enum icmp_ignore why) {
	return ignore_names[why];
}

/* A raw socket that receives echo replies only; a descriptor or -errno. */
static int open_raw(int family) {
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	int failed;
	if (family == AF_INET) {
		struct icmp_filter filter = {.data = ~(1u << ICMP_ECHOREPLY)}; /* a set bit keeps its type out */
		failed = setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
	} else {
		struct icmp6_filter filter;
		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
		failed = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
	}
	if (failed) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

int icmp_init(struct icmp *icmp) {
	struct icmp fresh = {0};
	if (getrandom(&fresh.id, sizeof(fresh.id), 0) != sizeof(fresh.id) ||
	    getrandom(fresh.cookie, sizeof(fresh.cookie), 0) != sizeof(fresh.cookie))
		return -EIO;
	fresh.fd4 = open_raw(AF_INET);
	if (fresh.fd4 < 0)
		return fresh.fd4;
	fresh.fd6 = open_raw(AF_INET6);
	if (fresh.fd6 < 0 && fresh.fd6 != -EAFNOSUPPORT) {
		close(fresh.fd4);
		return fresh.fd6;
	}
	if (fresh.fd6 < 0)
		fresh.fd6 = -1;
	*icmp = fresh;
	return 0;
}

void icmp_fini(struct icmp *icmp) {
	if (icmp->fd4 >= 0)
		close(icmp->fd4);
	if (icmp->fd6 >= 0)
		close(icmp->fd6);
	icmp->fd4 = icmp->fd6 = -1;
}

int icmp_fd4(const struct icmp *icmp) {
	return icmp->fd4;
}

int icmp_fd6(const struct icmp *icmp) {
	return icmp->fd6;
}

static int transmit(int fd, struct msghdr message, int family, int ifindex) {
	union rawip_interface room;
	rawip_leave_by(&message, &room, family, ifindex);
	return sendmsg(fd, &message, 0) < 0 ? -errno : 0;
}

static int send4(int fd, const struct ip_address *to, int ifindex, struct echo *echo) {
	struct sockaddr_in name = {.sin_family = AF_INET};
	struct iovec iov = {echo, sizeof(*echo)};
	struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &iov, .msg_iovlen = 1};
	memcpy(&name.sin_addr, to->bytes, sizeof(name.sin_addr));
	echo->type = ICMP_ECHO;
	echo->checksum = rawip_checksum(rawip_add(0, echo, sizeof(*echo)));
	return transmit(fd, message, AF_INET, ifindex);
}

/* The kernel fills in the checksum (RFC 3542 section 3.1). */
static int send6(int fd, const struct ip_address *to, int ifindex, struct echo *echo) {
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)ifindex};
	struct iovec iov = {echo, sizeof(*echo)};
	struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &iov, .msg_iovlen = 1};
	memcpy(&name.sin6_addr, to->bytes, sizeof(name.sin6_addr));
	echo->type = ICMP6_ECHO_REQUEST;
	return transmit(fd, message, AF_INET6, ifindex);
}

int icmp_send(struct icmp *icmp, unsigned slot, const struct ip_address *to, int ifindex, mono_t sent) {
	assert(slot < ICMP_SLOTS);
	assert(to->family == AF_INET || to->family == AF_INET6);
	if (to->family == AF_INET6 && icmp->fd6 < 0)
		return -EAFNOSUPPORT;
	struct echo echo = {.id = icmp->id, .seq = htons(++icmp->seq), .sent = sent, .slot = slot};
	memcpy(echo.cookie, icmp->cookie, sizeof(echo.cookie));
	/* Even if the kernel refuses: what the slot tests has changed. */
	icmp->slots[slot].to = *to;
	icmp->slots[slot].sent = sent;
	return to->family == AF_INET ? send4(icmp->fd4, to, ifindex, &echo) : send6(icmp->fd6, to, ifindex, &echo);
}

/* Is this echo reply, without its IP header, an answer? ICMP_IGNORED__COUNT when it is, and *answer is filled. */
static enum icmp_ignore judge(const struct icmp *icmp, const struct ip_address *from, const uint8_t *message, size_t len,
			      struct icmp_answer *answer) {
	struct echo echo;
	if (len < offsetof(struct echo, cookie))
		return ICMP_SHORT;
	if (memcmp(message + offsetof(struct echo, id), &icmp->id, sizeof(icmp->id)) != 0)
		return ICMP_FOREIGN;
	if (len != sizeof(echo))
		return len < sizeof(echo) ? ICMP_SHORT : ICMP_FOREIGN;
	/* Raw IPv4 sockets get it before the kernel verifies it (ip_local_deliver(), net/ipv4/ip_input.c). */
	if (from->family == AF_INET && rawip_checksum(rawip_add(0, message, len)) != 0)
		return ICMP_CHECKSUM;
	memcpy(&echo, message, sizeof(echo));
	if (memcmp(echo.cookie, icmp->cookie, sizeof(echo.cookie)) != 0 || echo.slot >= ICMP_SLOTS)
		return ICMP_FOREIGN;
	if (memcmp(&icmp->slots[echo.slot].to, from, sizeof(*from)) != 0)
		return ICMP_SOURCE;
	if (echo.sent > icmp->slots[echo.slot].sent)
		return ICMP_TIME;
	*answer = (struct icmp_answer){.slot = echo.slot, .from = *from, .sent = echo.sent};
	return ICMP_IGNORED__COUNT;
}

/* An IPv4 raw socket delivers the IP header too. Returns its length, or 0 if it cannot be. */
static size_t ip_header(const uint8_t *packet, size_t len) {
	if (len < sizeof(struct iphdr))
		return 0;
	size_t header = (size_t)(packet[0] & 0x0f) * 4;
	return header >= sizeof(struct iphdr) && header <= len ? header : 0;
}

/* The next answer from one socket. Each reply costs one of *patience. */
static int receive(struct icmp *icmp, int fd, unsigned *patience, struct icmp_answer *answer) {
	while (fd >= 0 && *patience > 0) {
		uint8_t packet[RECEIVE_MAX];
		struct sockaddr_storage name = {0};
		socklen_t name_len = sizeof(name);
		ssize_t len = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&name, &name_len);
		if (len < 0 && errno != EINTR)
			return -errno;
		if (len < 0)
			continue;
		--*patience;
		struct ip_address from = {.family = (uint8_t)name.ss_family};
		size_t skip = 0;
		if (from.family == AF_INET) {
			memcpy(from.bytes, &((struct sockaddr_in *)&name)->sin_addr, sizeof(struct in_addr));
			skip = ip_header(packet, (size_t)len);
		} else {
			memcpy(from.bytes, &((struct sockaddr_in6 *)&name)->sin6_addr, sizeof(struct in6_addr));
		}
		enum icmp_ignore why = ICMP_SHORT;
		if (from.family == AF_INET6 || skip)
			why = judge(icmp, &from, packet + skip, (size_t)len - skip, answer);
		if (why == ICMP_IGNORED__COUNT)
			return 0;
		icmp->ignored[why]++;
	}
	return -EAGAIN;
}

int icmp_receive(struct icmp *icmp, struct icmp_answer *answer) {
	unsigned patience = IGNORE_AT_ONCE;
	int result = receive(icmp, icmp->fd4, &patience, answer);
	return result == -EAGAIN ? receive(icmp, icmp->fd6, &patience, answer) : result;
}
