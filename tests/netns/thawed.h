/* A primary that stood still, and goes on when the other node has the role. */
#ifndef NETNS_THAWED_H
#define NETNS_THAWED_H

#include "tests/netns/test.h"

/* It went on at `thaw`: its third heartbeat since then says at the latest that it holds nothing, it is the backup within
 * three heartbeat intervals, and its peer stays primary. */
void thawed_check(struct scene *scene, enum net_host host, nanos thaw);

#endif
