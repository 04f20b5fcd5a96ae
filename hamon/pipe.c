/* Messages over SOCK_SEQPACKET, as pipe.h says (unix(7): boundaries are kept, SCM_RIGHTS carries a descriptor). */
#include "hamon/pipe.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as CMSG_* wants it. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int pipe_open(int ends[static 2]) {
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	memcpy(ends, pair, sizeof(pair));
	return 0;
}

int pipe_send(int fd, struct message *message, enum message_type type, int descriptor) {
	struct iovec body = {.iov_base = message, .iov_len = message_seal(message, type)};
	struct msghdr header = {.msg_iov = &body, .msg_iovlen = 1};
	union control control = {0};
	if (descriptor >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		*rights = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
	}
	return sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* The descriptor that came with a message, or -1. The control buffer has room for one: the kernel closes any more. */
static int descriptor_in(struct msghdr *header) {
	struct cmsghdr *rights = CMSG_FIRSTHDR(header);
	if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS ||
	    rights->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	int descriptor;
	memcpy(&descriptor, CMSG_DATA(rights), sizeof(int));
	return descriptor;
}

int pipe_receive(int fd, struct message *message, int *descriptor) {
	struct iovec body = {.iov_base = message, .iov_len = sizeof(*message)};
	union control control;
	struct msghdr header = {
		.msg_iov = &body, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (length < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (length == 0)
		return -EPIPE;
	int came = descriptor_in(&header);
	int rc = header.msg_flags & MSG_TRUNC ? -EPROTO : message_check(message, (size_t)length);
	if (rc < 0) {
		if (came >= 0)
			close(came);
		return rc;
	}
	*descriptor = came;
	return 0;
}
