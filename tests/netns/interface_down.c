/* An administrator takes the primary's interface down, and up again. */
#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

static void set_link(const struct scene *scene, enum net_host host, const char *state) {
	shell_must(&(struct shell_job){.ns = scene->net.ns[host]}, "ip link set %s %s", PAIR_INTERFACE, state);
}

NETNS_TEST(interface_down,
	   "the primary's interface is set down: it steps down, the backup serves; up again, it is the backup, and fit") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	set_link(scene, NET_HA1, "down");
	fault_count();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_wait(scene, NET_HA1, "/lease/held", "false");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");

	nanos back = clock_now();
	set_link(scene, NET_HA1, "up");
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its interface came back");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);

	nanos asked = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, asked, SCENE_PLANNED, true);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
