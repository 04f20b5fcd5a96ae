/* What those who write ICMP by hand share: the Internet checksum, and the interface that a packet leaves by. */
#ifndef HAMON_RAWIP_H
#define HAMON_RAWIP_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Adds data to a sum that began as 0 (RFC 1071), in the host's order, which comes out the same. Of the pieces that a packet
 * consists of, only the last may be of odd length. */
uint32_t rawip_add(uint32_t sum, const void *data, size_t len);

/* The checksum of what was added, as it stands in the header; 0 over a packet that bears its own right one. */
uint16_t rawip_checksum(uint32_t sum);

union rawip_interface {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Lets the message leave by the interface: IP_PKTINFO (ip(7)) for AF_INET, else IPV6_PKTINFO (RFC 3542 section 6.1). Index 0
 * leaves the choice to the routes. *room must live as long as the message. */
void rawip_leave_by(struct msghdr *message, union rawip_interface *room, int family, int ifindex);

#endif
