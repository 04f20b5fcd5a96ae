/* Two clusters with the same primary, each with its own table and its own lease: the heartbeats of one, which lives, are
 * nothing to the lease of the other, which died. */
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"
#include "tests/netns/owners.h"
#include "tests/netns/times.h"

#define ANNEX "192.0.2.101"

static struct pair annex;

static void start_annex(struct scene *scene) {
	struct pair_conf conf = {
		.cluster = "annex",
		.within = scene->within,
		.shared_ips = "{ address = \"" ANNEX "/24\" interface = \"eth0\" }",
	};
	pair_init(&annex, &scene->net, scene->hamon, scene->dir, &conf);
	pair_start(&annex, NET_HA1);
	scene_check(scene, pair_wait(&annex, NET_HA1, "/state", "primary", scene_patience(scene)),
		    "ha1 is not annex's primary");
	pair_start(&annex, NET_HA2);
	scene_check(scene, pair_wait_settled(&annex, scene_patience(scene)) == NET_HA1,
		    "annex does not come to rest on ha1");
}

static void check_tables(struct scene *scene) {
	char tables[1024] = "", edge_table[64] = "", annex_table[64] = "";
	struct shell_job job = {.ns = scene->net.ns[NET_HA1], .output = tables, .output_size = sizeof(tables)};
	pair_get(&scene->pair, NET_HA1, "/lease/table", edge_table, sizeof(edge_table));
	pair_get(&annex, NET_HA1, "/lease/table", annex_table, sizeof(annex_table));
	shell_must(&job, "nft list tables netdev");
	scene_check(scene,
		    strcmp(edge_table, annex_table) != 0 && strstr(tables, edge_table) && strstr(tables, annex_table),
		    "the two tables are %s and %s, and nft lists %s", edge_table, annex_table, tables);
}

NETNS_TEST(
	two_clusters_lease,
	"two clusters with the same primary: one's daemon is killed there, its lease runs out while the other's goes on") {
	scene_open(scene, NULL);
	struct probe *probe = probe_start(&scene->net, ANNEX, probe_interval(scene->within));
	scene_start(scene, NET_HA1);
	start_annex(scene);
	check_tables(scene);
	double epoch = pair_number(&annex, NET_HA1, "/epoch");
	nanos lease = times_lease(scene, NET_HA1);
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	nanos dead = clock_now();
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	times_check_silent(scene, PAIR_SHARED, NET_HA1, fault, dead + lease);

	struct probe_gap gap = probe_outage(probe, fault, clock_now());
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
		    ANNEX " was not served for %.1f ms, and its daemon lives", clock_ms(gap.to - gap.from));
	scene_check(scene, pair_wait_settled(&annex, scene_patience(scene)) == NET_HA1, "annex moved with edge");
	scene_bound(scene, pair_number(&annex, NET_HA1, "/epoch") == epoch, fault, clock_now(), "annex had to claim anew");
	pair_start(&scene->pair, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "ha1 took the role when it came back");
	check_tables(scene);

	owners_check_silent(scene, ANNEX, NET_HA2, fault);
	pair_expect_alive(&annex);
	unsigned owners = probe_owners_max(probe, scene->sniff, scene->begin, clock_now());
	scene_safe(scene, owners == 1, "two owners: %u MACs answered one probe of " ANNEX, owners);
	probe_stop(probe);
}
