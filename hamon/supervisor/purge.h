/* Silences this node from outside the monitor: leftovers at the start, and all at once when the monitor died. The lease
 * ends first: without it the kernel passes no frame of the shared IPs, however long their addresses still take to go. */
#ifndef HAMON_SUPERVISOR_PURGE_H
#define HAMON_SUPERVISOR_PURGE_H

#include "hamon/supervisor/statedir.h"
#include "netlink/lease.h"
#include "netlink/rtnl.h"

/* Removes each listed address, whatever its prefix, from the interface it is listed with, and from any other where it bears
 * our mark (an interface may have been renamed since); the node's own addresses stay. 0 when none is left, or the
 * -errno of the newest failure: something may still stand. *removed is set in either case. */
int purge_addresses(struct rtnl *rtnl, const struct statedir_addresses *addresses, unsigned *removed);

struct purged {
	bool table;       /* the lease's table was there */
	unsigned removed; /* so many addresses */
	int lease_error;  /* 0; or -errno: what of the lease or its table is left is not known */
	int error;        /* 0; or purge_addresses()'s -errno: something may still stand */
};

/* Ends the lease, then removes the addresses. The table stays, and with it the silence. `lease` NULL: there is none. */
void purge_silence(struct lease *lease, struct rtnl *rtnl, const struct statedir_addresses *addresses, struct purged *out);

/* The same, then removes the table as well; but not while an address may still stand, for it keeps that one silent. */
void purge_all(struct lease *lease, struct rtnl *rtnl, const struct statedir_addresses *addresses, struct purged *out);

#endif
