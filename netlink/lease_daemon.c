/* One daemon of a cluster in a network namespace: the mark that it lives, as a table of nf_tables that its socket owns.
 *
 * The lease's table and the addresses belong to the namespace, so what tells of the daemon must as well, and must end with
 * it. A file's lock does not: a container that shares the host's namespace has a /run of its own. An abstract unix socket,
 * or a port, would, but whoever is in the namespace could take the name first, and so keep the daemon from starting. A
 * table with an owner (NFT_TABLE_F_OWNER, Linux 5.12) takes CAP_NET_ADMIN, no other program can change or flush it, and
 * the kernel removes it when the owner's socket is closed (nft_rcv_nl_event(), net/netfilter/nf_tables_api.c). It has no
 * chain, and so no part in what passes. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stdio.h>

#include "netlink/lease_parts.h"

static void found(void *arg, struct nlmsghdr *message) {
	bool *owned = arg;
	*owned = lease_attribute(message, NFTA_TABLE_OWNER);
}

/* 0: it is there, *owned: somebody's; -ENOENT; or -errno. */
static int look_for(struct lease *lease, const char *table, bool *owned) {
	enum { REQUEST = 256 };
	_Alignas(struct nlmsghdr) char buffer[REQUEST];
	return rtnl_ask(&lease->netlink, lease_request(buffer, NFT_MSG_GETTABLE, NLM_F_ACK, table), found, owned);
}

static void put_table(struct lease *lease, uint16_t type, uint16_t flags, const char *table) {
	struct nlmsghdr *message = lease_batch_add(lease, type, flags, NEED_TABLE, NULL);
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	if (type == NFT_MSG_NEWTABLE)
		mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
}

int lease_occupy(struct lease *lease) {
	char table[LEASE_TABLE + 8];
	snprintf(table, sizeof(table), "%s_daemon", lease->table);
	bool owned = false;
	/* Asked first: a transaction that is refused would hold up the other daemon's own ones. */
	int looked = look_for(lease, table, &owned);
	if (owned)
		return -EBUSY;
	lease_batch_begin(lease, table);
	if (looked == 0) /* nobody's: rules that were saved and restored, perhaps */
		put_table(lease, NFT_MSG_DELTABLE, 0, table);
	put_table(lease, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, table);
	int error = lease_batch_commit(lease, NULL);
	/* Another one was faster: to all but its owner the kernel says EPERM, as to those who may do nothing at all. */
	return error < 0 && look_for(lease, table, &owned) == 0 && owned ? -EBUSY : error;
}
