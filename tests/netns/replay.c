/* Somebody records heartbeats and sends them again, as they were or with a bit changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/netns/heartbeats.h"

/* The last heartbeats of the host, for as long as the given time; recorded by the sniffer. */
static struct sniffed *record(struct scene *scene, enum net_host host, nanos length, size_t *n) {
	nanos now = clock_now();
	struct sniffed *frames = sniff_take(scene->sniff, now - length, now, n);
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++)
		if (frames[i].host == host && sniff_view(&frames[i]).kind == FRAME_HEARTBEAT)
			frames[kept++] = frames[i];
	*n = kept;
	scene_check(scene, kept > 0, "%s sent no heartbeat for %.0f ms", net_host_name(host), clock_ms(length));
	return frames;
}

/* Sends them from the gateway, one after the other, until the deadline. */
static void play(struct scene *scene, const struct sniffed *frames, size_t n, nanos until) {
	fault_count();
	int fd = packet_open(scene->net.ns[NET_GATEWAY], "eth0");
	for (size_t i = 0; n > 0 && clock_now() < until; i++) {
		const struct packet *packet = &frames[i % n].packet;
		scene_check(scene, send(fd, packet->bytes, packet->len, 0) == packet->len, "cannot send: %s",
			    strerror(errno));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
	close(fd);
}

static void expect_count(struct scene *scene, const char *pointer) {
	scene_check(scene, pair_number(&scene->pair, NET_HA2, pointer) > 0, "%s of ha2 did not count", pointer);
}

NETNS_TEST(replay, "recorded heartbeats, sent again or changed: counted, not believed; they keep no dead primary alive") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	size_t n, forged_n;
	struct sniffed *frames = record(scene, NET_HA1, scene->within, &n);
	nanos fault = clock_now();
	play(scene, frames, n, clock_now() + scene->within);
	expect_count(scene, "/counters/duplicates");

	struct sniffed *forged = record(scene, NET_HA1, scene->within, &forged_n);
	for (size_t i = 0; i < forged_n; i++)
		forged[i].packet.bytes[ETH_HLEN + 32] ^= 1; /* a higher epoch */
	play(scene, forged, forged_n, clock_now() + scene->within);
	expect_count(scene, "/counters/rejected/wrong-key");
	scene_watch(scene, NET_HA1, fault, scene->within);

	/* The primary falls silent, and its recorded voice goes on. */
	fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	play(scene, frames, n, clock_now() + 2 * scene->within);
	scene_served(scene, NET_HA2, fault, scene->within, false);
	free(frames);
	free(forged);
}
