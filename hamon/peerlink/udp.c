/* Heartbeats over UDP, for interfaces between which no Ethernet multicast passes: a router, a cloud's network.
 *
 * The socket is bound to interface, address and port, and connected to the peer's: the kernel takes in the peer's datagrams
 * alone. It is made when it is bound, since a socket is bound to an address once; the gate's descriptor stays.
 *
 * IP_RECVERR, for without it a datagram that the egress hook drops counts as sent (udp_send_skb(), net/ipv4/udp.c, keeps
 * ENOBUFS to itself). With it the network's errors come as well: each is told by the next send or receive in place of what
 * that was to do, and wakes the loop from the error queue until it is read there. */
#include "hamon/peerlink/peerlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "hamon/peerlink/parts.h"

/* Returns the length of what it wrote. An IPv6 link-local address is one on this interface. */
static socklen_t name_of(const struct ip_address *address, uint16_t port, int ifindex, struct sockaddr_storage *name) {
	memset(name, 0, sizeof(*name));
	if (address->family == AF_INET) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&in.sin_addr, address->bytes, sizeof(in.sin_addr));
		memcpy(name, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&in6.sin6_addr, address->bytes, sizeof(in6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
		in6.sin6_scope_id = (uint32_t)ifindex;
	memcpy(name, &in6, sizeof(in6));
	return sizeof(in6);
}

static int join(int fd, const struct peerlink_udp *udp, int ifindex) {
	struct sockaddr_storage own, peer;
	socklen_t own_len = name_of(&udp->own, udp->port, ifindex, &own);
	socklen_t peer_len = name_of(&udp->peer, udp->port, ifindex, &peer);
	if (bind(fd, (const struct sockaddr *)&own, own_len) < 0 ||
	    connect(fd, (const struct sockaddr *)&peer, peer_len) < 0)
		return -errno;
	return 0;
}

static int bind_to(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]) {
	struct peerlink_udp *udp = &link->udp;
	bool ipv4 = udp->own.family == AF_INET;
	int fd = socket(udp->own.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)mac;
	if (fd < 0)
		return -errno;
	int error = peerlink_prepare(fd);
	if (!error)
		error = ipv4 ? peerlink_set(fd, IPPROTO_IP, IP_RECVERR, 1)
			     : peerlink_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (!error)
		error = peerlink_set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex);
	if (!error)
		error = join(fd, udp, ifindex);
	if (!error)
		error = peerlink_gate_add(link->fd, fd);
	if (error)
		close(fd);
	else
		udp->socket = fd;
	return error;
}

static void unbind(struct peerlink *link) {
	close(link->udp.socket); /* and it leaves the gate */
	link->udp.socket = -1;
}

static bool ready(const struct peerlink *link) {
	return link->udp.socket >= 0;
}

/* Takes the network's errors away; each one that is taken may bring up the next. */
static void forget_errors(int fd) {
	for (unsigned i = 0; i < PEERLINK_PATIENCE; i++)
		if (recvmsg(fd, &(struct msghdr){0}, MSG_ERRQUEUE) < 0 && errno == EAGAIN)
			break;
}

/* What is told may be the fate of an earlier datagram, and this one was not sent then: so it is sent once more. Not where
 * the egress hook has seen its mark: it says ENOBUFS itself, as a full queue behind it does, and an interface behind it
 * ENETDOWN. */
static int send_datagram(struct peerlink *link, const uint8_t *heartbeat, size_t len) {
	struct iovec part = {.iov_base = (void *)heartbeat, .iov_len = len}; /* read only, though its type cannot say so */
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int error = peerlink_put(link->udp.socket, &message);

	if (error == 0 || error == -ENOBUFS || error == -ENETDOWN)
		return error;
	forget_errors(link->udp.socket);
	return peerlink_put(link->udp.socket, &message);
}

static int receive(struct peerlink *link, struct peerlink_frame *frame) {
	for (unsigned i = 0; i < PEERLINK_PATIENCE && link->udp.socket >= 0; i++) {
		struct iovec part = {.iov_base = frame->bytes, .iov_len = sizeof(frame->bytes)};
		ssize_t n = peerlink_take(link->udp.socket, (struct msghdr){.msg_iov = &part, .msg_iovlen = 1}, frame);
		if (n >= 0) {
			frame->len = (size_t)n;
			return 0;
		}
		if (n == -EAGAIN)
			break;
		forget_errors(link->udp.socket);
	}
	return -EAGAIN;
}

static void close_it(struct peerlink *link) {
	if (ready(link))
		unbind(link);
	close(link->fd);
}

static const struct peerlink_transport transport = {
	.bind = bind_to, .unbind = unbind, .ready = ready, .send = send_datagram, .receive = receive, .close = close_it};

int peerlink_open_udp(struct peerlink *link, const struct ip_address *own, const struct ip_address *peer, uint16_t port) {
	int gate = peerlink_gate();
	if (gate < 0)
		return gate;
	*link = (struct peerlink){
		.transport = &transport, .fd = gate, .udp = {.socket = -1, .own = *own, .peer = *peer, .port = port}};
	return 0;
}
