/* A primary that stood still: see thawed.h. */
#include "tests/netns/thawed.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/netns/heartbeats.h"

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
		scene_check(scene, said[i].mark == MARK_PLAIN, "a marked heartbeat of %s left, the lease long over",
			    net_host_name(host));
	scene_check(scene, !said[HEARTBEATS - 1].lease, "%s still claims the lease in its third heartbeat",
		    net_host_name(host));
}

void thawed_check(struct scene *scene, enum net_host host, nanos thaw) {
	check_heartbeats(scene, host, thaw);
	scene_wait(scene, host, "/state", "backup");
	/* The age is told after the question was asked, so this is the earliest that it can be. */
	nanos asked = clock_now();
	double age_ms = pair_number(&scene->pair, host, "/since_age_ms");
	nanos became = asked - (nanos)(age_ms * (double)NANOS_MS);
	double interval_ms = pair_number(&scene->pair, host, "/timers/heartbeat_ms");
	printf("%s is the backup %.1f ms after it went on, heartbeats are %.1f ms apart\n", net_host_name(host),
	       clock_ms(became - thaw), interval_ms);
	scene_bound(scene, clock_ms(became - thaw) <= HEARTBEATS * interval_ms, thaw, asked,
		    "%s went on, and became the backup only after %.1f ms", net_host_name(host), clock_ms(became - thaw));
	scene_check(scene, scene_settle(scene) == pair_other(host), "%s took the role when it went on",
		    net_host_name(host));
}
