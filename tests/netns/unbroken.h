/* The backup hears its peer in no direct way, and yet must not take over. */
#ifndef NETNS_UNBROKEN_H
#define NETNS_UNBROKEN_H

#include "tests/netns/test.h"

/* Watches the primary go on, undisturbed, since the fault; and the backup's `explain now` must say the text. */
void unbroken_check(struct scene *scene, enum net_host primary, nanos fault, const char *explained);

#endif
