/* Changes of addresses in a thread of their own. Each takes the kernel's rtnl lock, which every rtnetlink change on the
 * host takes, and which some hold for long: seconds, while network namespaces are torn down. Whoever has heartbeats to send
 * must not wait for it. One batch at a time, handed over and taken back; nothing is allocated meanwhile. */
#ifndef HAMON_NETLINK_ADDR_THREAD_H
#define HAMON_NETLINK_ADDR_THREAD_H

#include <stdbool.h>

#include "netlink/addr.h"

/* Some milliseconds at most, so that what is asked for next does not wait long. Measured: IPv4 7 us each, to renew one 2 to
 * 7; IPv6 30 us to delete and 40 to 160 us to add, since the kernel's own work on each new address (joining its
 * solicited-node group: addrconf_dad_work()) competes for the rtnl lock; to renew one 10 us, and 60 with 500 of them, whose
 * groups are walked each time. */
enum { ADDR_THREAD_BATCH = 32 };

struct addr_batch {
	enum addr_op op;
	size_t n;
	struct addr_change list[ADDR_THREAD_BATCH];
	int results[ADDR_THREAD_BATCH]; /* as addr_apply() gives them */
};

struct addr_thread;

/* Starts it, with the scheduling of its caller, one step below. 0 or -errno. */
int addr_thread_start(struct addr_thread **out);
/* Ends it, when its batch is done. NULL is none. */
void addr_thread_stop(struct addr_thread *thread);

/* For epoll, level-triggered, EPOLLIN: a batch is done. */
int addr_thread_fd(const struct addr_thread *thread);

/* Hands a batch over. The one before was taken back: asserted. */
void addr_thread_give(struct addr_thread *thread, const struct addr_batch *batch);

/* Takes back the batch that was handed over, with its results. False: it is not done yet. */
bool addr_thread_take(struct addr_thread *thread, struct addr_batch *out);

#endif
