/* A daemon died with its addresses in place, and the configuration changed before it was started again. */
#include "tests/netns/test.h"

NETNS_TEST(leftovers, "leftovers of an older configuration are purged at the start, the node's own addresses are not") {
	static const char other[] = "{ address = \"192.0.2.101/24\" interface = \"eth0\" }";
	struct pair_conf conf = {.shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
					       "{ address = \"2001:db8::100/64\" interface = \"eth0\" }"};
	scene_open(scene, &conf);
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 is primary without the shared IP");
	scene_crash(scene, NET_HA1);
	scene_check(scene, pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "nothing is left over: the test tests nothing");

	conf.within = scene->within;
	conf.shared_ips = other;
	pair_configure(&scene->pair, NET_HA1, &conf);
	pair_start(&scene->pair, NET_HA1);
	scene_wait(scene, NET_HA1, "/state", "primary");
	static const char *const gone[] = {PAIR_SHARED, "2001:db8::100"};
	static const char *const there[] = {"192.0.2.101", "192.0.2.11", "2001:db8::11"};
	for (unsigned i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		scene_check(scene, !pair_holds(&scene->pair, NET_HA1, gone[i]), "%s was not purged", gone[i]);
	for (unsigned i = 0; i < sizeof(there) / sizeof(*there); i++)
		scene_check(scene, pair_holds(&scene->pair, NET_HA1, there[i]), "%s is missing", there[i]);
}
