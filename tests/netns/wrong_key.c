/* A node whose key differs is not a dead peer. */
#include <signal.h>

#include "tests/netns/test.h"

NETNS_TEST(wrong_key, "a peer with another key is reported as such, never believed, and not taken for dead") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	pair_signal(&scene->pair, NET_HA2, SIGTERM);
	scene_check(scene, pair_wait_end(&scene->pair, NET_HA2, scene_patience(scene)) == 0,
		    "ha2 did not end in good order");
	pair_new_key(&scene->pair, NET_HA2);
	nanos start = clock_now();
	pair_start(&scene->pair, NET_HA2);

	static const char sentence[] = "its key differs";
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_check(scene, pair_wait_logged(&scene->pair, host, sentence, scene_patience(scene)),
			    "%s's log does not say that the key differs", net_host_name(host));
		scene_check(scene, pair_number(&scene->pair, host, "/counters/rejected/wrong-key") > 0,
			    "%s does not count what it rejects", net_host_name(host));
		scene_wait(scene, host, "/peer/heard", "false");
	}
	scene_watch(scene, NET_HA1, start, 4 * scene->within);
}
