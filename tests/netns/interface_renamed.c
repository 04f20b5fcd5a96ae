/* An interface gets another name: what stands on it is nobody's then, unless the daemon takes it along, and the lease's
 * rules guard it no more. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/repair.h"

#define OTHER "renamed0"

static void rename_interface(const struct scene *scene, enum net_host host, const char *from, const char *to) {
	const struct shell_job job = {.ns = scene->net.ns[host]};

	fault_count();
	/* Kernels before 6.2 rename an interface only while it is down. */
	if (shell_run(&job, "ip link set %s name %s", from, to) == 0)
		return;
	shell_must(&job, "ip link set %s down", from);
	shell_must(&job, "ip link set %s name %s", from, to);
	shell_must(&job, "ip link set %s up", to);
}

/* The table is for the interface as it is called now. */
static void check_table(struct scene *scene, enum net_host host, const char *before) {
	char *now = repair_listing(scene, host);
	scene_check(scene, strcmp(before, now) == 0, "%s's table was\n%s\nand is now\n%s", net_host_name(host), before,
		    now);
	free(now);
}

static void rename_backup(struct scene *scene) {
	char *before = repair_listing(scene, NET_HA1);
	nanos fault = clock_now();
	rename_interface(scene, NET_HA1, PAIR_INTERFACE, OTHER);
	scene_watch(scene, NET_HA2, fault, 2 * scene->within);
	rename_interface(scene, NET_HA1, OTHER, PAIR_INTERFACE);
	scene_check(scene, scene_settle(scene) == NET_HA2, "the primary changed when its backup's interface was renamed");
	check_table(scene, NET_HA1, before);
	free(before);

	fault = clock_now();
	scene_verb(scene, NET_HA1, "takeover");
	scene_served(scene, NET_HA1, fault, SCENE_PLANNED, true);
}

NETNS_TEST(interface_renamed,
	   "an interface is renamed, of the primary and of the backup: the other one serves, the node comes back") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	char *before = repair_listing(scene, NET_HA1);
	nanos begin = clock_now();
	rename_interface(scene, NET_HA1, PAIR_INTERFACE, OTHER);
	scene_moved(scene, NET_HA1, NET_HA2, begin, scene->within);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 keeps the address under the other name");
	rename_interface(scene, NET_HA1, OTHER, PAIR_INTERFACE);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when its interface had its name again");
	check_table(scene, NET_HA1, before);
	free(before);

	rename_backup(scene);
	owners_check(scene, PAIR_SHARED, NET_HA1, begin);
}
