/* Whether this machine's kernel can keep the lease, in words: the supervisor goes by it, and `check-config` shows it. */
#ifndef HAMON_KERNEL_LEASE_H
#define HAMON_KERNEL_LEASE_H

#include "hamon/conf/conf.h"

enum { KERNEL_LEASE_WHY = 160 };

/* What an operator of such a kernel can choose, and what that costs. */
#define KERNEL_LEASE_ADVICE                                                                                                \
	"failover = { lease = \"off\" } goes without, by your explicit choice; a primary that is killed, hung or frozen "  \
	"then keeps the shared IPs"

/* Asks the kernel, as root, by making and removing a table of rules on the loopback interface; that may load kernel
 * modules. 0; or -errno, and *why is what it refuses, and how: "an egress hook on lo (Linux 5.16 or later): Operation not
 * supported". */
int kernel_lease_probe(const struct conf *conf, char why[static KERNEL_LEASE_WHY]);

#endif
