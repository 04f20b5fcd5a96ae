/* A primary's announcements: see announcements.h. */
#include "tests/netns/announcements.h"

nanos announcements_begin(struct scene *scene, enum net_host host, nanos since) {
	const struct frame_ip shared = frame_ip(PAIR_SHARED);
	for (nanos end = scene_patience(scene);;) {
		nanos now = clock_now(), first = sniff_announced(scene->sniff, &shared, host, since, now);
		if (first > 0)
			return first;
		scene_bound(scene, now < end, since, now, "%s does not announce the shared IP again", net_host_name(host));
		clock_sleep_until(now + 5 * NANOS_MS);
	}
}
