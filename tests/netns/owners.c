/* Who spoke for a shared IP: see owners.h. None of it is excused by a freeze: whoever stands still says nothing. */
#include "tests/netns/owners.h"

#include <stdlib.h>

#include "tests/netns/heartbeats.h"

nanos owners_first(struct scene *scene, const char *shared, enum net_host host, nanos since) {
	size_t n;
	struct frame_ip ip = frame_ip(shared);
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	nanos first = 0;
	for (size_t i = 0; i < n && first == 0; i++)
		if (frames[i].host == host && sniff_claims(&frames[i], &ip))
			first = frames[i].packet.at;
	free(frames);
	scene_check(scene, first > 0, "%s sent no frame of %s", net_host_name(host), shared);
	return first;
}

unsigned owners_check(struct scene *scene, const char *shared, enum net_host owner, nanos since) {
	size_t n;
	struct heartbeat hb;
	struct frame_ip ip = frame_ip(shared);
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	nanos granted = since;
	unsigned grants = 0;
	for (size_t i = 0; i < n; i++) {
		if (heartbeats_read(&frames[i], &hb)) {
			if (hb.mark != MARK_GRANT)
				continue;
			owner = frames[i].host;
			granted = frames[i].packet.at;
			grants++;
			continue;
		}
		scene_safe(scene, frames[i].host == owner || !sniff_claims(&frames[i], &ip),
			   "%s spoke for %s, %.1f ms after %s had it", net_host_name(frames[i].host), shared,
			   clock_ms(frames[i].packet.at - granted), net_host_name(owner));
	}
	free(frames);
	return grants;
}

void owners_check_silent(struct scene *scene, const char *shared, enum net_host host, nanos since) {
	struct frame_ip ip = frame_ip(shared);
	nanos last = sniff_last_claim(scene->sniff, &ip, host, since, clock_now());
	scene_safe(scene, last == 0, "%s spoke for %s again, %.1f ms after it should have been silent for good",
		   net_host_name(host), shared, clock_ms(last - since));
}
