/* Heartbeats on Ethernet, by AF_PACKET: the socket, the group and the Ethernet header; and bare frames, which no link sends.
 *
 * Why multicast below IP: a unicast heartbeat stops leaving once the dead peer's neighbour entry fails, and with it the lease
 * of a healthy primary that its own heartbeats renew. The socket goes through the queueing discipline on purpose (no
 * PACKET_QDISC_BYPASS): a bypass would also pass by the egress hook, where the lease is renewed and refused. */
#include "hamon/peerlink/peerlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <unistd.h>

#include "hamon/peerlink/parts.h"

/* Joins or leaves the group: PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP. 0 or -errno. */
static int membership(int fd, int ifindex, int option) {
	struct packet_mreq group = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_MULTICAST, .mr_alen = ETH_ALEN};
	memcpy(group.mr_address, PEERLINK_GROUP, ETH_ALEN);
	return setsockopt(fd, SOL_PACKET, option, &group, sizeof(group)) < 0 ? -errno : 0;
}

static int bind_to(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]) {
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(HEARTBEAT_ETHERTYPE), .sll_ifindex = ifindex};
	if (bind(link->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	memcpy(link->mac, mac, ETH_ALEN);
	return membership(link->fd, ifindex, PACKET_ADD_MEMBERSHIP);
}

/* A bound packet socket cannot be bound to nothing again (index 0 means every interface). So the link leaves the group, and
 * receive() throws away what comes in nevertheless. */
static void unbind(struct peerlink *link) {
	membership(link->fd, link->ifindex, PACKET_DROP_MEMBERSHIP); /* gone with the interface already: no error */
}

static bool ready(const struct peerlink *link) {
	return link->ifindex != 0;
}

static struct ether_header header_from(const uint8_t mac[static ETH_ALEN]) {
	struct ether_header header = {.ether_type = htons(HEARTBEAT_ETHERTYPE)};
	memcpy(header.ether_dhost, PEERLINK_GROUP, ETH_ALEN);
	memcpy(header.ether_shost, mac, ETH_ALEN);
	return header;
}

/* name: the interface; NULL: the one that the socket is bound to. */
static int put_frame(int fd, struct sockaddr_ll *name, struct ether_header header, const uint8_t *heartbeat, size_t len) {
	struct iovec parts[] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = (void *)heartbeat, .iov_len = len}, /* read only, though its type cannot say so */
	};
	struct msghdr message = {
		.msg_name = name, .msg_namelen = name ? sizeof(*name) : 0, .msg_iov = parts, .msg_iovlen = 2};
	return peerlink_put(fd, &message);
}

static int send_frame(struct peerlink *link, const uint8_t *heartbeat, size_t len) {
	return put_frame(link->fd, NULL, header_from(link->mac), heartbeat, len);
}

static int receive(struct peerlink *link, struct peerlink_frame *frame) {
	for (unsigned i = 0; i < PEERLINK_PATIENCE; i++) {
		struct ether_header header;
		struct iovec parts[] = {
			{.iov_base = &header, .iov_len = sizeof(header)},
			{.iov_base = frame->bytes, .iov_len = sizeof(frame->bytes)},
		};
		ssize_t n = peerlink_take(link->fd, (struct msghdr){.msg_iov = parts, .msg_iovlen = 2}, frame);
		/* ENETDOWN is said once, when the interface goes down; frames come again when it is up. */
		if (n < 0 && n != -ENETDOWN)
			return (int)n;
		if (n < (ssize_t)sizeof(header) || link->ifindex == 0)
			continue;
		frame->len = (size_t)n - sizeof(header);
		memcpy(frame->mac, header.ether_shost, ETH_ALEN);
		frame->has_mac = true;
		return 0;
	}
	return -EAGAIN;
}

static void close_it(struct peerlink *link) {
	close(link->fd); /* the memberships end with it */
}

static const struct peerlink_transport transport = {
	.bind = bind_to, .unbind = unbind, .ready = ready, .send = send_frame, .receive = receive, .close = close_it};

int peerlink_open_ethernet(struct peerlink *link) {
	/* Protocol 0: the socket hears nothing until it is bound. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int error = peerlink_set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	if (!error)
		error = peerlink_prepare(fd);
	if (error) {
		close(fd);
		return error;
	}
	*link = (struct peerlink){.transport = &transport, .fd = fd};
	return 0;
}

/* ---- bare frames ---- */

int peerlink_bare_open(void) {
	/* Protocol 0, and never bound: it hears nothing. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int error = peerlink_set(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
	if (error)
		close(fd);
	return error ? error : fd;
}

int peerlink_bare_send(int fd, int ifindex, const uint8_t mac[static ETH_ALEN], const uint8_t *heartbeat, size_t len) {
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET, .sll_protocol = htons(HEARTBEAT_ETHERTYPE), .sll_ifindex = ifindex};
	return put_frame(fd, &name, header_from(mac), heartbeat, len);
}
