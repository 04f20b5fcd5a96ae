/* The client's prober: see probe.h. One real-time thread sends and reads; the others only look at what it wrote. */
#include "tests/lab/probe.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/frame.h"
#include "tests/lab/packet.h"
#include "tests/lab/shell.h"

/* The kinds of questions in a round. */
enum kind { KIND_EVERYBODY, KIND_SOLICIT, KIND_ECHO, KIND__COUNT };

enum {
	ROUNDS = 1 << 18, /* remembered: more than four minutes at 1 ms */
	FRAMES = 5,       /* a round's */
	MACS = 8,         /* different ones told apart: the nodes', then strangers' */
	NOBODY = MACS,    /* nothing learnt yet */
	TAGS = 32,        /* rounds told apart by the address they are asked from */
	TAG_EVERYBODY = 128 /* last byte of that address; those of KIND_SOLICIT follow */,
	TAG_SOLICIT = TAG_EVERYBODY + TAGS,
	TAG_END = TAG_SOLICIT + TAGS,
	READ = 32,
};

struct round {
	_Atomic nanos sent;
	_Atomic nanos served;                /* when the reply came that served; 0: none did */
	_Atomic uint8_t by;                  /* who served, or would: the MAC that was learnt when it was sent */
	_Atomic uint8_t owners[KIND__COUNT]; /* masks of the MACs that answered */
	_Atomic uint16_t missed;             /* rounds that should have been sent between the one before and this */
	_Atomic bool torn;                   /* the frames did not leave at once: not one probe */
};

struct probe {
	int fd;
	nanos interval;
	struct frame_ip shared, self;
	uint8_t mac[ETH_ALEN]; /* the client's */
	unsigned macs_n;
	uint8_t macs[MACS][ETH_ALEN];
	unsigned learnt;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t rounds; /* sent so far; numbers begin at 1 */
	struct packet packets[READ];
	struct round ring[ROUNDS];
};

nanos probe_interval(nanos within) {
	return within / 500 > NANOS_MS ? within / 500 : NANOS_MS;
}

/* ---- asking ---- */

/* ARP replies carry no number; the address they go to tells the round. */
static struct frame_ip tagged(const struct probe *probe, unsigned tag) {
	struct frame_ip ip = probe->self;
	if (ip.family == AF_INET) {
		ip.bytes[3] = (uint8_t)tag;
	} else {
		ip.bytes[13] = 0xff;
		ip.bytes[15] = (uint8_t)tag;
	}
	return ip;
}

struct volley {
	uint8_t bytes[FRAMES][FRAME_MAX];
	struct iovec iov[FRAMES];
	struct mmsghdr msgs[FRAMES];
};

static void build(const struct probe *probe, uint64_t number, struct volley *out) {
	size_t len[FRAMES], n = 0;
	unsigned tag = (unsigned)(number % TAGS);
	struct frame_ends ends = {.from = tagged(probe, TAG_EVERYBODY + tag), .to = probe->shared};
	memcpy(ends.from_mac, probe->mac, ETH_ALEN);
	frame_everybody(&probe->shared, ends.to_mac);
	len[n] = frame_solicit(&ends, out->bytes[n]), n++;
	for (unsigned node = 0; node < NET_NODES; node++) {
		memcpy(ends.to_mac, probe->macs[node], ETH_ALEN);
		ends.from = tagged(probe, TAG_SOLICIT + tag);
		len[n] = frame_solicit(&ends, out->bytes[n]), n++;
	}
	for (unsigned node = 0; node < NET_NODES; node++) {
		memcpy(ends.to_mac, probe->macs[node], ETH_ALEN);
		ends.from = probe->self;
		len[n] = frame_echo(&ends, number, out->bytes[n]), n++;
	}
	for (size_t i = 0; i < n; i++) {
		out->iov[i] = (struct iovec){out->bytes[i], len[i]};
		out->msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &out->iov[i], .msg_iovlen = 1}};
	}
}

static struct round *round_of(struct probe *probe, uint64_t number) {
	return &probe->ring[number % ROUNDS];
}

static void ask(struct probe *probe, unsigned missed) {
	uint64_t number = atomic_load_explicit(&probe->rounds, memory_order_relaxed) + 1;
	struct volley volley;
	build(probe, number, &volley);
	struct round *round = round_of(probe, number);
	nanos before = clock_now();
	round->sent = before;
	round->served = 0;
	round->by = (uint8_t)probe->learnt;
	for (unsigned kind = 0; kind < KIND__COUNT; kind++)
		round->owners[kind] = 0;
	round->missed = (uint16_t)missed;
	int sent = sendmmsg(probe->fd, volley.msgs, FRAMES, 0);
	round->torn = sent != FRAMES || clock_now() - before > NANOS_MS;
	atomic_store_explicit(&probe->rounds, number, memory_order_release);
}

/* ---- what comes back ---- */

static unsigned mac_index(struct probe *probe, const uint8_t *mac) {
	for (unsigned i = 0; i < probe->macs_n; i++)
		if (memcmp(probe->macs[i], mac, ETH_ALEN) == 0)
			return i;
	if (probe->macs_n == MACS)
		return MACS - 1; /* so many strangers are failure enough */
	memcpy(probe->macs[probe->macs_n], mac, ETH_ALEN);
	return probe->macs_n++;
}

static void answered(struct probe *probe, uint64_t number, enum kind kind, unsigned mac, nanos at) {
	struct round *round = round_of(probe, number);
	round->owners[kind] |= (uint8_t)(1U << mac);
	if (kind == KIND_ECHO && mac == round->by && round->served == 0)
		round->served = at;
}

/* An answer, or an announcement. Only what a client gets without knowing the nodes' MACs goes into its ARP cache. */
static void advertised(struct probe *probe, const struct frame_view *frame, unsigned mac) {
	unsigned tag = frame->to.bytes[probe->shared.family == AF_INET ? 3 : 15];
	bool to_tag = frame->kind == FRAME_ADVERTISEMENT && tag >= TAG_EVERYBODY && tag < TAG_END;
	struct frame_ip asked_from = tagged(probe, tag);
	if (!to_tag || !frame_ip_equal(&asked_from, &frame->to)) {
		probe->learnt = mac;
		return;
	}
	enum kind kind = tag < TAG_SOLICIT ? KIND_EVERYBODY : KIND_SOLICIT;
	uint64_t newest = atomic_load_explicit(&probe->rounds, memory_order_relaxed);
	uint64_t back = (newest - tag) % TAGS; /* TAGS divides both tags' beginnings */
	if (back < newest)
		answered(probe, newest - back, kind, mac, 0);
	if (kind == KIND_EVERYBODY)
		probe->learnt = mac;
}

static void take(struct probe *probe, const struct packet *packet) {
	struct frame_view frame;
	frame_parse(packet->bytes, packet->len < PACKET_SNAP ? packet->len : PACKET_SNAP, &frame);
	if (!frame_ip_equal(&frame.claimed, &probe->shared) || memcmp(frame.from_mac, probe->mac, ETH_ALEN) == 0)
		return;
	unsigned mac = mac_index(probe, frame.from_mac);
	uint64_t newest = atomic_load_explicit(&probe->rounds, memory_order_relaxed);
	switch (frame.kind) {
	case FRAME_SOLICITATION:
	case FRAME_ADVERTISEMENT:
		advertised(probe, &frame, mac);
		break;
	case FRAME_ECHO_REPLY:
		if (frame.number > 0 && frame.number <= newest && frame.number + ROUNDS > newest)
			answered(probe, frame.number, KIND_ECHO, mac, packet->at);
		break;
	case FRAME_HEARTBEAT:
	case FRAME_DATA:
	case FRAME_OTHER:
		break;
	}
}

static void *run(void *arg) {
	struct probe *probe = arg;
	for (nanos due = clock_now(); !atomic_load(&probe->stop); due += probe->interval) {
		clock_sleep_until(due);
		/* In the order in which they came, so that the cache is what it would be at this moment. */
		for (size_t n; (n = packet_read(probe->fd, probe->packets, READ)) > 0;)
			for (size_t i = 0; i < n; i++)
				take(probe, &probe->packets[i]);
		unsigned missed = (unsigned)((clock_now() - due) / probe->interval);
		due += missed * probe->interval;
		ask(probe, missed);
	}
	return NULL;
}

struct probe *probe_start(const struct net *net, const char *shared_ip, nanos interval) {
	/* Shared, so that a fork of the lab does not make the thread copy pages. */
	int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
	struct probe *probe = mmap(NULL, sizeof(*probe), PROT_READ | PROT_WRITE, flags, -1, 0);
	if (probe == MAP_FAILED)
		shell_die("no memory for the prober: %s", strerror(errno));
	probe->interval = interval;
	probe->shared = frame_ip(shared_ip);
	probe->self = frame_ip(probe->shared.family == AF_INET ? "192.0.2.9" : "2001:db8::9");
	memcpy(probe->mac, net->mac[NET_CLIENT], ETH_ALEN);
	for (probe->macs_n = 0; probe->macs_n < NET_NODES; probe->macs_n++)
		memcpy(probe->macs[probe->macs_n], net->mac[probe->macs_n], ETH_ALEN);
	probe->learnt = NOBODY;
	probe->fd = packet_open(net->ns[NET_CLIENT], "eth0");
	packet_thread(run, probe, &probe->thread);
	return probe;
}

void probe_stop(struct probe *probe) {
	atomic_store(&probe->stop, true);
	pthread_join(probe->thread, NULL);
	close(probe->fd);
	munmap(probe, sizeof(*probe));
}

/* ---- what it saw ---- */

/* The rounds that are still remembered: [first, end). One slot is the thread's own. */
static uint64_t rounds_first(const struct probe *probe, uint64_t *end) {
	uint64_t newest = atomic_load_explicit(&probe->rounds, memory_order_acquire);
	*end = newest + 1;
	return newest < ROUNDS ? 1 : newest - ROUNDS + 2;
}

struct probe_gap probe_outage(const struct probe *probe, nanos since, nanos until) {
	uint64_t end, i = rounds_first(probe, &end);
	struct probe_gap worst = {0};
	nanos last = 0;
	for (; i <= end; i++) {
		nanos at = i < end ? probe->ring[i % ROUNDS].served : until;
		if (at == 0)
			continue;
		if (at > until)
			at = until;
		/* Without a reply before it, it was never served: that counts from the beginning asked for. */
		nanos from = last ? last : since;
		if (at > since && from < until && at - from > worst.to - worst.from)
			worst = (struct probe_gap){from, at};
		last = at > last ? at : last;
	}
	return worst;
}

unsigned probe_owners_max(const struct probe *probe, nanos since, nanos until) {
	uint64_t end, i = rounds_first(probe, &end);
	int most = 0;
	for (; i < end; i++) {
		const struct round *round = &probe->ring[i % ROUNDS];
		if (round->torn || round->sent < since || round->sent >= until)
			continue;
		for (unsigned kind = 0; kind < KIND__COUNT; kind++) {
			int owners = __builtin_popcount(round->owners[kind]);
			most = owners > most ? owners : most;
		}
	}
	return (unsigned)most;
}

uint64_t probe_missed(const struct probe *probe, nanos since, nanos until) {
	uint64_t end, i = rounds_first(probe, &end), missed = 0;
	for (; i < end; i++) {
		const struct round *round = &probe->ring[i % ROUNDS];
		if (round->sent >= since && round->sent < until)
			missed += round->missed + (round->torn ? 1U : 0U);
	}
	return missed;
}

int probe_owner(const struct probe *probe, nanos since) {
	uint64_t end, first = rounds_first(probe, &end);
	for (uint64_t i = end; i-- > first;) {
		const struct round *round = &probe->ring[i % ROUNDS];
		if (round->sent < since)
			break;
		if (round->served)
			return round->by;
	}
	return -1;
}

uint64_t probe_served(const struct probe *probe, enum net_host host, nanos since, nanos until) {
	uint64_t end, i = rounds_first(probe, &end), served = 0;
	for (; i < end; i++) {
		const struct round *round = &probe->ring[i % ROUNDS];
		served += round->served && round->by == host && round->sent >= since && round->sent < until;
	}
	return served;
}

bool probe_wait_owner(const struct probe *probe, enum net_host host, nanos since, nanos deadline) {
	while (probe_owner(probe, since) != (int)host) {
		if (clock_now() > deadline)
			return false;
		clock_sleep_until(clock_now() + probe->interval);
	}
	return true;
}

void probe_settle(const struct probe *probe) {
	clock_sleep_until(clock_now() + 2 * probe->interval);
}
