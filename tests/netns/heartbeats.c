/* Heartbeats on the wire: see heartbeats.h. */
#include "tests/netns/heartbeats.h"

#include <stdlib.h>

bool heartbeats_read(const struct sniffed *frame, struct heartbeat *out) {
	const uint8_t *bytes = frame->packet.bytes + ETH_HLEN;
	size_t frame_len = frame->packet.len < PACKET_SNAP ? frame->packet.len : PACKET_SNAP, len;
	uint32_t cluster;
	uint8_t sender, key;
	if (sniff_view(frame).kind != FRAME_HEARTBEAT)
		return false;
	return heartbeat_peek(bytes, frame_len - ETH_HLEN, &len, &cluster, &sender, &key) == HEARTBEAT_OK &&
	       heartbeat_unpack(bytes, len, out) == HEARTBEAT_OK;
}

/* 0: none yet. */
static nanos find(struct scene *scene, enum net_host host, nanos since, bool (*is)(const struct heartbeat *hb)) {
	size_t n;
	struct heartbeat hb;
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	nanos found = 0;
	for (size_t i = 0; i < n && found == 0; i++)
		if (frames[i].host == host && heartbeats_read(&frames[i], &hb) && is(&hb))
			found = frames[i].packet.at;
	free(frames);
	return found;
}

nanos heartbeats_wait(struct scene *scene, enum net_host host, nanos since, bool (*is)(const struct heartbeat *hb)) {
	for (nanos end = scene_patience(scene);;) {
		nanos at = find(scene, host, since, is);
		if (at > 0)
			return at;
		scene_check(scene, clock_now() < end, "%s never sent the heartbeat that was waited for",
			    net_host_name(host));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
}

nanos heartbeats_gap(struct scene *scene, enum net_host host, nanos since, nanos until) {
	size_t n;
	struct sniffed *frames = sniff_take(scene->sniff, since, until, &n);
	nanos last = 0, worst = 0;
	for (size_t i = 0; i < n; i++) {
		if (frames[i].host != host || sniff_view(&frames[i]).kind != FRAME_HEARTBEAT)
			continue;
		if (last && frames[i].packet.at - last > worst)
			worst = frames[i].packet.at - last;
		last = frames[i].packet.at;
	}
	free(frames);
	return worst;
}

unsigned heartbeats_count(struct scene *scene, enum net_host host, nanos since, bool (*is)(const struct heartbeat *hb)) {
	size_t n;
	struct heartbeat hb;
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	unsigned count = 0;
	for (size_t i = 0; i < n; i++)
		count += frames[i].host == host && heartbeats_read(&frames[i], &hb) && is(&hb);
	free(frames);
	return count;
}
