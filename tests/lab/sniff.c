/* The sniffer on the switch: see sniff.h. The witness's process captures; here is what its record tells. */
#include "tests/lab/sniff.h"

#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/lab/witness.h"
#include "tests/witness/record.h"

/* SPARE: so far may the witness get while we read. */
enum { SPARE = RECORD_FRAMES / 8, AT_FIRST = 256 };

struct sniff {
	struct witness witness;
	const struct record_captured *record;
	uint8_t mac[NET_NODES][ETH_ALEN];
};

struct sniff *sniff_start(const struct net *net) {
	struct sniff *sniff = malloc(sizeof(*sniff));
	if (!sniff)
		shell_die("out of memory");
	witness_prepare(&sniff->witness, "capture", sizeof(struct record_captured));
	struct record_captured *order = (struct record_captured *)sniff->witness.record;
	memcpy(order->ns, net->switch_ns, NET_NS);
	for (unsigned host = 0; host < NET_NODES; host++) {
		shell_print(order->port[host], sizeof(order->port[host]), "%s", net_host_name(host));
		memcpy(sniff->mac[host], net->mac[host], ETH_ALEN);
	}
	sniff->record = order;
	witness_start(&sniff->witness);
	return sniff;
}

void sniff_stop(struct sniff *sniff) {
	witness_stop(&sniff->witness);
	free(sniff);
}

void sniff_settle(const struct sniff *sniff) {
	witness_wait(&sniff->witness, clock_now());
}

/* ---- frames ---- */

static int by_time(const void *a, const void *b) {
	nanos x = ((const struct sniffed *)a)->packet.at, y = ((const struct sniffed *)b)->packet.at;
	return (x > y) - (x < y);
}

/* A growing list. */
struct list {
	size_t n, room;
	struct sniffed *frames;
};

static void keep(struct list *list, const struct sniffed *frame) {
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : AT_FIRST;
		list->frames = reallocarray(list->frames, list->room, sizeof(*frame));
		if (!list->frames)
			shell_die("out of memory");
	}
	list->frames[list->n++] = *frame;
}

struct sniffed *sniff_take(struct sniff *sniff, nanos since, nanos until, size_t *n) {
	witness_wait(&sniff->witness, until);
	const struct record_captured *record = sniff->record;
	uint64_t seen = atomic_load_explicit(&record->frames, memory_order_acquire);
	uint64_t first = seen < RECORD_FRAMES - SPARE ? 0 : seen - (RECORD_FRAMES - SPARE);
	struct list list = {0};
	if (first > 0 && record->ring[first % RECORD_FRAMES].packet.at > since)
		shell_die("the sniffer does not remember what it saw so long ago");
	for (uint64_t i = first; i < seen; i++) {
		const struct sniffed *frame = &record->ring[i % RECORD_FRAMES];
		if (frame->packet.at >= since && frame->packet.at < until)
			keep(&list, frame);
	}
	if (atomic_load_explicit(&record->frames, memory_order_acquire) - seen >= SPARE)
		shell_die("the sniffer wrote over what we read");
	if (list.n > 0)
		qsort(list.frames, list.n, sizeof(*list.frames), by_time);
	*n = list.n;
	return list.frames;
}

struct frame_view sniff_view(const struct sniffed *frame) {
	struct frame_view view;
	frame_parse(frame->packet.bytes, frame->packet.len < PACKET_SNAP ? frame->packet.len : PACKET_SNAP, &view);
	return view;
}

/* ---- who asserts the shared IP ---- */

bool sniff_claims(const struct sniffed *frame, const struct frame_ip *shared) {
	struct frame_view view = sniff_view(frame);
	return frame_ip_equal(&view.claimed, shared) || frame_ip_equal(&view.source, shared);
}

/* Those in the interval that assert it; the caller frees them. */
static struct sniffed *claims(struct sniff *sniff, const struct frame_ip *shared, nanos since, nanos until, size_t *n) {
	size_t all;
	struct sniffed *frames = sniff_take(sniff, since, until, &all);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (sniff_claims(&frames[i], shared))
			frames[(*n)++] = frames[i];
	return frames;
}

static bool is_from(const struct sniff *sniff, const struct sniffed *frame, enum net_host host) {
	return frame->host == host || memcmp(sniff_view(frame).from_mac, sniff->mac[host], ETH_ALEN) == 0;
}

unsigned sniff_changes(struct sniff *sniff, const struct frame_ip *shared, nanos since, nanos until) {
	size_t n;
	struct sniffed *frames = claims(sniff, shared, since, until, &n);
	unsigned changes = 0;
	for (size_t i = 1; i < n; i++)
		changes += frames[i].host != frames[i - 1].host;
	free(frames);
	return changes;
}

nanos sniff_last_claim(struct sniff *sniff, const struct frame_ip *shared, enum net_host host, nanos since, nanos until) {
	size_t n;
	struct sniffed *frames = claims(sniff, shared, since, until, &n);
	nanos last = 0;
	for (size_t i = 0; i < n; i++)
		if (is_from(sniff, &frames[i], host))
			last = frames[i].packet.at;
	free(frames);
	return last;
}

/* An announcement's frames leave after 0, 50, 200, 700, 2,200 ms, and so on: only the first three lie so close together. */
enum { CLOSE = 3 };
static const nanos close_together = 500 * NANOS_MS;

/* Sender and target are the shared IP (RFC 5227 3). */
static bool is_gratuitous(const struct sniffed *frame, const struct frame_ip *shared) {
	struct frame_view view = sniff_view(frame);
	return view.kind == FRAME_SOLICITATION && frame_ip_equal(&view.claimed, shared) && frame_ip_equal(&view.to, shared);
}

nanos sniff_announced(struct sniff *sniff, const struct frame_ip *shared, enum net_host host, nanos since, nanos until) {
	size_t n;
	struct sniffed *frames = claims(sniff, shared, since, until, &n);
	nanos at[CLOSE] = {0};
	bool found = false;
	for (size_t i = 0; i < n && !found; i++) {
		if (frames[i].host != host || !is_gratuitous(&frames[i], shared))
			continue;
		for (unsigned k = 1; k < CLOSE; k++)
			at[k - 1] = at[k];
		at[CLOSE - 1] = frames[i].packet.at;
		found = at[0] > 0 && at[CLOSE - 1] - at[0] <= close_together;
	}
	free(frames);
	return found ? at[0] : 0;
}

nanos sniff_overlap(struct sniff *sniff, const struct frame_ip *shared, enum net_host old, enum net_host new, nanos since,
		    nanos until) {
	size_t n;
	struct sniffed *frames = claims(sniff, shared, since, until, &n);
	nanos begun = 0, last = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_from(sniff, &frames[i], old))
			last = frames[i].packet.at;
		else if (begun == 0 && is_from(sniff, &frames[i], new))
			begun = frames[i].packet.at;
	}
	free(frames);
	if (begun == 0)
		shell_die("%s asserted the shared IP in no frame: there is no overlap to judge", net_host_name(new));
	return last > begun ? last - begun : 0;
}
