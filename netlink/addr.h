/* Addresses of interfaces: adding and deleting them in batches, listing them. Those added here are marked as ours
 * (IFA_PROTO), so that leftovers are found after a crash. It decides nothing: node/ips.c says which and when. */
#ifndef HAMON_NETLINK_ADDR_H
#define HAMON_NETLINK_ADDR_H

#include <stddef.h>
#include <stdint.h>

#include "hamon/conf/conf.h"
#include "netlink/rtnl.h"

enum addr_op { ADDR_ADD, ADDR_DELETE, ADDR__OPS };
const char *addr_op_name(enum addr_op op);

enum {
	ADDR_PROTO = 0x48, /* 'H', our mark; shown by `ip` since 6.3. Kernels before 5.18 keep no mark: `proto` reads 0 */
	ADDR_MAX = 256,    /* no call takes more */
};

struct addr_change {
	int ifindex;
	struct ip_address address;
	uint8_t prefix;
	uint32_t valid; /* ADDR_ADD: seconds after which the kernel removes it, unless it is set again; 0: it stays */
};

/* Carries out n <= ADDR_MAX changes in one system call and reads every answer; nothing waits. results[i] is 0 or -errno.
 *
 * Delete in the reverse order of adding: then the secondary IPv4 addresses of a subnet go before their primary. When it
 * goes first the kernel moves all the others behind a new primary (__inet_del_ifa(), net/ipv4/devinet.c): with a thousand
 * in one subnet that is 2.4 ms for each, 2.4 s in all, instead of 7 ms.
 *
 * An address that is already there (same prefix) counts as added, one that is already gone, or whose interface is gone, as
 * deleted. IPv6 is added without duplicate address detection (IFA_F_NODAD), so it is usable at once; IPv4 gets no broadcast
 * address, as with `ip address add`.
 *
 * With `valid` the kernel removes the address by itself after so many seconds, give or take (20 ms early, a second late),
 * and tells of it as of any deletion; adding it again renews it. It keeps its place then, and IPv6 its state: no duplicate
 * address detection, no advertisement; one notice. But a renewal of IPv6 makes the kernel report all multicast groups of
 * the interface (ipv6_mc_up(), by ipv6_find_idev(), net/ipv6/addrconf.c): a few MLD reports for a batch, so renew all
 * close together.
 *
 * An address that is there without a lifetime must not be given one so, nor the other way round: delete it first. For IPv6
 * the kernel would change the first route of the prefix that it finds, which may be that of the node's own address
 * (modify_prefix_route(), net/ipv6/addrconf.c), or forget ours.
 *
 * 0 when every result is known, whatever it is; -errno when the kernel could not be asked, all results set to it, or
 * -EPROTO when an answer is missing: those results are -EPROTO, and addr_list() tells what was done. */
int addr_apply(struct rtnl *rtnl, enum addr_op op, const struct addr_change *list, size_t n, int results[]);

/* An address as the kernel has it. */
struct addr_entry {
	int ifindex;
	struct ip_address address;
	uint8_t prefix;
	uint8_t proto;  /* ADDR_PROTO: ours */
	uint32_t flags; /* IFA_F_SECONDARY, IFA_F_TENTATIVE, ... (linux/if_addr.h) */
};

/* From an RTM_NEWADDR or RTM_DELADDR. 0, -EAFNOSUPPORT (neither IPv4 nor IPv6) or -EBADMSG. */
int addr_decode(struct nlmsghdr *message, struct addr_entry *out);

typedef void addr_fn(void *arg, const struct addr_entry *entry);

/* Calls fn with every IPv4 and IPv6 address of the interface (0: of all). 0 or -errno; -EINTR: the list changed while it
 * was read, something may be missing: ask again. */
int addr_list(struct rtnl *rtnl, int ifindex, addr_fn *fn, void *arg);

/* Tells the kernel to keep an interface's secondary IPv4 addresses when their primary is deleted (it deletes them all by
 * default; inet_del_ifa(), net/ipv4/devinet.c). Without it, deleting a shared IP could take the node's own address along.
 * The same as net.ipv4.conf.IF.promote_secondaries=1, by index and without a file. 0 or -errno. */
int addr_promote_secondaries(struct rtnl *rtnl, int ifindex);

#endif
