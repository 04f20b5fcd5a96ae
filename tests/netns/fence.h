/* What the fence tests have in common. */
#ifndef NETNS_FENCE_H
#define NETNS_FENCE_H

#include "tests/netns/hooks.h"

/* A pair with so much more inside of fence = { ... }, whose fence works at first; ha1 is its primary. A node that starts
 * and hears nobody fences, too. */
void fence_start(struct scene *scene, const char *more);

/* From now on the fence runs this shell script instead. */
void fence_becomes(struct scene *scene, const char *script);

/* ha1 is dead; ha2 tries to fence it, fails, and does not serve, which its status shows. */
void fence_check_refused(struct scene *scene, nanos fault);

#endif
