/* Takes shared IPs off this node's interfaces: leftovers at the start, and all of them at once when the monitor died. */
#ifndef HAMON_PURGE_H
#define HAMON_PURGE_H

#include "hamon/statedir.h"
#include "netlink/rtnl.h"

/* Removes each listed address, whatever its prefix, from the interface it is listed with, and from any other where it bears
 * our mark (an interface may have been renamed since); the node's own addresses stay. 0 when none is left, or the
 * -errno of the newest failure: something may still stand. *removed is set in either case. */
int purge_addresses(struct rtnl *rtnl, const struct statedir_addresses *addresses, unsigned *removed);

#endif
