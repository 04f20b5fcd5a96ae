/* Conflicts of roles, and what `hamon resolve` makes of them. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/netns/announcements.h"
#include "tests/netns/owners.h"
#include "tests/netns/split.h"

enum { STATUS_USAGE = 2, STATUS_REFUSED = 4 };

NETNS_TEST(resolve_nothing, "resolve without a conflict, abort without a countdown: they say so, and nothing happens") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos begin = clock_now();
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_verb_says(scene, host, "resolve", EXIT_SUCCESS, "there is no conflict: ha1 is primary");
		scene_verb_says(scene, host, "resolve --keep ha2", EXIT_SUCCESS, "there is no conflict: ha1 is primary");
		scene_verb_says(scene, host, "resolve --keep ha3", STATUS_USAGE, "did you mean ha");
		scene_verb_says(scene, host, "resolve --keep nobody", STATUS_USAGE, "nobody is no node of this cluster");
		scene_verb_says(scene, host, "abort", EXIT_SUCCESS, "nothing to do");
	}
	scene_watch(scene, NET_HA1, begin, scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	scene_bound(scene, claims == 0, begin, clock_now(), "the role was claimed %u times", claims);
}

/* Waits until the node may be asked: it and its peer hear each other. */
static void keep(struct scene *scene, enum net_host host, enum net_host kept) {
	char words[32];
	snprintf(words, sizeof(words), "resolve --keep %s", net_host_name(kept));
	for (nanos end = scene_patience(scene);;) {
		struct pair_result result = pair_verb(&scene->pair, host, words);
		bool refused = result.status == STATUS_REFUSED;
		scene_check(scene, result.status == EXIT_SUCCESS || (refused && clock_now() < end),
			    "`hamon %s` on %s ended with %d: %s", words, net_host_name(host), result.status, result.output);
		free(result.output);
		if (!refused)
			return;
	}
}

/* A split where each side reaches a test IP, and one is enough: what `any` does not promise. */
NETNS_TEST(resolve_both_primary,
	   "both primary: resolve is refused while they cannot hear each other; then one is kept, and announces again") {
	scene->expects_overlap = true;
	split_open(scene, SPLIT_TWO_TESTS " policy = \"any\"");
	net_split_halves(&scene->net, 1U << NET_GATEWAY2);
	scene_wait(scene, NET_HA1, "/alone", "true");
	scene_wait(scene, NET_HA2, "/state", "primary");
	scene_wait(scene, NET_HA1, "/state", "primary");
	for (unsigned host = 0; host < NET_NODES; host++) {
		scene_verb_says(scene, host, "resolve --keep ha1", STATUS_REFUSED, "cannot be contacted");
		scene_wait(scene, host, "/state", "primary");
	}

	nanos whole = clock_now();
	net_unite(&scene->net);
	keep(scene, NET_HA2, NET_HA2);
	nanos kept = clock_now();
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 is primary, and ha2 was to be kept");
	announcements_begin(scene, NET_HA2, whole);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_watch(scene, NET_HA2, kept, scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, kept);
}

/* Each was told to stand down while it was primary and could not hear the other: none of them offers, or takes,
 * anything. */
static void stand_both_down(struct scene *scene) {
	scene_verb(scene, NET_HA2, "pause");
	net_split_halves(&scene->net, 1U << NET_GATEWAY2);
	scene_wait(scene, NET_HA1, "/peer/heard", "false");
	scene_verb_says(scene, NET_HA1, "standdown --force", EXIT_SUCCESS, "stood down");
	scene_verb(scene, NET_HA2, "resume");
	scene_wait(scene, NET_HA2, "/state", "primary");
	scene_verb_says(scene, NET_HA2, "standdown --force", EXIT_SUCCESS, "stood down");
	net_unite(&scene->net);
	nanos united = clock_now();
	for (unsigned host = 0; host < NET_NODES; host++)
		scene_wait(scene, host, "/peer/heard", "true");
	scene_watch(scene, -1, united, 2 * scene->within);
}

static void check_both_backup(struct scene *scene, enum net_host asked, const char *words, enum net_host kept) {
	split_open(scene, SPLIT_TWO_TESTS " policy = \"any\"");
	nanos fault = clock_now();
	stand_both_down(scene);
	nanos back = clock_now();
	scene_verb(scene, asked, words);
	scene_check(scene, probe_wait_owner(scene->probe, kept, back, scene_patience(scene)), "%s does not serve",
		    net_host_name(kept));
	scene_check(scene, scene_settle(scene) == kept, "%s is not the primary", net_host_name(kept));
	announcements_begin(scene, kept, back);
	scene_watch(scene, (int)kept, clock_now(), scene->within);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}

NETNS_TEST(resolve_both_backup,
	   "both were told to stand down: nobody serves, until resolve says who is kept; it announces") {
	check_both_backup(scene, NET_HA1, "resolve --keep ha1", NET_HA1);
}

NETNS_TEST(resolve_both_backup_owner,
	   "both were told to stand down: resolve without a name keeps the owner of the highest epoch") {
	check_both_backup(scene, NET_HA2, "resolve", NET_HA2);
}
