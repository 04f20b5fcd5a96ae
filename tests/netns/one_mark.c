/* Two links carry each heartbeat; its mark is on one of them. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/packet.h"
#include "tests/netns/test.h"

enum { LINKS = 2, READ = 32, SEQS = 64, FRAME_TYPE = 12, FRAME_MARK = 17, FRAME_SEQ = 38, MARK_RENEW = 1 };

/* What came of one heartbeat of ha1. */
struct seen {
	uint64_t seq; /* 0: none yet */
	unsigned copies, marked;
};

struct listener {
	int fd[LINKS];
	struct seen seen[SEQS];
	unsigned pairs, plain_pairs; /* heartbeats that came by both links; without any mark */
};

static void take(struct scene *scene, struct listener *listener, const struct packet *packet) {
	uint64_t seq;
	if (packet->len <= FRAME_SEQ + sizeof(seq) || packet->bytes[FRAME_TYPE] != 0x88 ||
	    packet->bytes[FRAME_TYPE + 1] != 0xb5)
		return;
	memcpy(&seq, packet->bytes + FRAME_SEQ, sizeof(seq));
	seq = be64toh(seq);
	struct seen *seen = &listener->seen[seq % SEQS];
	if (seen->seq != seq)
		*seen = (struct seen){.seq = seq};
	seen->copies++;
	seen->marked += packet->bytes[FRAME_MARK] == MARK_RENEW;
	scene_safe(scene, seen->marked <= 1, "heartbeat %llu bears its mark on both links", (unsigned long long)seq);
	listener->pairs += seen->copies == LINKS;
	listener->plain_pairs += seen->copies == LINKS && seen->marked == 0;
}

NETNS_TEST(one_mark, "two heartbeat links: each heartbeat of a primary bears its mark on exactly one of them") {
	static const char *const interfaces[LINKS] = {"eth0", "eth1"};
	enum { ENOUGH = 50 };
	static struct listener listener;
	static struct packet packets[READ];
	scene_open(scene, &(struct pair_conf){.links = "{ name = \"eth0\" }, { name = \"eth1\" }"});
	scene_start(scene, NET_HA1);
	for (unsigned link = 0; link < LINKS; link++)
		listener.fd[link] = packet_open(scene->net.ns[NET_HA2], interfaces[link]);
	nanos begin = clock_now();
	for (nanos end = scene_patience(scene); listener.pairs < ENOUGH;) {
		scene_check(scene, clock_now() < end, "only %u heartbeats came by both links", listener.pairs);
		for (unsigned link = 0; link < LINKS; link++)
			for (size_t n; (n = packet_read(listener.fd[link], packets, READ)) > 0;)
				for (size_t i = 0; i < n; i++)
					take(scene, &listener, &packets[i]);
		clock_sleep_until(clock_now() + NANOS_MS);
	}
	scene_bound(scene, listener.plain_pairs == 0, begin, clock_now(), "%u of %u heartbeats bore no mark",
		    listener.plain_pairs, listener.pairs);
	for (unsigned link = 0; link < LINKS; link++)
		close(listener.fd[link]);
}
