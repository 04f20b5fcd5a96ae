/* Echo tests: sends ICMP and ICMPv6 echo requests (RFC 792, RFC 4443 section 4) and recognises the answers to them among
 * all that the kernel delivers. Rates, deadlines and verdicts are the core's. */
#ifndef HAMON_ICMP_H
#define HAMON_ICMP_H

#include <stdint.h>

#include "hamon/conf/conf.h"
#include "hamon/mono.h"

enum { ICMP_SLOTS = CORE_TESTS, ICMP_COOKIE = 16 };

/* Why an echo reply was not taken for an answer. */
enum icmp_ignore {
	ICMP_SHORT,    /* cut off */
	ICMP_CHECKSUM, /* IPv4 only: the kernel drops ICMPv6 whose checksum is wrong */
	ICMP_FOREIGN,  /* another program's identifier, or not our cookie */
	ICMP_SOURCE,   /* our cookie, but not from the address that this slot tests */
	ICMP_TIME,     /* names a sending time later than the slot's newest request */
	ICMP_IGNORED__COUNT,
};
const char *icmp_ignore_name(enum icmp_ignore why);

struct icmp {
	int fd4, fd6;                /* fd6 is -1 on a host without IPv6 */
	uint16_t id, seq;            /* network order, host order */
	uint8_t cookie[ICMP_COOKIE]; /* of this process: what it never sent, it does not believe */
	struct {
		struct ip_address to; /* family 0: never used */
		mono_t sent;          /* of the newest request */
	} slots[ICMP_SLOTS];
	uint64_t ignored[ICMP_IGNORED__COUNT];
};

/* 0 or -errno (-EPERM without CAP_NET_RAW). */
int icmp_init(struct icmp *icmp);
void icmp_fini(struct icmp *icmp);

/* For epoll, level-triggered, EPOLLIN. icmp_fd6() may be -1: then there is nothing to wait for. */
int icmp_fd4(const struct icmp *icmp);
int icmp_fd6(const struct icmp *icmp);

/* Sends an echo request for slot (< ICMP_SLOTS) to `to`, through the interface (0: as routed, which for a link-local
 * address may be any). `sent` is the time that the answer will carry: the clock as read before the request was decided. A
 * slot that is given another address forgets the answers of the old one. 0 or the kernel's -errno: -EHOSTUNREACH,
 * -ENETUNREACH, -ENETDOWN, -EAFNOSUPPORT (no IPv6), -EAGAIN (queue full), ... */
int icmp_send(struct icmp *icmp, unsigned slot, const struct ip_address *to, int ifindex, mono_t sent);

struct icmp_answer {
	unsigned slot;
	struct ip_address from;
	mono_t sent; /* when the answered request was sent: what icmp_send() was told */
};

/* The next answer, from either socket. 0; -EAGAIN when there is none (or after many that were ignored: epoll then says at
 * once that there is more); or the socket's -errno. */
int icmp_receive(struct icmp *icmp, struct icmp_answer *answer);

#endif
