/* Two clusters on the same two nodes, each node the primary of one: that is how a pair is active on both nodes. */
#include "tests/netns/test.h"

#define ANNEX "192.0.2.101"

static void start_annex(struct scene *scene, struct pair *annex) {
	struct pair_conf conf = {
		.cluster = "annex",
		.within = scene->within,
		.shared_ips = "{ address = \"" ANNEX "/24\" interface = \"eth0\" }",
	};
	pair_init(annex, &scene->net, scene->hamon, scene->dir, &conf);
	pair_start(annex, NET_HA2);
	scene_check(scene, pair_wait(annex, NET_HA2, "/state", "primary", scene_patience(scene)),
		    "ha2 is not annex's primary");
	pair_start(annex, NET_HA1);
	scene_check(scene, pair_wait_settled(annex, scene_patience(scene)) == NET_HA2,
		    "annex does not come to rest on ha2");
}

NETNS_TEST(two_clusters, "two clusters with opposite primaries: one cable is cut, and the other node serves both") {
	static struct pair annex;
	scene_open(scene, NULL);
	struct probe *probe = probe_start(&scene->net, ANNEX, probe_interval(scene->within));
	scene_start(scene, NET_HA1);
	start_annex(scene, &annex);
	nanos fault = clock_now();
	net_cut(&scene->net, NET_HA1, NET_CUT_FRAMES);
	scene_served(scene, NET_HA2, fault, scene->within, false);
	struct probe_gap gap = probe_outage(probe, fault, clock_now());
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
		    ANNEX " was not served for %.1f ms, and its primary was not cut", clock_ms(gap.to - gap.from));
	net_mend(&scene->net, NET_HA1);
	scene_check(scene, scene_settle(scene) == NET_HA2, "edge does not stay on ha2");
	scene_check(scene, pair_wait_settled(&annex, scene_patience(scene)) == NET_HA2, "annex does not stay on ha2");

	scene_verb(scene, NET_HA1, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA1, "edge is not on ha1");
	scene_check(scene, pair_wait_settled(&annex, scene_patience(scene)) == NET_HA2, "annex moved with edge");
	pair_expect_alive(&annex);
	unsigned owners = probe_owners_max(probe, scene->sniff, scene->begin, clock_now());
	scene_safe(scene, owners == 1, "two owners: %u MACs answered one probe of " ANNEX, owners);
	probe_stop(probe);
}
