/* The UDP service: see sink.h. One socket for both families: IPv4 addresses come as mapped ones (RFC 3493 3.7). */
#include "tests/lab/sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/shell.h"

/* Datagrams remembered: twenty minutes of two a millisecond are more than any test sends. */
enum { DATAGRAMS = 1 << 21, ROOM = 2048, BUFFER = 8 << 20 };

#define PATIENCE (30 * NANOS_SEC)

struct sink {
	pid_t pid;
	bool echo;
	_Atomic bool ready;
	_Atomic uint32_t lost;
	_Atomic size_t n;
	nanos at[DATAGRAMS];
};

/* ---- the service's process ---- */

static void set(int fd, int level, int option, int value, const char *what) {
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		shell_die("%s: %s", what, strerror(errno));
}

static int listen_on(uint16_t port) {
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		shell_die("no UDP socket: %s", strerror(errno));
	set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
	set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
	set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
	set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER, "SO_RCVBUFFORCE");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		shell_die("cannot listen on UDP port %u: %s", port, strerror(errno));
	return fd;
}

/* What the kernel says about a datagram. */
struct facts {
	nanos at;
	uint32_t lost;
	struct in6_pktinfo asked; /* the address it went to */
};

static struct facts facts_of(struct msghdr *message) {
	struct facts facts = {0};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct timespec ts;
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			facts.at = clock_from(&ts) + clock_wall_to_mono();
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&facts.lost, CMSG_DATA(c), sizeof(facts.lost));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&facts.asked, CMSG_DATA(c), sizeof(facts.asked));
		}
	}
	return facts;
}

union control {
	struct cmsghdr align;
	char bytes[256];
};

/* From the address that was asked, as the sender expects it. */
static void send_back(int fd, struct sockaddr_in6 *to, struct iovec *iov, const struct in6_pktinfo *asked) {
	union control control = {0};
	control.align.cmsg_level = IPPROTO_IPV6;
	control.align.cmsg_type = IPV6_PKTINFO;
	control.align.cmsg_len = CMSG_LEN(sizeof(*asked));
	memcpy(CMSG_DATA(&control.align), asked, sizeof(*asked));
	struct msghdr message = {
		.msg_name = to,
		.msg_namelen = sizeof(*to),
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(*asked)),
	};
	/* Where nobody may answer, it does not: that is what is being tested. */
	(void)!sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void serve(struct sink *sink, int fd) {
	static char bytes[ROOM];
	sink->ready = true;
	for (;;) {
		struct sockaddr_in6 from;
		struct iovec iov = {bytes, sizeof(bytes)};
		union control control;
		struct msghdr message = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t len = recvmsg(fd, &message, 0);
		if (len < 0)
			continue; /* an error that came back for an answer */
		struct facts facts = facts_of(&message);
		size_t n = sink->n;
		if (n == DATAGRAMS)
			shell_die("the UDP service cannot remember more");
		sink->at[n] = facts.at;
		sink->lost = facts.lost;
		sink->n = n + 1;
		if (sink->echo)
			send_back(fd, &from, &(struct iovec){bytes, (size_t)len}, &facts.asked);
	}
}

/* ---- the lab's side ---- */

static void expect(const struct sink *sink) {
	if (!child_alive(sink->pid))
		shell_die("the UDP service ended");
	if (sink->lost)
		shell_die("the UDP service lost %u datagrams", sink->lost);
}

struct sink *sink_start(const char *ns, uint16_t port, bool echo) {
	struct sink *sink = mmap(NULL, sizeof(*sink), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sink == MAP_FAILED)
		shell_die("no memory for the UDP service: %s", strerror(errno));
	sink->echo = echo;
	pid_t pid = child_fork();
	if (pid == 0) {
		close(shell_enter(ns));
		serve(sink, listen_on(port));
	}
	sink->pid = pid; /* the parent's alone to write */
	for (nanos end = clock_now() + PATIENCE; !sink->ready; clock_sleep_until(clock_now() + NANOS_MS)) {
		expect(sink);
		if (clock_now() > end)
			shell_die("the UDP service does not come up");
	}
	return sink;
}

size_t sink_count(const struct sink *sink, nanos since, nanos until) {
	size_t seen = sink->n, count = 0;
	for (size_t i = 0; i < seen; i++)
		count += sink->at[i] >= since && sink->at[i] < until;
	expect(sink);
	return count;
}
