/* A takeover whose asker dies after the owner released, and before it claimed. */
#include "tests/lab/shell.h"
#include "tests/netns/heartbeats.h"

static bool releases(const struct heartbeat *hb) {
	return hb->rel != 0;
}

/* The asker never gets to see a release: the switch drops the heartbeats that bear one (byte 64, after 14 of Ethernet). */
static void hide_releases(struct scene *scene) {
	static const char rules[] =
		"table netdev hide {\n"
		"chain out { type filter hook egress device ha2 priority 0; ether type 0x88b5 @ll,624,64 != 0 drop; }\n"
		"}\n";
	shell_must(&(struct shell_job){.ns = scene->net.switch_ns, .input = rules}, "nft -f -");
}

NETNS_TEST(takeover_peer_dies, "the asker dies between release and claim: the old owner serves again") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	hide_releases(scene);
	nanos fault = clock_now();
	/* It cannot succeed; what the verb says of that is not the question here. */
	pair_do(&scene->pair, NET_HA2, "takeover --timeout 20ms");
	heartbeats_wait(scene, NET_HA1, fault, releases);
	pair_kill_all(&scene->pair, NET_HA2);
	nanos crash = clock_now();
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, crash, scene_patience(scene)),
		    "ha1 released the shared IP, and does not take it back");
	scene_wait(scene, NET_HA1, "/state", "primary");
	nanos served = clock_now();

	shell_must(&(struct shell_job){.ns = scene->net.switch_ns}, "nft delete table netdev hide");
	pair_start(&scene->pair, NET_HA2);
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha2 took the role when it came back");
	scene_watch(scene, NET_HA1, served, 2 * scene->within);
}
