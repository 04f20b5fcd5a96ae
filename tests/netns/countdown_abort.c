/* An automatic takeover waits for a countdown, which an operator may stop. */
#include "tests/netns/test.h"

static const nanos countdown = 3 * NANOS_SEC;

NETNS_TEST(
	countdown_abort,
	"a countdown delays the takeover, is shown, and `abort` stops it; the next one runs out, and the backup serves") {
	scene_open(scene, &(struct pair_conf){.failover = "countdown = \"3s\""});
	scene_start(scene, NET_HA1);
	pair_kill_all(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA2, "/state", "countdown");
	scene_verb(scene, NET_HA2, "abort");
	scene_wait(scene, NET_HA2, "/aborted", "true");
	nanos silent = clock_now();
	scene_watch(scene, -1, silent, countdown + 2 * scene->within);

	pair_start(&scene->pair, NET_HA1);
	enum net_host primary = scene_settle(scene), backup = pair_other(primary);
	scene_wait(scene, NET_HA2, "/aborted", "false");
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, primary);
	nanos outage = scene_moved(scene, primary, backup, fault, countdown + scene->within);
	scene_safe(scene, outage > countdown, "%s took over after %.0f ms, and did not wait for the countdown",
		   net_host_name(backup), clock_ms(outage));
}
