/* A primary that stood still: see thawed.h. */
#include "tests/netns/thawed.h"

#include <stdlib.h>

#include "tests/netns/heartbeats.h"
#include "tests/netns/times.h"

enum { HEARTBEATS = 3 };

/* Reads the host's first heartbeats since then. Returns how many there are so far. */
static unsigned read_first(struct scene *scene, enum net_host host, nanos since, struct heartbeat out[static HEARTBEATS]) {
	size_t n;
	unsigned found = 0;
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	for (size_t i = 0; i < n && found < HEARTBEATS; i++)
		found += frames[i].host == host && heartbeats_read(&frames[i], &out[found]);
	free(frames);
	return found;
}

static void check_heartbeats(struct scene *scene, enum net_host host, nanos thaw) {
	struct heartbeat said[HEARTBEATS];
	for (nanos end = scene_patience(scene); read_first(scene, host, thaw, said) < HEARTBEATS;) {
		scene_check(scene, clock_now() < end, "%s went on, and does not say much", net_host_name(host));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
	for (unsigned i = 0; i < HEARTBEATS; i++)
		scene_safe(scene, said[i].mark == MARK_PLAIN, "a marked heartbeat of %s left, the lease long over",
			   net_host_name(host));
	scene_check(scene, !said[HEARTBEATS - 1].lease, "%s still claims the lease in its third heartbeat",
		    net_host_name(host));
}

void thawed_check(struct scene *scene, enum net_host host, nanos thaw) {
	check_heartbeats(scene, host, thaw);
	scene_wait(scene, host, "/state", "backup");
	nanos interval = times_of(scene, host, "heartbeat_ms"), asked = clock_now();
	/* It tells the age after it was asked, so it took this long at the least. */
	double age_ms = pair_number(&scene->pair, host, "/since_age_ms");
	nanos took = asked - (nanos)(age_ms * (double)NANOS_MS) - thaw;
	scene_bound(scene, took <= HEARTBEATS * interval, thaw, asked,
		    "%s went on, and became the backup only after %.1f ms; heartbeats are %.1f ms apart",
		    net_host_name(host), clock_ms(took), clock_ms(interval));
	scene_check(scene, scene_settle(scene) == pair_other(host), "%s took the role when it went on",
		    net_host_name(host));
}
