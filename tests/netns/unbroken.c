/* No takeover: see unbroken.h. */
#include "tests/netns/unbroken.h"

#include <stdlib.h>
#include <string.h>

#include "tests/netns/owners.h"
#include "tests/netns/times.h"

static void wait_explained(struct scene *scene, enum net_host host, const char *text) {
	for (nanos end = scene_patience(scene);;) {
		struct pair_result result = pair_verb(&scene->pair, host, "explain now");
		bool said = strstr(result.output, text) != NULL;
		scene_check(scene, said || clock_now() < end, "`hamon explain now` on %s does not say \"%s\": %s",
			    net_host_name(host), text, result.output);
		free(result.output);
		if (said)
			return;
	}
}

void unbroken_check(struct scene *scene, enum net_host primary, nanos fault, const char *explained) {
	wait_explained(scene, pair_other(primary), explained);
	scene_watch(scene, (int)primary, fault, 5 * scene->within);
	unsigned claims = owners_check(scene, PAIR_SHARED, primary, fault);
	/* A lease that ran out while the machine stood still, and is regained, is no takeover. */
	nanos frozen = freeze_worst(scene->freeze, fault, clock_now());
	scene_bound(scene, claims == 0 || frozen > times_lease(scene, primary) / 2, fault, clock_now(),
		    "the role was claimed %u times", claims);
	owners_check_silent(scene, PAIR_SHARED, pair_other(primary), fault);
	wait_explained(scene, pair_other(primary), explained);
}
