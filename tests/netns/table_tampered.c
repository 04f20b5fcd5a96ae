/* Somebody changes details of the lease's table on the primary. Nothing there is anybody else's, so whatever it is, the
 * table is made anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/repair.h"
#include "tests/netns/ruleset.h"

enum { LISTING = 64 << 10 };

/* The handle of the first rule of the chain. */
static unsigned long handle_of(struct scene *scene, const char *table, const char *chain) {
	char *text = malloc(LISTING);
	if (!text)
		shell_die("out of memory");
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = text, .output_size = LISTING};
	shell_must(&job, "nft --handle list chain netdev %s %s", table, chain);
	static const char word[] = "# handle ";
	const char *at = strstr(text, "chain ");
	at = at ? strchr(at, '\n') : NULL; /* the chain has one, too */
	at = at ? strstr(at, word) : NULL;
	scene_check(scene, at != NULL, "nft lists no rule in %s", text);
	unsigned long handle = strtoul(at ? at + strlen(word) : "", NULL, 10);
	free(text);
	return handle;
}

/* The service goes on, or comes back within the time; and the other node has no part in it. */
static void served(struct scene *scene, nanos fault) {
	scene_served(scene, NET_HA1, fault, scene->within, false);
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
}

NETNS_TEST(table_tampered,
	   "rules and elements of the primary's table are deleted and added: all is put right within a heartbeat") {
	/* What comes before the table's name, and after it. */
	static const char *const changes[][2] = {
		{"flush set", "lease"},
		{"delete element", "v4 { " PAIR_SHARED " }"},
		{"add element", "v4 { 192.0.2.77 }"},
		{"flush chain", "renewal"},
		{"insert rule", "renewal accept"},
	};
	char table[RULESET_TABLE];
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	scene_check(scene, ruleset_table(scene, NET_HA1, table), "ha1 has no table");
	nanos begin = clock_now();
	for (unsigned i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		nanos fault = clock_now();
		repair_check(scene, NET_HA1, "%s netdev %s %s", changes[i][0], table, changes[i][1]);
		served(scene, fault);
	}
	nanos fault = clock_now();
	repair_check(scene, NET_HA1, "delete rule netdev %s from_ip handle %lu", table, handle_of(scene, table, "from_ip"));
	served(scene, fault);
	owners_check(scene, PAIR_SHARED, NET_HA1, begin);
	owners_check_silent(scene, PAIR_SHARED, NET_HA2, begin);
}
