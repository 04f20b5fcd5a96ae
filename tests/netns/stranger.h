/* A third host that claims the shared IP. */
#ifndef NETNS_STRANGER_H
#define NETNS_STRANGER_H

#include "tests/netns/test.h"

/* Its MAC, as people write it. */
#define STRANGER_MAC "02:00:00:00:00:66"

/* Opens the scene, with the stranger on the switch, and starts with ha1 as the primary. */
void stranger_open(struct scene *scene, const struct pair_conf *conf);

/* The host raises the alarm within a second of the stranger's claim: its MAC in the log and in status. */
void stranger_check_alarm(struct scene *scene, enum net_host host, nanos claim);

/* Has the stranger claim the shared IP. Both nodes raise the alarm within a second: its MAC in the log and in status.
 * Returns when it began. */
nanos stranger_claims(struct scene *scene);

#endif
