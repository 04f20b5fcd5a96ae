/* Without the lease in the kernel: what it is worth, and that the witness would see it missing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/supervisor/worker.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

static const struct frame_ip *shared(void) {
	static struct frame_ip ip;
	ip = frame_ip(PAIR_SHARED);
	return &ip;
}

/* The role moves from the node to its peer, and the node's kernel speaks on. */
static void expect_overlap(struct scene *scene, enum net_host old, nanos fault) {
	enum net_host new = pair_other(old);
	scene_check(scene, probe_wait_owner(scene->probe, new, fault, scene_patience(scene)), "%s never served the client",
		    net_host_name(new));
	/* So long both are looked at: the witness has to see the old owner speak beside the new one. */
	clock_sleep_until(clock_now() + scene->within);
	nanos overlap = sniff_overlap(scene->sniff, shared(), old, new, fault, clock_now());
	printf("two owners for %.1f ms\n", clock_ms(overlap));
	scene_check(scene, overlap > 0, "no overlap without the lease: the witness is worth nothing");
}

/* The kernel speaks on until the next monitor starts, which takes a back-off. */
static void kill_monitor(struct scene *scene, enum net_host host) {
	nanos backoff = WORKER_BACKOFF / MSEC * NANOS_MS, fault = clock_now();
	pair_kill_monitor(&scene->pair, host);
	/* The whole of that is looked at: how long it speaks is what is measured. */
	clock_sleep_until(fault + backoff);
	probe_settle(scene->probe);
	nanos last = sniff_last_claim(scene->sniff, shared(), host, fault, fault + backoff);
	scene_bound(scene, last > fault + backoff / 2, fault, fault + backoff, "%s fell silent %.1f ms after its monitor",
		    net_host_name(host), clock_ms(last - fault));
	enum net_host primary = scene_settle(scene);
	scene_check(scene, !pair_holds(&scene->pair, pair_other(primary), PAIR_SHARED), "both bear the shared IP");
}

NETNS_TEST(lease_off,
	   "without the kernel's lease the same kill and the same freeze make two owners, and status warns of it") {
	char table[RULESET_TABLE];
	scene->expects_overlap = true;
	scene_open(scene, &(struct pair_conf){.lease_off = true});
	scene_start(scene, NET_HA1);
	struct pair_result status = pair_verb(&scene->pair, NET_HA1, "status");
	scene_check(scene, strstr(status.output, "lease = \"off\""), "the status does not warn: %s", status.output);
	free(status.output);
	scene_check(scene, !ruleset_table(scene, NET_HA1, table), "there is a table, %s", table);

	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	expect_overlap(scene, NET_HA1, fault);
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");

	fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA2);
	expect_overlap(scene, NET_HA2, fault);
	pair_continue_all(&scene->pair, NET_HA2);
	kill_monitor(scene, scene_settle(scene));
}
