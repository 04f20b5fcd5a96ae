/* The relay: see relay.h. Packet sockets on both ends, with the kernel's own header before each frame (PACKET_VNET_HDR),
 * which says what is still missing of its checksum. */
#include "tests/lab/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/fault.h"
#include "tests/lab/frame.h"
#include "tests/lab/shell.h"

/* WAITING: at most so many frames, of both directions. PRIORITY: of the nodes' monitors, so that it adds no wait of its
 * own. */
enum { ENDS = 2, WAITING = 4096, FRAME = sizeof(struct virtio_net_hdr) + 2048, PRIORITY = 40, BATCH = 64 };

/* In memory that both processes see. */
struct shared {
	_Atomic unsigned long passed, doubled, overtaken, full;
};

struct relay {
	const struct net *net;
	enum net_host host;
	pid_t pid;
	struct shared *shared;
};

/* ---- the relay's process ---- */

struct waiting {
	nanos due;
	unsigned long number; /* in the order in which they came */
	unsigned to;          /* the end it leaves by */
	size_t len;
	uint8_t bytes[FRAME];
};

struct line {
	struct relay_order order;
	struct shared *shared;
	int fd[ENDS];
	unsigned short draw[3];
	unsigned long numbers, newest[ENDS]; /* given, and the newest that left by each end */
	/* Those before n wait, as a heap: each is due no later than the two behind it. The others are free. */
	unsigned n;
	struct waiting *heap[WAITING];
	struct waiting room[WAITING];
};

static int open_end(const char *interface) {
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		shell_die("the relay cannot use %s: %s", interface, strerror(errno));
	return fd;
}

static nanos draw_wait(struct line *line) {
	return line->order.least + (nanos)(erand48(line->draw) * (double)(line->order.most - line->order.least));
}

static void swap(struct line *line, unsigned i, unsigned k) {
	struct waiting *other = line->heap[i];
	line->heap[i] = line->heap[k];
	line->heap[k] = other;
}

static bool is_due_before(const struct line *line, unsigned i, unsigned k) {
	return line->heap[i]->due < line->heap[k]->due;
}

static bool keep(struct line *line, unsigned to, const uint8_t *bytes, size_t len, unsigned long number) {
	if (line->n == WAITING) {
		line->shared->full++;
		return false;
	}
	unsigned at = line->n++;
	struct waiting *waiting = line->heap[at];
	waiting->due = clock_now() + draw_wait(line);
	waiting->number = number;
	waiting->to = to;
	waiting->len = len;
	memcpy(waiting->bytes, bytes, len);
	for (; at > 0 && is_due_before(line, at, (at - 1) / 2); at = (at - 1) / 2)
		swap(line, at, (at - 1) / 2);
	return true;
}

/* Frees the one that is due first. */
static void drop_first(struct line *line) {
	swap(line, 0, --line->n);
	for (unsigned at = 0, child; (child = 2 * at + 1) < line->n; at = child) {
		if (child + 1 < line->n && is_due_before(line, child + 1, child))
			child++;
		if (!is_due_before(line, child, at))
			break;
		swap(line, at, child);
	}
}

static bool is_heartbeat(const uint8_t *bytes, size_t len) {
	const uint8_t *type = bytes + sizeof(struct virtio_net_hdr) + offsetof(struct ether_header, ether_type);
	return len >= sizeof(struct virtio_net_hdr) + ETH_HLEN && (type[0] << 8 | type[1]) == FRAME_HEARTBEAT_TYPE;
}

/* Is this a frame that is not for us to hold up? Then it is dealt with. */
static bool is_other(struct line *line, unsigned to, const uint8_t *bytes, size_t len) {
	if (line->order.others == RELAY_ALIKE || is_heartbeat(bytes, len))
		return false;
	if (line->order.others == RELAY_PASS && send(line->fd[to], bytes, len, 0) == (ssize_t)len)
		line->shared->passed++;
	return true;
}

static void take(struct line *line, unsigned from) {
	uint8_t bytes[FRAME];
	unsigned to = 1 - from;
	for (unsigned i = 0; i < BATCH; i++) {
		ssize_t n = recv(line->fd[from], bytes, sizeof(bytes), 0);
		if (n <= 0)
			return;
		if (is_other(line, to, bytes, (size_t)n))
			continue;
		unsigned long number = ++line->numbers;
		keep(line, to, bytes, (size_t)n, number);
		if (erand48(line->draw) * 100 < line->order.doubled && keep(line, to, bytes, (size_t)n, number))
			line->shared->doubled++;
	}
}

static void pass(struct line *line, const struct waiting *waiting) {
	/* A cable that is cut takes nothing: lost, as on any cable. */
	if (send(line->fd[waiting->to], waiting->bytes, waiting->len, 0) == (ssize_t)waiting->len)
		line->shared->passed++;
	if (waiting->number < line->newest[waiting->to])
		line->shared->overtaken++;
	else
		line->newest[waiting->to] = waiting->number;
}

static void run(struct line *line) {
	struct sched_param param = {.sched_priority = PRIORITY};
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		shell_die("no real-time scheduling for the relay: %s", strerror(errno));
	for (;;) {
		for (; line->n > 0 && line->heap[0]->due <= clock_now(); drop_first(line))
			pass(line, line->heap[0]);
		struct pollfd polled[ENDS] = {{line->fd[0], POLLIN, 0}, {line->fd[1], POLLIN, 0}};
		nanos left = line->n > 0 ? line->heap[0]->due - clock_now() : NANOS_SEC;
		struct timespec timeout = clock_timespec(left > 0 ? left : 0);
		if (ppoll(polled, ENDS, &timeout, NULL) < 0 && errno != EINTR)
			shell_die("the relay cannot wait: %s", strerror(errno));
		for (unsigned end = 0; end < ENDS; end++)
			take(line, end);
	}
}

/* ---- the lab's side ---- */

/* Between taking the cable out of the bridge and the relay's first frame the node is cut off, for as long as a process
 * takes to start: so the relay listens first, and the bridge's end is changed last. */
struct relay *relay_start(const struct net *net, enum net_host host, const struct relay_order *order) {
	const char *name = net_host_name(host);
	struct relay *relay = calloc(1, sizeof(*relay));
	struct line *line = calloc(1, sizeof(*line));
	void *shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!relay || !line || shared == MAP_FAILED)
		shell_die("out of memory");
	*relay = (struct relay){.net = net, .host = host, .shared = shared};
	*line = (struct line){.order = *order, .shared = shared, .draw = {(unsigned short)order->seed, 1, 2}};
	for (unsigned i = 0; i < WAITING; i++)
		line->heap[i] = &line->room[i];
	fault_count();
	char batch[256];
	shell_print(batch, sizeof(batch),
		    "link add r-%s type veth peer name b-%s\n"
		    "link set r-%s up\n"
		    "link set b-%s up\n",
		    name, name, name, name);
	shell_must(&(struct shell_job){.ns = net->switch_ns, .input = batch}, "ip -batch -");
	shell_print(batch, sizeof(batch), "r-%s", name);
	int back = shell_enter(net->switch_ns);
	line->fd[0] = open_end(name);
	line->fd[1] = open_end(batch);
	shell_leave(back);
	relay->pid = child_fork();
	if (relay->pid == 0)
		run(line);
	for (unsigned end = 0; end < ENDS; end++)
		close(line->fd[end]);
	free(line);
	shell_print(batch, sizeof(batch), "link set %s nomaster\nlink set b-%s master sw0\n", name, name);
	shell_must(&(struct shell_job){.ns = net->switch_ns, .input = batch}, "ip -batch -");
	return relay;
}

struct relay_done relay_done(const struct relay *relay) {
	const struct shared *shared = relay->shared;
	if (!child_alive(relay->pid))
		shell_die("the relay ended");
	return (struct relay_done){shared->passed, shared->doubled, shared->overtaken, shared->full};
}

/* The cable first: to close packet sockets and to delete an interface takes the kernel longer than a lease lasts. */
void relay_stop(struct relay *relay) {
	char batch[256];
	const char *name = net_host_name(relay->host);
	shell_print(batch, sizeof(batch), "link set %s master sw0\nlink delete b-%s\n", name, name);
	kill(relay->pid, SIGKILL);
	shell_must(&(struct shell_job){.ns = relay->net->switch_ns, .input = batch}, "ip -batch -");
	child_end(relay->pid);
	munmap(relay->shared, sizeof(struct shared));
	free(relay);
}
