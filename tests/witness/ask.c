/* The asking client: sends a round of questions every interval, and notes who answers. */
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/lab/packet.h"
#include "tests/lab/probe.h"
#include "tests/witness/roles.h"

enum {
	FRAMES = 1 + 3 * NET_NODES, /* a round's */
	TAGS = 32,                  /* rounds told apart by the address they are asked from */
	TAG_EVERYBODY = 128,        /* last byte of that address; those of RECORD_SOLICIT follow */
	TAG_SOLICIT = TAG_EVERYBODY + TAGS,
	TAG_END = TAG_SOLICIT + TAGS,
	READ = 32,
};

struct client {
	int fd;
	struct record_asked *record;
	struct frame_ip self;
	unsigned macs_n;
	uint8_t macs[RECORD_MACS][ETH_ALEN];
	unsigned learnt; /* whose MAC is in the ARP cache */
	struct packet packets[READ];
};

/* ---- asking ---- */

/* ARP replies carry no number; the address they go to tells the round. */
static struct frame_ip tagged(const struct client *client, unsigned tag) {
	struct frame_ip ip = client->self;
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

static void build(const struct client *client, uint64_t number, struct volley *out) {
	size_t len[FRAMES], n = 0;
	unsigned tag = (unsigned)(number % TAGS);
	struct frame_ends ends = {.from = tagged(client, TAG_EVERYBODY + tag), .to = client->record->shared};
	memcpy(ends.from_mac, client->record->mac, ETH_ALEN);
	frame_everybody(&ends.to, ends.to_mac);
	len[n] = frame_solicit(&ends, out->bytes[n]), n++;
	for (unsigned node = 0; node < NET_NODES; node++) {
		memcpy(ends.to_mac, client->macs[node], ETH_ALEN);
		ends.from = tagged(client, TAG_SOLICIT + tag);
		len[n] = frame_solicit(&ends, out->bytes[n]), n++;
		ends.from = client->self;
		len[n] = frame_echo(&ends, number, out->bytes[n]), n++;
		len[n] = frame_udp(&ends, PROBE_UDP_PORT, number, out->bytes[n]), n++;
	}
	for (size_t i = 0; i < n; i++) {
		out->iov[i] = (struct iovec){out->bytes[i], len[i]};
		out->msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &out->iov[i], .msg_iovlen = 1}};
	}
}

static struct record_round *round_of(struct client *client, uint64_t number) {
	return &client->record->ring[number % RECORD_ROUNDS];
}

static void ask(struct client *client, unsigned missed) {
	uint64_t number = atomic_load_explicit(&client->record->rounds, memory_order_relaxed) + 1;
	struct volley volley;
	build(client, number, &volley);
	struct record_round *round = round_of(client, number);
	nanos before = clock_now();
	round->sent = before;
	round->served = 0;
	round->by = (uint8_t)client->learnt;
	for (unsigned kind = 0; kind < RECORD_KINDS; kind++)
		round->owners[kind] = 0;
	round->missed = (uint16_t)missed;
	int sent = sendmmsg(client->fd, volley.msgs, FRAMES, 0);
	round->torn = sent != FRAMES || clock_now() - before > NANOS_MS;
	atomic_store_explicit(&client->record->rounds, number, memory_order_release);
}

/* ---- what comes back ---- */

static unsigned mac_index(struct client *client, const uint8_t *mac) {
	for (unsigned i = 0; i < client->macs_n; i++)
		if (memcmp(client->macs[i], mac, ETH_ALEN) == 0)
			return i;
	if (client->macs_n == RECORD_MACS)
		return RECORD_MACS - 1; /* so many strangers are failure enough */
	memcpy(client->macs[client->macs_n], mac, ETH_ALEN);
	return client->macs_n++;
}

/* An answer to a question that bore its round's number. */
static void answered(struct client *client, uint64_t number, enum record_kind kind, unsigned mac, nanos at) {
	uint64_t newest = atomic_load_explicit(&client->record->rounds, memory_order_relaxed);
	if (number == 0 || number > newest || number + RECORD_ROUNDS <= newest)
		return;
	struct record_round *round = round_of(client, number);
	round->owners[kind] |= (uint8_t)(1U << mac);
	if (kind == RECORD_ECHO && mac == round->by && round->served == 0)
		round->served = at;
}

/* An answer, or an announcement. Only what a client gets without knowing the nodes' MACs goes into its ARP cache. */
static void advertised(struct client *client, const struct frame_view *frame, unsigned mac) {
	unsigned tag = frame->to.bytes[client->self.family == AF_INET ? 3 : 15];
	bool to_tag = frame->kind == FRAME_ADVERTISEMENT && tag >= TAG_EVERYBODY && tag < TAG_END;
	struct frame_ip asked_from = tagged(client, tag);
	if (!to_tag || !frame_ip_equal(&asked_from, &frame->to)) {
		client->learnt = mac;
		return;
	}
	enum record_kind kind = tag < TAG_SOLICIT ? RECORD_EVERYBODY : RECORD_SOLICIT;
	uint64_t newest = atomic_load_explicit(&client->record->rounds, memory_order_relaxed);
	uint64_t back = (newest - tag) % TAGS; /* TAGS divides both tags' beginnings */
	if (back < newest)
		answered(client, newest - back, kind, mac, 0);
	if (kind == RECORD_EVERYBODY)
		client->learnt = mac;
}

static void take(struct client *client, const struct packet *packet) {
	struct frame_view frame;
	frame_parse(packet->bytes, packet->len < PACKET_SNAP ? packet->len : PACKET_SNAP, &frame);
	if (!frame_ip_equal(&frame.claimed, &client->record->shared) ||
	    memcmp(frame.from_mac, client->record->mac, ETH_ALEN) == 0)
		return;
	unsigned mac = mac_index(client, frame.from_mac);
	switch (frame.kind) {
	case FRAME_SOLICITATION:
	case FRAME_ADVERTISEMENT:
		advertised(client, &frame, mac);
		break;
	case FRAME_ECHO_REPLY:
		answered(client, frame.number, RECORD_ECHO, mac, packet->at);
		break;
	case FRAME_UDP_REPLY:
		answered(client, frame.number, RECORD_UDP, mac, packet->at);
		break;
	case FRAME_HEARTBEAT:
	case FRAME_DATA:
	case FRAME_OTHER:
		break;
	}
}

/* In the order in which they came, so that the cache is what it would be at this moment. */
static void drain(struct client *client) {
	nanos begun = clock_now();
	for (size_t n; (n = packet_read(client->fd, client->packets, READ)) > 0;)
		for (size_t i = 0; i < n; i++)
			take(client, &client->packets[i]);
	client->record->head.lost += packet_drops(client->fd);
	client->record->head.done = begun;
}

void role_ask(struct record_asked *record) {
	static struct client client = {.macs_n = NET_NODES, .learnt = RECORD_NOBODY};
	client.record = record;
	client.self = frame_ip(record->shared.family == AF_INET ? "192.0.2.9" : "2001:db8::9");
	memcpy(client.macs, record->node_mac, sizeof(record->node_mac));
	client.fd = packet_open(record->ns, "eth0");
	/* No page is fetched while it asks. */
	if (madvise(record, sizeof(*record), MADV_POPULATE_WRITE))
		memset(record->ring, 0, sizeof(record->ring));
	for (nanos due = clock_now();; due += record->interval) {
		clock_sleep_until(due);
		drain(&client);
		unsigned missed = (unsigned)((clock_now() - due) / record->interval);
		due += missed * record->interval;
		ask(&client, missed);
	}
}
