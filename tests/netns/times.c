/* Bounds that follow from the timers: see times.h. */
#include "tests/netns/times.h"

#include <stdio.h>

#include "tests/lab/shell.h"

nanos times_of(struct scene *scene, enum net_host host, const char *name) {
	char pointer[64];
	shell_print(pointer, sizeof(pointer), "/timers/%s", name);
	double ms = pair_number(&scene->pair, host, pointer);
	scene_check(scene, ms > 0, "%s's status has no %s", net_host_name(host), pointer);
	return (nanos)(ms * (double)NANOS_MS);
}

nanos times_lease(struct scene *scene, enum net_host host) {
	return times_of(scene, host, "lease_ms") + times_of(scene, host, "jiffies_lag_ms");
}

nanos times_unechoed(struct scene *scene, enum net_host host) {
	return times_of(scene, host, "echo_ms") + times_lease(scene, host);
}

void times_check_silent(struct scene *scene, const char *shared, enum net_host host, nanos fault, nanos by) {
	struct frame_ip ip = frame_ip(shared);
	nanos last = sniff_last_claim(scene->sniff, &ip, host, fault, clock_now());
	scene_check(scene, last > 0, "%s did not speak for %s at all since the fault: nothing is tested",
		    net_host_name(host), shared);
	printf("%s spoke for %s for another %.1f ms, at most %.1f ms are allowed\n", net_host_name(host), shared,
	       clock_ms(last - fault), clock_ms(by - fault));
	scene_bound(scene, last <= by, fault, last, "%s spoke for %s for another %.1f ms", net_host_name(host), shared,
		    clock_ms(last - fault));
}
