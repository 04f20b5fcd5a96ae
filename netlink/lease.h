/* The kernel lease: the right to speak for the shared IPs is an nftables element with a timeout. This module owns the table
 * that holds it: `hamon_TAG`, family netdev, one for each cluster, by libnftnl and libmnl.
 *
 *   set lease     one element, a constant key, with a timeout: while it is there, the node may speak for the shared IPs
 *   set permit    the same, set by lease_permit(): while it is there, a heartbeat with the grant mark may create the lease
 *   set v4, v6    the shared IPs
 *   chains renewal, grant       what a marked heartbeat of this cluster may do (below)
 *   chains out_NAME, in_NAME    egress and ingress of each interface; lease_rules.c says where they lead
 *
 * Egress: a frame of the shared IPs (IPv4 and IPv6 source, ARP sender, neighbour advertisement's target) leaves only while
 * the lease is there. Ingress: a packet to a shared IP is taken in only then: a client's old ARP entry may still lead here.
 *
 * A heartbeat (EtherType 0x88b5, or UDP to the plan's port; this cluster's tag) with a mark must be root's (meta skuid 0).
 * Marked grant, it is looked up in `permit`, and sets the lease; marked renew, it is looked up in `lease`, and then sets it
 * to its full length. The look-up comes first, or an expired lease would come back. A marked one that passes neither is
 * dropped.
 *
 * How its sender hears of that: send() on a packet socket fails with ENOBUFS. On a UDP socket it does so only with
 * IP_RECVERR, or IPV6_RECVERR on an IPv6 one; without it send() succeeds (udp_send_skb(), net/ipv4/udp.c). A datagram to a
 * neighbour whose address is not known yet waits in the kernel: send() succeeds, and it passes the rules when it leaves,
 * perhaps seconds later, or never. So after a marked datagram the element is looked at (lease_left()): a renewed one has
 * the whole length left.
 *
 * Nothing here is done for a heartbeat: the packet path renews. Each call is one netlink transaction: some 35 us, 0.5 ms
 * for the table, 4 ms with 2,048 addresses. A refused one takes some 10 ms, since the kernel waits for packets that it may
 * have touched (an RCU grace period). Else nothing waits but for nf_tables' own lock, which a large ruleset that somebody
 * loads may hold. Never blocks for an answer: the kernel has queued it before sendto() returns. */
#ifndef HAMON_NETLINK_LEASE_H
#define HAMON_NETLINK_LEASE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hamon/conf/conf.h"
#include "hamon/mono.h"

enum {
	LEASE_INTERFACES = CORE_LINKS + 2 * CONF_INTERFACES,
	LEASE_ADDRESSES = 2 * CORE_IPS, /* those of a new configuration, and the old ones that are still to be removed */
	LEASE_TABLE = 16,               /* bytes of the table's name, with its NUL */
	LEASE_WHAT = 96,
};

/* What the table is made for. */
struct lease_plan {
	span_t length;     /* L: whole ticks of the kernel */
	uint16_t udp_port; /* of heartbeats over UDP, the destination's; 0: there are none, and no datagram renews */
	unsigned interfaces_n, addresses_n;
	char interfaces[LEASE_INTERFACES][IF_NAMESIZE]; /* that carry shared IPs, or heartbeats; each exists, each once */
	struct ip_address addresses[LEASE_ADDRESSES];
};

/* What the kernel refused, in words for an operator: "an egress hook on eth0 (Linux 5.16 or later,
 * CONFIG_NETFILTER_EGRESS)". */
struct lease_refusal {
	char what[LEASE_WHAT];
};

struct lease;

/* One for the cluster of this tag (auth_cluster_tag()). Nothing is made yet. NULL when memory ran out, or errno: no netlink
 * socket of nf_tables can be had. */
struct lease *lease_open(uint32_t tag);
void lease_close(struct lease *lease);
/* "hamon_1a2b3c4d" */
const char *lease_table(const struct lease *lease);

/* Can this kernel do it? Makes such a table under another name, on the loopback interface, and removes it. 0; or -errno,
 * and *why names the first thing that is missing. May load kernel modules, so it may take a while: not for the monitor. */
int lease_probe(struct lease *lease, struct lease_refusal *why);

/* Makes the table as planned, without a lease and without a permit, in place of the one that is there, in one transaction:
 * there is no moment without rules. 0; or -errno, nothing was changed, and *why (NULL: not wanted) says what was
 * refused. */
int lease_build(struct lease *lease, const struct lease_plan *plan, struct lease_refusal *why);

/* Changes the table from the plan it was built or updated by to another one; lease and permit stay as they are (a new
 * length counts from the next renewal). One transaction. 0, or -errno (-ENOENT: the table is not what we made; -ENODEV:
 * there is no such interface): nothing was changed, and lease_build() is the way on. */
int lease_update(struct lease *lease, const struct lease_plan *plan);

/* Is the table what we made of it? Looks at chains, rules and addresses. 0, -ESTALE (it is not), or -errno. What it does
 * not see: an interface that was renamed, or made anew, has no hook any more, though the chain stands. Build again then. */
int lease_check(struct lease *lease);

/* The permit, for so long from now (whole ticks of it, at least one, and at least 1 ms). 0 or -errno. */
int lease_permit(struct lease *lease, span_t life);
int lease_drop_permit(struct lease *lease);

/* Ends lease and permit. 0: from now on no frame of the shared IPs leaves and none to them is taken in. -ENOENT: there is
 * no such table, so nothing is guarded. Other -errno: unknown. */
int lease_drop(struct lease *lease);

/* What is left of them, as the kernel counts it (whole ticks). 0, -ENOENT: there is none; or -errno. *left is untouched
 * then. */
int lease_left(struct lease *lease, span_t *left);
int lease_permit_left(struct lease *lease, span_t *left);

/* Removes the table: nothing is guarded any more, so the shared IPs must be gone before. 0, also when there was none. */
int lease_remove(struct lease *lease);

/* This process is the cluster's daemon in this network namespace, until the lease is closed or the process ends: then the
 * kernel forgets it. 0; -EBUSY: another one is; or -errno: not known (Linux before 5.12 cannot keep it). Once a lease. */
int lease_occupy(struct lease *lease);

/* ---- what others do to it (lease_watch.c) ---- */

/* Somebody changed our table, or it was removed. */
struct lease_change {
	bool lost;             /* notices overran: something may have changed; the rest is empty. lease_check() tells */
	char what[LEASE_WHAT]; /* "the table was removed" */
	char program[16 + 1];  /* who, as the kernel tells it; empty when it does not */
	int pid;               /* 0 when it does not */
};

struct lease_watch;

/* Notices begin now. NULL, with errno. */
struct lease_watch *lease_watch_open(void);
void lease_watch_close(struct lease_watch *watch);
int lease_watch_fd(const struct lease_watch *watch); /* for epoll, EPOLLIN */

typedef void lease_watch_fn(void *arg, const struct lease_change *change);

/* Reads what is there and calls fn once for each transaction of somebody else that touched the lease's table. 0 or
 * -errno. */
int lease_watch_read(struct lease_watch *watch, const struct lease *lease, lease_watch_fn *fn, void *arg);

#endif
