/* A tenth of all frames is lost, a tenth comes twice: heartbeats, tests and ARP alike. */
#include <stdio.h>

#include "tests/netns/owners.h"

enum { TENTH = 10 /* percent */ };
static const nanos block = 8 * NANOS_SEC;

/* Did what was ordered happen? Of the heartbeats that the backup should have had from the primary. */
static void check_storm(struct scene *scene, double received, double lost) {
	received = pair_number(&scene->pair, NET_HA2, "/links/0/received") - received;
	lost = pair_number(&scene->pair, NET_HA2, "/links/0/lost") - lost;
	double percent = 100 * lost / (received + lost);
	printf("%.0f heartbeats came, %.1f %% were lost\n", received, percent);
	scene_check(scene, percent > TENTH / 2.0 && percent < TENTH * 2.0,
		    "%.1f %% of the heartbeats were lost: no such storm", percent);
	scene_check(scene, pair_number(&scene->pair, NET_HA2, "/counters/duplicates") > received * TENTH / 200,
		    "hardly a heartbeat came twice: no such storm");
}

NETNS_TEST_ALONE(loss_short,
		 "a tenth of all frames is lost and a tenth doubled: no role changes, the lease lapses once at most") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	const struct frame_ip shared = frame_ip(PAIR_SHARED);
	double received = pair_number(&scene->pair, NET_HA2, "/links/0/received");
	double lost = pair_number(&scene->pair, NET_HA2, "/links/0/lost");
	nanos begin = clock_now();
	net_storm(&scene->net, (struct net_storm){.lost = TENTH, .doubled = TENTH});
	/* The time under test: that nothing happens in it is what is waited for. */
	clock_sleep_until(begin + block);
	check_storm(scene, received, lost);
	scene_bound(scene, scene_settle(scene) == NET_HA1, begin, clock_now(), "ha2 took the role");
	nanos end = clock_now();
	scene_bound(scene, sniff_changes(scene->sniff, &shared, begin, end) == 0, begin, end, "the role moved");
	unsigned lapses = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, lapses <= 1, begin, end, "the lease had to be claimed anew %u times", lapses);
	net_calm(&scene->net);
}
