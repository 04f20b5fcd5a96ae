/* The primary's interface gets another name: what stands on it is nobody's then, unless the daemon takes it along. */
#include "tests/lab/shell.h"
#include "tests/netns/test.h"

static void rename_interface(const struct scene *scene, const char *from, const char *to) {
	const struct shell_job job = {.ns = scene->net.ns[NET_HA1]};

	/* Kernels before 6.2 rename an interface only while it is down. */
	if (shell_run(&job, "ip link set %s name %s", from, to) == 0)
		return;
	shell_must(&job, "ip link set %s down", from);
	shell_must(&job, "ip link set %s name %s", from, to);
	shell_must(&job, "ip link set %s up", to);
}

NETNS_TEST(interface_renamed,
	   "the primary's interface is renamed: the address goes, the backup serves, the node comes back") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	rename_interface(scene, PAIR_INTERFACE, "renamed0");
	scene_served(scene, NET_HA2, fault, scene->within, false);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 keeps the address under the other name");
	rename_interface(scene, "renamed0", PAIR_INTERFACE);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its interface had its name again");
}
