/* Who spoke for a shared IP, over any number of moves, by the frames on the switch. */
#ifndef NETNS_OWNERS_H
#define NETNS_OWNERS_H

#include "tests/netns/test.h"

/* When the host's first frame since then that asserts the shared IP came in; fails the test when none came. */
nanos owners_first(struct scene *scene, const char *shared, enum net_host host, nanos since);

/* No overlap, however often the role moved since then, when `owner` had it: each frame that asserts the shared IP must have
 * come from the node whose heartbeat with the grant mark was the last one before it. Returns how many such heartbeats
 * came. */
unsigned owners_check(struct scene *scene, const char *shared, enum net_host owner, nanos since);

/* The host may not have asserted the shared IP since then. */
void owners_check_silent(struct scene *scene, const char *shared, enum net_host host, nanos since);

#endif
