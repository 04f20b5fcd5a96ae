/* More notices than the kernel keeps for a daemon that cannot read them. */
#include <stdio.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/test.h"

/* A notice of an address takes some 700 bytes at least; the socket has room for 16 MiB, as the kernel counts. */
enum { NOTICES = 40000 };

static void flood(const struct scene *scene, enum net_host host) {
	const struct shell_job job = {.ns = scene->net.ns[host]};
	char path[512];
	shell_print(path, sizeof(path), "%s/batch", scene->dir);
	FILE *batch = fopen(path, "we");
	if (!batch)
		shell_die("cannot write %s", path);
	for (unsigned i = 0; i < NOTICES; i++)
		fprintf(batch, "address %s 203.0.113.9/32 dev lo\n", i % 2 ? "del" : "add");
	if (fclose(batch))
		shell_die("cannot write %s", path);
	shell_must(&job, "ip -batch %s", path);
}

NETNS_TEST(notices_overrun,
	   "the kernel's notices overrun while the backup stands still: all is listed anew, and it still takes over") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA2);
	fault_count();
	flood(scene, NET_HA2);
	pair_continue_all(&scene->pair, NET_HA2);
	scene_check(scene, pair_wait_logged(&scene->pair, NET_HA2, "overran", scene_patience(scene)),
		    "ha2's log does not say that the notices overran");
	scene_check(scene, scene_settle(scene) == NET_HA1, "the role changed");
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, fault);

	fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_CARRIER);
	scene_served(scene, NET_HA2, fault, scene->within, false);
}
