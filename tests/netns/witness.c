/* The witness itself, without a daemon: what it must see when two nodes hold the shared IP at once. */
#include <stdio.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

#define SHARED6 "2001:db8::100"

static void address(struct scene *scene, enum net_host host, const char *verb) {
	struct shell_job job = {.ns = scene->net.ns[host]};
	shell_must(&job, "ip address %s " PAIR_SHARED "/24 dev eth0", verb);
	shell_must(&job, "ip address %s " SHARED6 "/64 dev eth0%s", verb, verb[0] == 'a' ? " nodad" : "");
}

/* The move from ha1 to ha2 with both as owner for a while, and what was seen of it. */
static void check_overlap(struct scene *scene, const char *ip, nanos since, nanos both, nanos parted) {
	struct frame_ip shared = frame_ip(ip);
	nanos now = clock_now();
	nanos overlap = sniff_overlap(scene->sniff, &shared, NET_HA1, NET_HA2, since, now);
	printf("%s: overlap %.3f ms\n", ip, clock_ms(overlap));
	scene_check(scene, overlap > 0 && overlap <= parted - both,
		    "%s: both nodes were owners for less than %.1f ms, and the sniffer saw %.1f ms", ip,
		    clock_ms(parted - both), clock_ms(overlap));
	scene_bound(scene, overlap >= scene->within / 8, both, parted,
		    "%s: both nodes were owners for %.1f ms at least, and the sniffer saw %.1f ms", ip,
		    clock_ms(scene->within / 4), clock_ms(overlap));
	scene_check(scene, sniff_overlap(scene->sniff, &shared, NET_HA1, NET_HA2, parted, now) == 0,
		    "%s: an overlap was seen when ha2 alone held it", ip);
	scene_check(scene, sniff_last_claim(scene->sniff, &shared, NET_HA1, parted, now) == 0,
		    "%s: ha1 was seen as owner when it was none", ip);
	scene_check(scene, sniff_last_claim(scene->sniff, &shared, NET_HA2, parted, now) > 0,
		    "%s: ha2 was not seen as owner when it was", ip);
}

NETNS_TEST(witness, "the witness sees two owners, and for how long, by IPv4 and by IPv6") {
	scene_open(scene, NULL);
	scene->expects_overlap = true;
	struct probe *probe6 = probe_start(&scene->net, SHARED6, probe_interval(scene->within));
	struct probe *probes[] = {scene->probe, probe6};
	nanos since = clock_now();
	address(scene, NET_HA1, "add");
	for (unsigned i = 0; i < 2; i++)
		scene_check(scene, probe_wait_owner(probes[i], NET_HA1, since, scene_patience(scene)),
			    "ha1 alone holds the shared IPs, and does not serve them");
	for (unsigned i = 0; i < 2; i++)
		scene_check(scene, probe_owners_max(probes[i], scene->sniff, since, clock_now()) == 1,
			    "one owner was not seen as one");
	nanos both = clock_now();
	address(scene, NET_HA2, "add");
	/* Two owners for so long; an eighth of it at least has to be seen below. */
	clock_sleep_until(clock_now() + scene->within / 4);
	address(scene, NET_HA1, "delete");
	nanos parted = clock_now();
	/* So long ha1 would have to be seen, were it seen where it is none. */
	clock_sleep_until(parted + scene->within / 4);
	for (unsigned i = 0; i < 2; i++)
		scene_check(scene, probe_owners_max(probes[i], scene->sniff, both, parted) == 2,
			    "two owners were not seen as two");
	check_overlap(scene, PAIR_SHARED, since, both, parted);
	check_overlap(scene, SHARED6, since, both, parted);
	probe_stop(probe6);
}
