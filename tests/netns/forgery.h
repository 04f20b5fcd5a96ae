/* Marked heartbeats sent by a local user who is not root, all the time. */
#ifndef NETNS_FORGERY_H
#define NETNS_FORGERY_H

#include "tests/netns/test.h"

struct forgery;

/* Starts sending on the host's interface, one a millisecond: real heartbeats of both nodes, of the last seconds, as they
 * were if they bear a mark, and with each mark put into them. */
struct forgery *forgery_start(struct scene *scene, enum net_host host);

/* Ends it. Each frame must have been refused as it was sent; fails the test otherwise. */
void forgery_stop(struct scene *scene, struct forgery *forgery);

#endif
