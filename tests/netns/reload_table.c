/* A shared IP comes and goes by reload: the lease's table on the primary follows, and the lease goes on. */
#include <stdlib.h>
#include <string.h>

#include "tests/netns/repair.h"

#define FIRST   "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" }"
#define SECOND  "192.0.2.101"
#define SECOND6 "2001:db8::101"

static void reload_both(struct scene *scene, const char *shared_ips) {
	for (unsigned host = 0; host < NET_NODES; host++) {
		pair_configure(&scene->pair, host, &(struct pair_conf){.within = scene->within, .shared_ips = shared_ips});
		scene_verb(scene, host, "reload");
	}
}

static bool listed(struct scene *scene, enum net_host host, const char *address) {
	char *table = repair_listing(scene, host);
	bool found = strstr(table, address) != NULL;
	free(table);
	return found;
}

/* Both addresses in the table, and on the interface of the primary; or neither. */
static void wait_both(struct scene *scene, bool there) {
	static const char *const addresses[] = {SECOND, SECOND6};
	nanos begin = clock_now(), end = scene_patience(scene);
	for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		for (unsigned host = 0; host < NET_NODES; host++)
			while (listed(scene, host, addresses[i]) != there)
				scene_bound(scene, clock_now() < end, begin, end, "%s's table %s %s", net_host_name(host),
					    there ? "lacks" : "still has", addresses[i]);
		while (pair_holds(&scene->pair, NET_HA1, addresses[i]) != there)
			scene_bound(scene, clock_now() < end, begin, end, "ha1 %s %s", there ? "lacks" : "still has",
				    addresses[i]);
	}
}

NETNS_TEST(reload_table, "shared IPs come and go by reload: the primary's table follows, its lease goes on") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	double epoch = pair_number(&scene->pair, NET_HA1, "/epoch");
	scene_check(scene, !listed(scene, NET_HA1, SECOND), "the table has " SECOND " at the start");
	nanos fault = clock_now();
	reload_both(scene, FIRST ", { address = \"" SECOND "/24\" interface = \"eth0\" },"
				 "{ address = \"" SECOND6 "/64\" interface = \"eth0\" }");
	wait_both(scene, true);
	reload_both(scene, FIRST);
	wait_both(scene, false);
	scene_check(scene, listed(scene, NET_HA1, PAIR_SHARED), "the table lost " PAIR_SHARED);

	scene_watch(scene, NET_HA1, fault, scene->within);
	struct probe_gap gap = probe_outage(scene->probe, fault, clock_now());
	scene_bound(scene, gap.to - gap.from <= scene->within / 4, fault, clock_now(),
		    "the client was not served for %.1f ms while the configuration changed", clock_ms(gap.to - gap.from));
	scene_bound(scene, pair_number(&scene->pair, NET_HA1, "/epoch") == epoch, fault, clock_now(),
		    "ha1 had to claim anew");
	scene_check(scene, pair_number(&scene->pair, NET_HA1, "/lease/changes") == 0,
		    "ha1 takes its own changes of the table for others'");
	scene_bound(scene, scene_settle(scene) == NET_HA1, fault, clock_now(), "ha2 took the role");
	repair_check_guards(scene);
}
