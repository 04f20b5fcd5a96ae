/* The verbs of every link, and what its transports have in common. */
#include "hamon/peerlink/peerlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "hamon/peerlink/parts.h"

/* Room for the frames of a second's freeze at one heartbeat a millisecond: the kernel counts some 750 bytes for each. */
enum { RECEIVE_BUFFER = 1 << 20 };

/* ---- the verbs ---- */

void peerlink_close(struct peerlink *link) {
	link->transport->close(link);
	*link = (struct peerlink){.fd = -1};
}

int peerlink_bind(struct peerlink *link, int ifindex, const uint8_t mac[static ETH_ALEN]) {
	assert(ifindex > 0);
	peerlink_unbind(link);
	int error = link->transport->bind(link, ifindex, mac);
	if (!error)
		link->ifindex = ifindex;
	return error;
}

void peerlink_unbind(struct peerlink *link) {
	if (link->ifindex != 0)
		link->transport->unbind(link);
	link->ifindex = 0;
}

bool peerlink_ready(const struct peerlink *link) {
	return link->transport->ready(link);
}

int peerlink_send(struct peerlink *link, const uint8_t *heartbeat, size_t len) {
	return peerlink_ready(link) ? link->transport->send(link, heartbeat, len) : -ENODEV;
}

int peerlink_receive(struct peerlink *link, struct peerlink_frame *frame) {
	return link->transport->receive(link, frame);
}

/* ---- in common ---- */

int peerlink_set(int fd, int level, int option, int value) {
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int peerlink_prepare(int fd) {
	int error = peerlink_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (!error)
		error = peerlink_set(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
	if (!error)
		error = peerlink_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
	return error;
}

int peerlink_gate(void) {
	int gate = epoll_create1(EPOLL_CLOEXEC);
	return gate < 0 ? -errno : gate;
}

int peerlink_gate_add(int gate, int fd) {
	struct epoll_event event = {.events = EPOLLIN};
	return epoll_ctl(gate, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static bool find_stamp(struct msghdr *message, struct timespec *stamp) {
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(stamp, CMSG_DATA(c), sizeof(*stamp));
		return true;
	}
	return false;
}

ssize_t peerlink_take(int fd, struct msghdr message, struct peerlink_frame *frame) {
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	ssize_t n;
	do
		n = recvmsg(fd, &message, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	frame->has_stamp = find_stamp(&message, &frame->stamp);
	frame->has_mac = false;
	return n;
}

int peerlink_put(int fd, const struct msghdr *message) {
	ssize_t n;
	do
		n = sendmsg(fd, message, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
