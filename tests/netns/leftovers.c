/* A daemon died with everything in place, and the configuration changed before it was started again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/lab/stopper.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/owners.h"
#include "tests/netns/ruleset.h"

#define SHARED6 "2001:db8::100"

/* Long enough that the new monitor, which listens first, is caught before it says a word. */
#define WITHIN NANOS_SEC

/* So that nothing of it ends by itself: a lease, a permit, addresses; and a mark by which the table is known again. */
static void prolong(struct scene *scene, const char *table, const char *key) {
	char words[160];
	static const char *const sets[] = {"lease", "permit"};
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		shell_print(words, sizeof(words), "flush set netdev %s %s", table, sets[i]);
		ruleset_nft(scene, NET_HA1, words);
		shell_print(words, sizeof(words), "add element netdev %s %s { %s timeout 1h }", table, sets[i], key);
		ruleset_nft(scene, NET_HA1, words);
	}
	shell_print(words, sizeof(words), "add chain netdev %s leftover", table);
	ruleset_nft(scene, NET_HA1, words);
	struct shell_job job = {.ns = scene->net.ns[NET_HA1]};
	shell_must(&job, "ip address replace " PAIR_SHARED "/24 dev eth0 valid_lft forever preferred_lft forever");
	shell_must(&job, "ip address replace " SHARED6 "/64 dev eth0 valid_lft forever preferred_lft forever nodad");
}

static void leave_everything(struct scene *scene, char table[static RULESET_TABLE]) {
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	struct ruleset_element lease = ruleset_element(scene, NET_HA1, "lease");
	scene_check(scene, lease.there, "ha1 is primary without a lease");
	pair_kill_all(&scene->pair, NET_HA1);
	scene_check(scene, ruleset_table(scene, NET_HA1, table), "ha1 left no table");
	prolong(scene, table, lease.key);
	scene_check(scene,
		    ruleset_element(scene, NET_HA1, "lease").there && ruleset_element(scene, NET_HA1, "permit").there,
		    "no lease or no permit is left over: the test tests nothing");
	scene_check(scene, probe_wait_owner(scene->probe, NET_HA1, clock_now(), scene_patience(scene)),
		    "nobody serves by what is left over: the test tests nothing");
}

/* Starts the daemon, and holds its monitor at the first word that it would say. */
static struct stopper *start_and_hold(struct scene *scene) {
	nanos begin = clock_now();
	pair_start(&scene->pair, NET_HA1);
	pid_t monitor = 0;
	for (nanos end = scene_patience(scene); monitor == 0; monitor = pair_child(&scene->pair, NET_HA1, "_monitor"))
		scene_check(scene, clock_now() < end, "ha1 does not start a monitor");
	struct stopper *stopper = stopper_attach(monitor);
	scene_check(scene, stopper_wait_mark(stopper, STOPPER_PLAIN, scene_patience(scene)), "ha1 never says anything");
	nanos held = clock_now();
	size_t n, said = 0;
	struct sniffed *frames = sniff_take(scene->sniff, begin, held, &n);
	for (size_t i = 0; i < n; i++)
		said += frames[i].host == NET_HA1 && sniff_view(&frames[i]).kind == FRAME_HEARTBEAT;
	free(frames);
	scene_bound(scene, said == 0, begin, held, "ha1 was held too late, after %zu heartbeats", said);
	return stopper;
}

static void check_purged(struct scene *scene, const char *table) {
	static const char *const gone[] = {PAIR_SHARED, SHARED6};
	char listing[64 << 10] = "";
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = listing, .output_size = sizeof(listing)};
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		scene_check(scene, !pair_holds(&scene->pair, NET_HA1, gone[i]), "%s was not purged", gone[i]);
	scene_check(scene, !ruleset_element(scene, NET_HA1, "lease").there, "the lease was not purged");
	scene_check(scene, !ruleset_element(scene, NET_HA1, "permit").there, "the permit was not purged");
	shell_must(&job, "nft list chains netdev");
	scene_check(scene, strstr(listing, table) && !strstr(listing, "leftover"), "the table was not made anew: %s",
		    listing);
}

NETNS_TEST(leftovers, "table, lease, permit, addresses left over: purged before the first heartbeat; the node's own stay") {
	char table[RULESET_TABLE];
	struct pair_conf conf = {.within = scene->within > WITHIN ? scene->within : WITHIN,
				 .shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
					       "{ address = \"" SHARED6 "/64\" interface = \"eth0\" }"};
	scene_open(scene, &conf);
	leave_everything(scene, table);
	conf.shared_ips = "{ address = \"192.0.2.101/24\" interface = \"eth0\" }";
	pair_configure(&scene->pair, NET_HA1, &conf);

	struct stopper *stopper = start_and_hold(scene);
	nanos held = clock_now();
	check_purged(scene, table);
	probe_settle(scene->probe);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, held);
	stopper_release(stopper);
	scene_wait(scene, NET_HA1, "/state", "primary");
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, held);
	static const char *const there[] = {"192.0.2.101", "192.0.2.11", "2001:db8::11"};
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		scene_check(scene, pair_holds(&scene->pair, NET_HA1, there[i]), "%s is missing", there[i]);
}
