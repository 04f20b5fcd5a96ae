/* Traffic: see stream.h. The calling thread sends, on one processor; another one reads what TCP brings, on another. UDP
 * needs no reader: a filter on the receiving socket refuses each packet, and the kernel counts what it refused. So the
 * packets go all their way, the processor that sends does all the work (a veth pair receives on the sender's), and no
 * reader who is too slow sets the pace. */
#include "tests/bench/stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"

enum {
	PORT_DISCARD = 9,
	PORT_ECHO = 7,
	/* Ethernet 14, IP 20, UDP 8, checksum of the frame 4: with these 64 bytes, Ethernet's shortest frame. */
	PAYLOAD = 18,
	BETWEEN_LOOKS = 64, /* at the clock */
	CHUNK = 128 << 10,
	BUFFER = 1 << 20, /* of a TCP socket: fixed, or its growth would be measured */
};

/* What TCP sends before it is measured: it is past its slow start then. */
#define WARM_UP (100 * NANOS_MS)
/* So long a TCP sender and an echo wait for what does not come: a rule dropped it. */
#define SEND_LIMIT NANOS_SEC
#define ECHO_LIMIT (20 * NANOS_MS)

static const char *const kind_names[] = {"UDP from the shared IP, one way", "UDP asked and answered",
					 "TCP from the shared IP"};
static_assert(sizeof(kind_names) / sizeof(*kind_names) == STREAM__KINDS, "a name for each kind");

const char *stream_kind_name(enum stream_kind kind) {
	return kind_names[kind];
}

enum { SERVER, CLIENT, ENDS };

struct stream {
	struct sockaddr_in address[ENDS];
	int udp[ENDS];  /* refuse what they receive */
	int echo[ENDS]; /* connected to each other */
	int listener;   /* the server's */
	const char *client_ns;
	int cpu_sender, cpu_reader;
};

static void set(int fd, int level, int option, int value, const char *what) {
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		shell_die("%s: %s", what, strerror(errno));
}

static void limit(int fd, int option, nanos time) {
	struct timeval value = {.tv_sec = time / NANOS_SEC, .tv_usec = time % NANOS_SEC / 1000};
	if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)))
		shell_die("no limit in time for a socket: %s", strerror(errno));
}

static int open_socket(const char *ns, int type, const struct sockaddr_in *address) {
	int back = shell_enter(ns);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		shell_die("no socket: %s", strerror(errno));
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		shell_die("cannot bind in %s: %s", ns, strerror(errno));
	shell_leave(back);
	return fd;
}

static void refuse_all(int fd) {
	struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &refuse};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		shell_die("SO_ATTACH_FILTER: %s", strerror(errno));
}

/* The first and the last processor that we may use. */
static void choose_cpus(struct stream *stream) {
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		shell_die("sched_getaffinity: %s", strerror(errno));
	stream->cpu_sender = -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		stream->cpu_reader = cpu;
		if (stream->cpu_sender < 0)
			stream->cpu_sender = cpu;
	}
}

static void stay_on(int cpu) {
	cpu_set_t set_of_one;
	CPU_ZERO(&set_of_one);
	CPU_SET(cpu, &set_of_one);
	if (sched_setaffinity(0, sizeof(set_of_one), &set_of_one))
		shell_die("cannot stay on CPU %d: %s", cpu, strerror(errno));
}

static void open_echo(struct stream *stream, const char *server_ns) {
	struct sockaddr_in address[ENDS] = {stream->address[SERVER], stream->address[CLIENT]};
	address[SERVER].sin_port = address[CLIENT].sin_port = htons(PORT_ECHO);
	stream->echo[SERVER] = open_socket(server_ns, SOCK_DGRAM, &address[SERVER]);
	stream->echo[CLIENT] = open_socket(stream->client_ns, SOCK_DGRAM, &address[CLIENT]);
	for (unsigned end = 0; end < ENDS; end++) {
		const struct sockaddr_in *other = &address[end == SERVER ? CLIENT : SERVER];
		if (connect(stream->echo[end], (const struct sockaddr *)other, sizeof(*other)))
			shell_die("no way between the hosts: %s", strerror(errno));
		/* A guard that is shut leaves a question without an answer. */
		limit(stream->echo[end], SO_RCVTIMEO, ECHO_LIMIT);
	}
}

struct stream *stream_open(const char *server_ns, struct in_addr server, const char *client_ns, struct in_addr client) {
	struct stream *stream = calloc(1, sizeof(*stream));
	if (!stream)
		shell_die("out of memory");
	stream->client_ns = client_ns;
	stream->address[SERVER] = (struct sockaddr_in){AF_INET, htons(PORT_DISCARD), server, {0}};
	stream->address[CLIENT] = (struct sockaddr_in){AF_INET, htons(PORT_DISCARD), client, {0}};
	stream->udp[SERVER] = open_socket(server_ns, SOCK_DGRAM, &stream->address[SERVER]);
	stream->udp[CLIENT] = open_socket(client_ns, SOCK_DGRAM, &stream->address[CLIENT]);
	open_echo(stream, server_ns);
	stream->listener = open_socket(server_ns, SOCK_STREAM, &stream->address[SERVER]);
	refuse_all(stream->udp[SERVER]);
	refuse_all(stream->udp[CLIENT]);
	set(stream->listener, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER, "SO_SNDBUFFORCE"); /* what is accepted inherits it */
	if (listen(stream->listener, 1))
		shell_die("listen: %s", strerror(errno));
	choose_cpus(stream);
	return stream;
}

/* ---- UDP ---- */

/* How many packets the socket refused so far; 32 bits, so only differences count. */
static uint32_t refused(int fd) {
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t size = sizeof(info);
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) || size != sizeof(info))
		shell_die("SO_MEMINFO: %s", strerror(errno));
	return info[SK_MEMINFO_DROPS];
}

/* To an address each, as a service that has more than one client: its socket is not connected. What the rules drop is no
 * error (UDP tells ENOBUFS only with IP_RECVERR). */
static double udp_rate(struct stream *stream, nanos length) {
	static const uint8_t payload[PAYLOAD];
	const struct sockaddr *to = (const struct sockaddr *)&stream->address[CLIENT];
	uint32_t before = refused(stream->udp[CLIENT]);
	nanos begin = clock_now(), now;
	do {
		for (unsigned i = 0; i < BETWEEN_LOOKS; i++)
			sendto(stream->udp[SERVER], payload, sizeof(payload), 0, to, sizeof(stream->address[CLIENT]));
		now = clock_now();
	} while (now - begin < length);
	return (double)(refused(stream->udp[CLIENT]) - before) / (clock_ms(now - begin) / 1000);
}

struct service {
	int fd, cpu;
	_Atomic bool stop;
};

static void *answer(void *arg) {
	struct service *service = arg;
	uint8_t payload[PAYLOAD];
	stay_on(service->cpu);
	while (!atomic_load(&service->stop))
		if (recv(service->fd, payload, sizeof(payload), 0) > 0)
			send(service->fd, payload, sizeof(payload), 0);
	return NULL;
}

/* Both on one processor: no interrupt between processors, which a virtual machine makes dear, hides what the rules cost. */
static double echo_rate(struct stream *stream, nanos length) {
	struct service service = {.fd = stream->echo[SERVER], .cpu = stream->cpu_sender};
	pthread_t thread;
	if (pthread_create(&thread, NULL, answer, &service))
		shell_die("no thread to answer");
	uint8_t payload[PAYLOAD] = {0};
	uint64_t answers = 0;
	nanos begin = clock_now(), now;
	do {
		send(stream->echo[CLIENT], payload, sizeof(payload), 0);
		answers += recv(stream->echo[CLIENT], payload, sizeof(payload), 0) > 0;
		now = clock_now();
	} while (now - begin < length);
	atomic_store(&service.stop, true);
	pthread_join(thread, NULL);
	return 2 * (double)answers / (clock_ms(now - begin) / 1000);
}

/* ---- TCP ---- */

struct reader {
	int fd, cpu;
	_Atomic uint64_t bytes;
};

static void *read_all(void *arg) {
	struct reader *reader = arg;
	static char buffer[CHUNK];
	stay_on(reader->cpu);
	/* MSG_TRUNC: thrown away in the kernel, so that the copy does not hide what is measured. */
	for (ssize_t n; (n = recv(reader->fd, buffer, sizeof(buffer), MSG_TRUNC)) != 0;) {
		if (n < 0 && errno != EINTR)
			break;
		atomic_fetch_add(&reader->bytes, n > 0 ? (uint64_t)n : 0);
	}
	return NULL;
}

/* Ends early when nothing goes through any more. */
static void send_until(int fd, nanos end) {
	static char chunk[CHUNK];
	while (clock_now() < end && send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) > 0)
		;
}

/* The client's end of a new connection; -1: it did not come to stand in time. */
static int connect_within(struct stream *stream, nanos limit) {
	struct sockaddr_in any = {AF_INET, 0, stream->address[CLIENT].sin_addr, {0}};
	int fd = open_socket(stream->client_ns, SOCK_STREAM | SOCK_NONBLOCK, &any);
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER, "SO_RCVBUFFORCE");
	if (connect(fd, (const struct sockaddr *)&stream->address[SERVER], sizeof(stream->address[SERVER])) &&
	    errno != EINPROGRESS)
		shell_die("connect: %s", strerror(errno));
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);
	if (poll(&wait, 1, (int)(limit / NANOS_MS)) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
	    error == 0) {
		fcntl(fd, F_SETFL, 0);
		return fd;
	}
	close(fd);
	return -1;
}

static double tcp_rate(struct stream *stream, nanos length) {
	int client = connect_within(stream, length);
	if (client < 0)
		return 0;
	int server = accept4(stream->listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		shell_die("accept: %s", strerror(errno));
	limit(server, SO_SNDTIMEO, SEND_LIMIT);
	struct reader reader = {.fd = client, .cpu = stream->cpu_reader};
	pthread_t thread;
	if (pthread_create(&thread, NULL, read_all, &reader))
		shell_die("no thread to read");
	send_until(server, clock_now() + WARM_UP);
	uint64_t before = atomic_load(&reader.bytes);
	nanos begin = clock_now();
	send_until(server, begin + length);
	uint64_t after = atomic_load(&reader.bytes);
	nanos end = clock_now();
	/* Ends with a reset: nothing that is still under way lasts into the next measurement. */
	struct linger none = {.l_onoff = 1};
	setsockopt(server, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(server);
	shutdown(client, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(client);
	return 8 * (double)(after - before) / (clock_ms(end - begin) / 1000);
}

double stream_rate(struct stream *stream, enum stream_kind kind, nanos length) {
	stay_on(stream->cpu_sender);
	switch (kind) {
	case STREAM_UDP_OUT:
		return udp_rate(stream, length);
	case STREAM_UDP_ECHO:
		return echo_rate(stream, length);
	case STREAM_TCP_OUT:
		return tcp_rate(stream, length);
	case STREAM__KINDS:
		break;
	}
	assert(!"a kind of traffic");
	return 0;
}
