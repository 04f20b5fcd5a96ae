/* Asks the kernel whether it can keep the lease, as kernel_lease.h says. */
#include "hamon/kernel_lease.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hamon/auth.h"
#include "netlink/lease.h"

int kernel_lease_probe(const struct conf *conf, char why[static KERNEL_LEASE_WHY]) {
	struct lease_refusal refusal = {.what = "a netlink socket of nf_tables (CONFIG_NF_TABLES)"};
	struct lease *lease = lease_open(auth_cluster_tag(conf->cluster));
	int rc = lease ? lease_probe(lease, &refusal) : -errno;
	if (lease)
		lease_close(lease);
	if (rc < 0)
		snprintf(why, KERNEL_LEASE_WHY, "%s: %s", refusal.what, strerror(-rc));
	return rc;
}
