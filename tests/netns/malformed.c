/* Frames that begin as heartbeats of this cluster do, and are none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/heartbeats.h"

/* Of a heartbeat, docs/PROTOCOL.md. */
enum { MAGIC_AT = 0, VERSION_AT = 2, LENGTH_AT = 8, HEADER_LEN = 12 };

/* The most that a frame carries behind its Ethernet header. */
enum { PAYLOAD_MOST = 1500 };

struct frame {
	size_t len; /* of the heartbeat, as sent */
	uint8_t bytes[ETH_HLEN + PAYLOAD_MOST];
};

static uint8_t *heartbeat_of(struct frame *frame) {
	return frame->bytes + ETH_HLEN;
}

static void state_length(struct frame *frame, unsigned len) {
	heartbeat_of(frame)[LENGTH_AT] = (uint8_t)(len >> 8);
	heartbeat_of(frame)[LENGTH_AT + 1] = (uint8_t)len;
}

static void cut_in_header(struct frame *frame) {
	frame->len = HEADER_LEN - 1;
}

static void cut_by_one(struct frame *frame) {
	frame->len = HEARTBEAT_LEN - 1;
}

static void cut_to_nothing(struct frame *frame) {
	frame->len = 0;
}

static void states_more_than_there_is(struct frame *frame) {
	state_length(frame, HEARTBEAT_MAX);
}

static void states_less_than_it_needs(struct frame *frame) {
	state_length(frame, HEARTBEAT_LEN - 1);
}

static void states_too_much(struct frame *frame) {
	state_length(frame, HEARTBEAT_MAX + 1);
	frame->len = HEARTBEAT_MAX + 1;
}

static void fills_the_wire(struct frame *frame) {
	state_length(frame, PAYLOAD_MOST);
	frame->len = PAYLOAD_MOST;
}

static void version_zero(struct frame *frame) {
	heartbeat_of(frame)[VERSION_AT] = 0;
}

/* Of a later version, which may not drop what this one has. */
static void version_that_dropped_fields(struct frame *frame) {
	heartbeat_of(frame)[VERSION_AT] = HEARTBEAT_VERSION + 1;
	state_length(frame, HEARTBEAT_LEN - 1);
}

static void other_protocol(struct frame *frame) {
	heartbeat_of(frame)[MAGIC_AT] ^= 1;
}

static const struct malformation {
	void (*spoil)(struct frame *frame);
	enum heartbeat_reject reason;
} malformations[] = {
	{cut_in_header, REJECT_SHORT},
	{cut_by_one, REJECT_SHORT},
	{cut_to_nothing, REJECT_SHORT},
	{states_more_than_there_is, REJECT_SHORT},
	{states_less_than_it_needs, REJECT_LENGTH},
	{states_too_much, REJECT_LENGTH},
	{fills_the_wire, REJECT_LENGTH},
	{version_zero, REJECT_VERSION},
	{version_that_dropped_fields, REJECT_VERSION},
	{other_protocol, REJECT_MAGIC},
};
enum { MALFORMATIONS = sizeof(malformations) / sizeof(*malformations), TIMES = 20 };

/* A heartbeat of the primary's, as the sniffer recorded it, but from the gateway's MAC: the switch must not look for ha1
 * there. */
static struct frame record(struct scene *scene) {
	struct frame frame = {.len = HEARTBEAT_LEN};
	nanos now = clock_now();
	struct heartbeat hb;
	size_t n, i = 0;
	struct sniffed *frames = sniff_take(scene->sniff, now - scene->within, now, &n);
	while (i < n && !(frames[i].host == NET_HA1 && heartbeats_read(&frames[i], &hb)))
		i++;
	scene_check(scene, i < n, "ha1 sent no heartbeat for %.0f ms", clock_ms(scene->within));
	memcpy(frame.bytes, frames[i].packet.bytes, ETH_HLEN + HEARTBEAT_LEN);
	memcpy(frame.bytes + ETH_ALEN, scene->net.mac[NET_GATEWAY], ETH_ALEN);
	free(frames);
	return frame;
}

static void send_all(struct scene *scene, const struct frame *good) {
	int fd = packet_open(scene->net.ns[NET_GATEWAY], PAIR_INTERFACE);
	fault_count();
	for (unsigned i = 0; i < TIMES * MALFORMATIONS; i++) {
		struct frame frame = *good;
		malformations[i % MALFORMATIONS].spoil(&frame);
		size_t len = ETH_HLEN + frame.len;
		scene_check(scene, send(fd, frame.bytes, len, 0) == (ssize_t)len, "cannot send: %s", strerror(errno));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
	close(fd);
}

static unsigned due(enum heartbeat_reject reason) {
	unsigned kinds = 0;
	for (unsigned i = 0; i < MALFORMATIONS; i++)
		kinds += malformations[i].reason == reason;
	return kinds * TIMES;
}

/* Each was counted once, by its reason, and nothing else was rejected. */
static void check_counts(struct scene *scene, enum net_host host) {
	char pointer[64], count[16];
	for (unsigned reason = HEARTBEAT_OK + 1; reason < REJECT__COUNT; reason++) {
		shell_print(pointer, sizeof(pointer), "/counters/rejected/%s", heartbeat_reject_name(reason));
		shell_print(count, sizeof(count), "%u", due(reason));
		scene_wait(scene, host, pointer, count);
	}
}

NETNS_TEST(malformed,
	   "truncated, oversized and wrong-version heartbeats: counted by reason on both nodes, and nothing else happens") {
	scene_open(scene, &(struct pair_conf){.tests = "ips = [ \"192.0.2.1\" ] reflect = false"});
	scene_start(scene, NET_HA1);
	struct frame good = record(scene);
	nanos fault = clock_now();
	send_all(scene, &good);
	for (unsigned host = 0; host < NET_NODES; host++)
		check_counts(scene, host);
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");

	fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	send_all(scene, &good);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
}
