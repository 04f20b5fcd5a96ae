/* Frames overtake one another, and come twice. */
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/relay.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

NETNS_TEST(reordered_duplicated,
	   "heartbeats overtake one another and come twice: old ones are counted, no role changes, no lease lapses") {
	enum { THIRD = 33 /* percent */ };
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	/* So long that the next heartbeat may be there first; an echo's way and back is within its limit still. */
	nanos interval = times_of(scene, NET_HA1, "heartbeat_ms");
	const struct relay_order order = {
		.others = RELAY_PASS, .most = interval * 3 / 2, .doubled = THIRD, .seed = (unsigned)getpid()};
	double duplicates = pair_number(&scene->pair, NET_HA2, "/counters/duplicates");
	struct relay *relay = relay_start(&scene->net, NET_HA1, &order);
	nanos begin = clock_now();
	scene_watch(scene, NET_HA1, begin, 10 * scene->within);
	struct relay_done done = relay_done(relay);
	printf("seed %u: %lu frames passed, %lu doubled, %lu overtaken\n", order.seed, done.passed, done.doubled,
	       done.overtaken);
	scene_check(scene, done.doubled > 0 && done.overtaken > 0, "nothing was doubled, or overtaken: nothing is tested");
	duplicates = pair_number(&scene->pair, NET_HA2, "/counters/duplicates") - duplicates;
	scene_check(scene, duplicates > 0, "ha2 counted no old heartbeat");
	relay_stop(relay);
	scene_bound(scene, scene_settle(scene) == NET_HA1, begin, clock_now(), "ha2 took the role");
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, claims == 0, begin, clock_now(), "the role was claimed %u times", claims);
}
