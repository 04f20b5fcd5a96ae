/* Heartbeats on Ethernet, by AF_PACKET. The socket goes through the queueing discipline on purpose (no PACKET_QDISC_BYPASS):
 * a bypass would also pass by the egress hook, where the lease is renewed and refused. */
#include "hamon/peerlink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/wire/heartbeat.h"

/* Room for the frames of a second's freeze at one heartbeat a millisecond: the kernel counts some 750 bytes for each. */
enum { RECEIVE_BUFFER = 1 << 20 };

static int set(int fd, int level, int option, int value) {
	return setsockopt(fd, level, option, &value, sizeof(value));
}

int peerlink_open(struct peerlink *link) {
	/* Protocol 0: the socket hears nothing until it is bound. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) < 0 || set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) < 0 ||
	    set(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL) < 0 ||
	    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	*link = (struct peerlink){.fd = fd, .header = {.ether_type = htons(HEARTBEAT_ETHERTYPE)}};
	memcpy(link->header.ether_dhost, PEERLINK_GROUP, ETH_ALEN);
	return 0;
}

void peerlink_close(struct peerlink *link) {
	close(link->fd); /* the memberships end with it */
	*link = (struct peerlink){.fd = -1};
}

/* Joins or leaves the group on the link's interface: PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP. */
static int membership(const struct peerlink *link, int option) {
	struct packet_mreq group = {.mr_ifindex = link->ifindex, .mr_type = PACKET_MR_MULTICAST, .mr_alen = ETH_ALEN};
	memcpy(group.mr_address, PEERLINK_GROUP, ETH_ALEN);
	return setsockopt(link->fd, SOL_PACKET, option, &group, sizeof(group));
}

int peerlink_bind(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]) {
	assert(ifindex > 0);
	peerlink_unbind(link);
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(HEARTBEAT_ETHERTYPE), .sll_ifindex = ifindex};
	if (bind(link->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	link->ifindex = ifindex;
	if (membership(link, PACKET_ADD_MEMBERSHIP) < 0) {
		int rc = -errno;
		link->ifindex = 0;
		return rc;
	}
	memcpy(link->header.ether_shost, mac, ETH_ALEN);
	return 0;
}

/* A bound packet socket cannot be bound to nothing again (index 0 means every interface). So the link leaves the group, and
 * peerlink_receive() throws away what comes in nevertheless. */
void peerlink_unbind(struct peerlink *link) {
	if (link->ifindex != 0)
		membership(link, PACKET_DROP_MEMBERSHIP); /* gone with the interface already: no error */
	link->ifindex = 0;
}

int peerlink_send(struct peerlink *link, const uint8_t *heartbeat, size_t len) {
	if (link->ifindex == 0)
		return -ENODEV;
	struct iovec parts[] = {
		{.iov_base = &link->header, .iov_len = sizeof(link->header)},
		{.iov_base = (void *)heartbeat, .iov_len = len}, /* read only, though its type cannot say so */
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;
	do
		n = sendmsg(link->fd, &message, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The stamp among what the kernel says about a frame. */
static bool find_stamp(struct msghdr *message, struct timespec *stamp) {
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(stamp, CMSG_DATA(c), sizeof(*stamp));
		return true;
	}
	return false;
}

ssize_t peerlink_receive(struct peerlink *link, uint8_t *buf, size_t size, struct timespec *stamp, bool *has_stamp) {
	for (;;) {
		struct ether_header header;
		struct iovec parts[] = {
			{.iov_base = &header, .iov_len = sizeof(header)},
			{.iov_base = buf, .iov_len = size},
		};
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
		struct msghdr message = {
			.msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(link->fd, &message, 0);
		/* ENETDOWN is said once, when the interface goes down; frames come again when it is up. */
		if (n < 0 && (errno == EINTR || errno == ENETDOWN))
			continue;
		if (n < 0)
			return -errno;
		if (link->ifindex == 0)
			continue;
		*has_stamp = find_stamp(&message, stamp);
		return n < (ssize_t)sizeof(header) ? 0 : n - (ssize_t)sizeof(header);
	}
}
