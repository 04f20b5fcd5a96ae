/* See rawip.h. */
#include "hamon/rawip.h"

#include <string.h>

uint32_t rawip_add(uint32_t sum, const void *data, size_t len) {
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i += 2) {
		uint16_t word = 0;
		memcpy(&word, bytes + i, len - i < 2 ? 1 : 2);
		sum += word;
	}
	return sum;
}

uint16_t rawip_checksum(uint32_t sum) {
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void attach(struct msghdr *message, union rawip_interface *room, int level, int type, const void *info, size_t len) {
	*room = (union rawip_interface){0};
	room->header = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len)};
	memcpy(CMSG_DATA(&room->header), info, len);
	message->msg_control = room;
	message->msg_controllen = CMSG_SPACE(len);
}

void rawip_leave_by(struct msghdr *message, union rawip_interface *room, int family, int ifindex) {
	struct in_pktinfo info4 = {.ipi_ifindex = ifindex};
	struct in6_pktinfo info6 = {.ipi6_ifindex = (unsigned)ifindex};
	if (family == AF_INET)
		attach(message, room, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
	else
		attach(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
}
