/* A stranger has the shared IP, and the primary defends it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/netns/stranger.h"

/* RFC 5227 2.4: DEFEND_INTERVAL. */
static const nanos defend = 10 * NANOS_SEC;
static const nanos late_most = 2 * NANOS_MS; /* from a decision to the wire, on a machine that runs */

/* A role that is regained after a freeze is announced again, and that is no defence: a scale at which it is not lost so
 * soon. */
static const nanos steady = 2 * NANOS_SEC;

/* The primary's gratuitous requests: how many, and the least time between two of them. */
static unsigned defences(struct scene *scene, enum net_host host, nanos since, nanos *least) {
	size_t n;
	unsigned count = 0;
	nanos last = 0;
	const struct frame_ip shared = frame_ip(PAIR_SHARED);
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	*least = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		struct frame_view view = sniff_view(&frames[i]);
		if (frames[i].host != host || view.kind != FRAME_SOLICITATION || !frame_ip_equal(&view.claimed, &shared) ||
		    !frame_ip_equal(&view.to, &shared))
			continue;
		if (last && frames[i].packet.at - last < *least)
			*least = frames[i].packet.at - last;
		last = frames[i].packet.at;
		count++;
	}
	free(frames);
	return count;
}

NETNS_TEST(stranger_alarm,
	   "a stranger claims the shared IP: alarm with its MAC within a second, defended at most once in ten seconds") {
	stranger_open(scene, &(struct pair_conf){.within = scene->within > steady ? scene->within : steady});
	nanos fault = stranger_claims(scene), least;
	unsigned count;
	while ((count = defences(scene, NET_HA1, fault, &least)) < 2) {
		scene_check(scene, clock_now() < fault + 3 * defend, "ha1 defended the shared IP %u times", count);
		net_stranger_announces(&scene->net, PAIR_SHARED);
		clock_sleep_until(clock_now() + NANOS_SEC / 4);
	}
	printf("ha1 defended the shared IP again after %.1f ms\n", clock_ms(least));
	/* Decided so far apart; the first of the two may have left late. */
	nanos late = late_most + freeze_worst(scene->freeze, fault, clock_now());
	scene_check(scene, least + late >= defend, "ha1 defended the shared IP twice within %.3f ms", clock_ms(least));
	scene_check(scene, defences(scene, NET_HA2, fault, &least) == 0, "the backup announced the shared IP");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 gave the role away");

	net_stranger_leaves(&scene->net, PAIR_SHARED);
	scene_verb(scene, NET_HA1, "clear");
	scene_wait(scene, NET_HA1, "/stranger_stands", "false");
}
