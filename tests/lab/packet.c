/* Packet sockets: see packet.h. */
#include "tests/lab/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"

enum { BATCH = 32, BUFFER = 16 << 20 };

static void set(int fd, int level, int option, int value, const char *what) {
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		shell_die("%s: %s", what, strerror(errno));
}

int packet_open(const char *ns, const char *interface) {
	int back = shell_enter(ns);
	/* Protocol 0 receives nothing until the socket is bound to its interface. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		shell_die("no packet socket: %s", strerror(errno));
	set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
	set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER, "SO_RCVBUFFORCE");
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		shell_die("cannot listen on %s of %s: %s", interface, ns, strerror(errno));
	/* Heartbeats and solicitations go to multicast groups, frames for others come by on a switch. */
	struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		shell_die("cannot listen to everything on %s: %s", interface, strerror(errno));
	shell_leave(back);
	return fd;
}

static nanos stamp_of(struct msghdr *msg, nanos offset) {
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return clock_from(&ts) + offset;
	}
	return clock_now();
}

size_t packet_read(int fd, struct packet *out, size_t max) {
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
	} control[BATCH];
	unsigned want = max < BATCH ? (unsigned)max : BATCH;
	for (unsigned i = 0; i < want; i++) {
		iov[i] = (struct iovec){out[i].bytes, PACKET_SNAP};
		msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = &control[i],
			.msg_controllen = sizeof(control[i]),
		};
	}
	int n = recvmmsg(fd, msgs, want, MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (n <= 0)
		return 0;
	nanos offset = clock_wall_to_mono();
	for (int i = 0; i < n; i++) {
		out[i].at = stamp_of(&msgs[i].msg_hdr, offset);
		out[i].len = (uint16_t)msgs[i].msg_len;
	}
	return (size_t)n;
}

unsigned packet_drops(int fd) {
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof(stats);
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_drops;
}
