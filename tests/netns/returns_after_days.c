/* The old primary returns when much has happened without it. */
#include "tests/lab/wallclock.h"
#include "tests/netns/owners.h"

static const long long days = 10 * 86400LL; /* seconds */

/* Meanwhile the other node serves alone: each start claims with an epoch above all that its disk knows of. */
enum { STARTS = 3 };

static void restart_alone(struct scene *scene, enum net_host host) {
	double epoch = pair_number(&scene->pair, host, "/epoch");
	pair_kill_all(&scene->pair, host);
	nanos start = clock_now();
	pair_start(&scene->pair, host);
	scene_wait(scene, host, "/state", "primary");
	scene_check(scene, probe_wait_owner(scene->probe, host, start, scene_patience(scene)), "%s does not serve",
		    net_host_name(host));
	double now = pair_number(&scene->pair, host, "/epoch");
	scene_safe(scene, now > epoch, "%s claimed with epoch %.0f, and %.0f had been used", net_host_name(host), now,
		   epoch);
}

NETNS_TEST(returns_after_days,
	   "a primary of old returns days later: it purges what it left, is the backup, and takes no old epoch up again") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	double old = pair_number(&scene->pair, NET_HA1, "/epoch");
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	for (unsigned i = 0; i < STARTS; i++)
		restart_alone(scene, NET_HA2);
	double epoch = pair_number(&scene->pair, NET_HA2, "/epoch");
	scene_check(scene, epoch > old + 2 * STARTS, "epoch %.0f is hardly above %.0f", epoch, old);

	nanos back = clock_now();
	wallclock_start(&scene->pair, NET_HA1, days);
	scene_bound(scene, scene_settle(scene) == NET_HA2, back, clock_now(), "ha1 took the role when it came back");
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 still bears the shared IP");
	scene_watch(scene, NET_HA2, back, 2 * scene->within);
	owners_check_silent(scene, PAIR_SHARED, NET_HA1, back);

	scene_verb(scene, NET_HA1, "takeover");
	scene_check(scene, scene_settle(scene) == NET_HA1, "ha1 did not get the role when it was asked for");
	double now = pair_number(&scene->pair, NET_HA1, "/epoch");
	scene_safe(scene, now > epoch, "ha1 claimed with epoch %.0f, and %.0f had been used", now, epoch);
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
}
