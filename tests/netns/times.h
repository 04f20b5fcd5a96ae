/* The daemon's own timers, for bounds that follow from them. */
#ifndef NETNS_TIMES_H
#define NETNS_TIMES_H

#include <stdio.h>

#include "tests/netns/test.h"

/* `name` as the status has it, such as "lease_ms". */
static inline nanos times_of(struct scene *scene, enum net_host host, const char *name) {
	char pointer[64];
	snprintf(pointer, sizeof(pointer), "/timers/%s", name);
	double ms = pair_number(&scene->pair, host, pointer);
	scene_check(scene, ms > 0, "%s's status has no %s", net_host_name(host), pointer);
	return (nanos)(ms * (double)NANOS_MS);
}

#endif
