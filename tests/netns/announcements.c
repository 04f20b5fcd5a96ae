/* A primary's announcements: see announcements.h. */
#include "tests/netns/announcements.h"

#include <stdlib.h>

/* They come after 0, 50, 200, 700, 2,200 ms, and so on: only the first three of them lie so close to each other. */
enum { CLOSE = 3 };
static const nanos close_together = 500 * NANOS_MS;

/* When the first of so many left; 0: they are not there yet. Gratuitous: sender and target are the shared IP (RFC 5227 3). */
static nanos find(struct scene *scene, enum net_host host, nanos since) {
	size_t n;
	nanos at[CLOSE] = {0};
	struct frame_ip shared = frame_ip(PAIR_SHARED);
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	bool found = false;
	for (size_t i = 0; i < n && !found; i++) {
		struct frame_view view = sniff_view(&frames[i]);
		if (frames[i].host != host || view.kind != FRAME_SOLICITATION || !frame_ip_equal(&view.claimed, &shared) ||
		    !frame_ip_equal(&view.to, &shared))
			continue;
		for (unsigned k = 1; k < CLOSE; k++)
			at[k - 1] = at[k];
		at[CLOSE - 1] = frames[i].packet.at;
		found = at[0] > 0 && at[CLOSE - 1] - at[0] <= close_together;
	}
	free(frames);
	return found ? at[0] : 0;
}

nanos announcements_begin(struct scene *scene, enum net_host host, nanos since) {
	for (nanos end = scene_patience(scene);;) {
		nanos first = find(scene, host, since), now = clock_now();
		if (first > 0)
			return first;
		scene_bound(scene, now < end, since, now, "%s does not announce the shared IP again", net_host_name(host));
		clock_sleep_until(now + 5 * NANOS_MS);
	}
}
