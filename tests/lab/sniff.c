/* The sniffer on the switch: see sniff.h. */
#include "tests/lab/sniff.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lab/shell.h"

enum { FRAMES = 1 << 19, READ = 32, WAKE_MS = 50 };

struct sniff {
	int fd[NET_NODES];
	pthread_t thread;
	_Atomic bool stop;
	_Atomic bool full;
	_Atomic size_t n;
	struct packet packets[READ];
	struct sniffed frames[FRAMES];
};

static void drain(struct sniff *sniff, enum net_host host) {
	for (size_t n; (n = packet_read(sniff->fd[host], sniff->packets, READ)) > 0;) {
		size_t at = atomic_load_explicit(&sniff->n, memory_order_relaxed);
		if (at + n > FRAMES) {
			atomic_store(&sniff->full, true);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			sniff->frames[at + i] = (struct sniffed){host, sniff->packets[i]};
		atomic_store_explicit(&sniff->n, at + n, memory_order_release);
	}
}

static void *run(void *arg) {
	struct sniff *sniff = arg;
	while (!atomic_load(&sniff->stop)) {
		struct pollfd fds[NET_NODES] = {{.fd = sniff->fd[0], .events = POLLIN},
						{.fd = sniff->fd[1], .events = POLLIN}};
		poll(fds, NET_NODES, WAKE_MS);
		for (unsigned host = 0; host < NET_NODES; host++)
			drain(sniff, host);
	}
	return NULL;
}

struct sniff *sniff_start(const struct net *net) {
	/* Pages come as they are used: most tests are short. */
	struct sniff *sniff = mmap(NULL, sizeof(*sniff), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sniff == MAP_FAILED)
		shell_die("no memory for the sniffer: %s", strerror(errno));
	for (unsigned host = 0; host < NET_NODES; host++)
		sniff->fd[host] = packet_open(net->switch_ns, net_host_name(host));
	packet_thread(run, sniff, &sniff->thread);
	return sniff;
}

void sniff_stop(struct sniff *sniff) {
	atomic_store(&sniff->stop, true);
	pthread_join(sniff->thread, NULL);
	for (unsigned host = 0; host < NET_NODES; host++)
		close(sniff->fd[host]);
	munmap(sniff, sizeof(*sniff));
}

static int by_time(const void *a, const void *b) {
	nanos x = ((const struct sniffed *)a)->packet.at, y = ((const struct sniffed *)b)->packet.at;
	return (x > y) - (x < y);
}

struct sniffed *sniff_take(struct sniff *sniff, nanos since, nanos until, size_t *n) {
	size_t seen = atomic_load_explicit(&sniff->n, memory_order_acquire);
	unsigned drops = packet_drops(sniff->fd[0]) + packet_drops(sniff->fd[1]);
	if (drops || atomic_load(&sniff->full))
		shell_die("the sniffer lost %u frames%s: it is no witness", drops, sniff->full ? " and more" : "");
	struct sniffed *out = calloc(seen + 1, sizeof(*out));
	if (!out)
		shell_die("out of memory");
	*n = 0;
	for (size_t i = 0; i < seen; i++)
		if (sniff->frames[i].packet.at >= since && sniff->frames[i].packet.at < until)
			out[(*n)++] = sniff->frames[i];
	qsort(out, *n, sizeof(*out), by_time);
	return out;
}

struct frame_view sniff_view(const struct sniffed *frame) {
	struct frame_view view;
	frame_parse(frame->packet.bytes, frame->packet.len < PACKET_SNAP ? frame->packet.len : PACKET_SNAP, &view);
	return view;
}

bool sniff_claims(const struct sniffed *frame, const struct frame_ip *shared) {
	struct frame_view view = sniff_view(frame);
	return view.kind != FRAME_OTHER && view.kind != FRAME_HEARTBEAT && frame_ip_equal(&view.claimed, shared);
}

unsigned sniff_changes(struct sniff *sniff, const struct frame_ip *shared, nanos since, nanos until) {
	size_t n;
	struct sniffed *frames = sniff_take(sniff, since, until, &n);
	unsigned changes = 0;
	int owner = -1;
	for (size_t i = 0; i < n; i++) {
		if (!sniff_claims(&frames[i], shared))
			continue;
		changes += owner >= 0 && owner != (int)frames[i].host;
		owner = (int)frames[i].host;
	}
	free(frames);
	return changes;
}
