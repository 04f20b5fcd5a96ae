/* What a primary announces, as the sniffer saw it. */
#ifndef NETNS_ANNOUNCEMENTS_H
#define NETNS_ANNOUNCEMENTS_H

#include "tests/netns/test.h"

/* Waits until the host began, after `since`, to announce the shared IP from the start: the first announcements follow one
 * another so fast that those of an earlier beginning cannot be taken for them. Fails the test when it does not begin.
 * Returns when the first of them left. */
nanos announcements_begin(struct scene *scene, enum net_host host, nanos since);

#endif
