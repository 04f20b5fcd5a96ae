/* What others do to the lease's table, as nf_tables tells those who ask: the messages of a transaction, and at its end one
 * of the ruleset's new generation, which names the program. */
#include "netlink/lease_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_MAX = 4096 /* datagrams a call: who loads a large ruleset must not keep the heartbeats waiting */ };

/* The kinds of change, the gravest last: a transaction is told by that. */
enum kind {
	KIND_NONE,
	KIND_OTHER,
	KIND_ELEMENT_ADDED,
	KIND_ELEMENT_REMOVED,
	KIND_SET_ADDED,
	KIND_SET_REMOVED,
	KIND_RULE_ADDED,
	KIND_RULE_REMOVED,
	KIND_CHAIN_CHANGED,
	KIND_CHAIN_REMOVED,
	KIND_TABLE_CHANGED,
	KIND_TABLE_REMOVED,
	KIND__COUNT,
};

static const char *const kind_words[] = {
	[KIND_NONE] = "nothing was changed",
	[KIND_OTHER] = "something was changed in the table",
	[KIND_ELEMENT_ADDED] = "a set was given an element",
	[KIND_ELEMENT_REMOVED] = "a set lost an element",
	[KIND_SET_ADDED] = "a set was added",
	[KIND_SET_REMOVED] = "a set was removed",
	[KIND_RULE_ADDED] = "a rule was added",
	[KIND_RULE_REMOVED] = "a rule was removed",
	[KIND_CHAIN_CHANGED] = "a chain was added or changed",
	[KIND_CHAIN_REMOVED] = "a chain was removed",
	[KIND_TABLE_CHANGED] = "the table was added or changed",
	[KIND_TABLE_REMOVED] = "the table was removed",
};
_Static_assert(sizeof(kind_words) / sizeof(kind_words[0]) == KIND__COUNT, "words for each kind");

struct lease_watch {
	int fd;
	bool overrun;   /* lost notices, not yet reported */
	enum kind kind; /* of the transaction that is being read */
	_Alignas(struct nlmsghdr) char buffer[RTNL_BUFFER];
};

struct lease_watch *lease_watch_open(void) {
	struct lease_watch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	watch->fd = lease_socket(1U << (NFNLGRP_NFTABLES - 1));
	if (watch->fd >= 0)
		return watch;
	int error = -watch->fd;
	free(watch);
	errno = error;
	return NULL;
}

void lease_watch_close(struct lease_watch *watch) {
	if (!watch)
		return;
	close(watch->fd);
	free(watch);
}

int lease_watch_fd(const struct lease_watch *watch) {
	return watch->fd;
}

static enum kind kind_of(uint8_t type) {
	switch (type) {
	case NFT_MSG_NEWTABLE:
		return KIND_TABLE_CHANGED;
	case NFT_MSG_DELTABLE:
		return KIND_TABLE_REMOVED;
	case NFT_MSG_NEWCHAIN:
		return KIND_CHAIN_CHANGED;
	case NFT_MSG_DELCHAIN:
		return KIND_CHAIN_REMOVED;
	case NFT_MSG_NEWRULE:
		return KIND_RULE_ADDED;
	case NFT_MSG_DELRULE:
		return KIND_RULE_REMOVED;
	case NFT_MSG_NEWSET:
		return KIND_SET_ADDED;
	case NFT_MSG_DELSET:
		return KIND_SET_REMOVED;
	case NFT_MSG_NEWSETELEM:
		return KIND_ELEMENT_ADDED;
	case NFT_MSG_DELSETELEM:
		return KIND_ELEMENT_REMOVED;
	}
	return KIND_OTHER; /* of this kernel's or a later one's */
}

static void report(const struct lease_watch *watch, const struct nlmsghdr *generation, lease_watch_fn *fn, void *arg) {
	struct lease_change change = {0};
	const struct nlattr *pid = lease_attribute(generation, NFTA_GEN_PROC_PID);
	const struct nlattr *name = lease_attribute(generation, NFTA_GEN_PROC_NAME);
	snprintf(change.what, sizeof(change.what), "%s", kind_words[watch->kind]);
	if (pid && mnl_attr_validate(pid, MNL_TYPE_U32) >= 0)
		change.pid = (int)ntohl(mnl_attr_get_u32(pid));
	if (name && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(change.program, sizeof(change.program), "%s", mnl_attr_get_str(name));
	fn(arg, &change);
}

static void take(struct lease_watch *watch, const struct lease *lease, int len, lease_watch_fn *fn, void *arg) {
	for (const struct nlmsghdr *at = (const struct nlmsghdr *)watch->buffer; mnl_nlmsg_ok(at, len);
	     at = mnl_nlmsg_next(at, &len)) {
		if (NFNL_SUBSYS_ID(at->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
			continue;
		uint8_t type = NFNL_MSG_TYPE(at->nlmsg_type);
		if (type == NFT_MSG_NEWGEN) {
			if (watch->kind != KIND_NONE)
				report(watch, at, fn, arg);
			watch->kind = KIND_NONE;
		} else if (at->nlmsg_pid != lease->port && lease_message_about(at, lease->table)) {
			enum kind kind = kind_of(type);
			watch->kind = kind > watch->kind ? kind : watch->kind;
		}
	}
}

int lease_watch_read(struct lease_watch *watch, const struct lease *lease, lease_watch_fn *fn, void *arg) {
	for (unsigned i = 0; i < READ_MAX; i++) {
		ssize_t len = rtnl_receive(watch->fd, watch->buffer, sizeof(watch->buffer));
		if (len == -ENOBUFS || len == -EMSGSIZE) {
			watch->overrun = true;
		} else if (len == -EAGAIN && watch->overrun) {
			/* Last, when nothing old is left: what the caller then looks at is no older than the notices. */
			watch->overrun = false;
			watch->kind = KIND_NONE;
			fn(arg, &(struct lease_change){.lost = true});
			return 0;
		} else if (len == -EAGAIN) {
			return 0;
		} else if (len < 0) {
			return (int)len;
		} else if (!watch->overrun) {
			take(watch, lease, (int)len, fn, arg);
		}
	}
	return 0;
}
