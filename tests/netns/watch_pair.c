/* The pair, followed live. */
#include <signal.h>

#include "tests/netns/watching.h"

NETNS_TEST(watch_pair, "`watch` says who is primary as it changes, and ends with status 3 when the daemon does") {
	enum { UNREACHABLE = 3 };
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct watching watching = watching_start(scene, NET_HA2, "watch");
	watching_expect(scene, &watching,
			(const char *const[]){"ha2 = backup", "no lease", "ha1 primary", "eth0 up", NULL});
	scene_verb(scene, NET_HA2, "takeover");
	watching_expect(scene, &watching, (const char *const[]){"ha2 = primary", "lease held", "ha1 backup", NULL});
	pair_signal(&scene->pair, NET_HA2, SIGTERM);
	int daemon = pair_wait_end(&scene->pair, NET_HA2, scene_patience(scene));
	scene_check(scene, daemon == 0, "ha2 did not end in good order");
	int status = watching_end(scene, &watching);
	scene_check(scene, status == UNREACHABLE, "exit status %d", status);
	watching_expect(scene, &watching, (const char *const[]){"the daemon ended", NULL});
}
