/* What the files of the kernel lease tell one another; nobody else includes it.
 *   lease.c         the calls of lease.h           lease_table.c   the table's objects
 *   lease_batch.c   the socket, a transaction      lease_rules.c   the table's rules
 *   lease_watch.c   what others do to it           lease_check.c   is the table what we made of it?
 *   lease_daemon.c  one daemon a namespace */
#ifndef HAMON_NETLINK_LEASE_PARTS_H
#define HAMON_NETLINK_LEASE_PARTS_H

#include <linux/netlink.h>

#include "netlink/lease.h"
#include "netlink/rtnl.h"

/* Names of the sets. */
#define LEASE_SET        "lease"
#define LEASE_SET_PERMIT "permit"
#define LEASE_SET_V4     "v4"
#define LEASE_SET_V6     "v6"

enum {
	LEASE_KEY = 0, /* of the one element of `lease` and of `permit`: 32 bits */
	/* From one full plan to another one takes some 670 messages of 160 KiB. */
	LEASE_BATCH = 256 << 10,
	LEASE_BATCH_MESSAGES = 1024,
	LEASE_MESSAGE = 16 << 10, /* none is longer */
};

/* What a message asks of the kernel, to be named when it refuses. */
enum lease_need {
	NEED_NF_TABLES,
	NEED_TABLE,
	NEED_TIMEOUT_SET,
	NEED_ADDRESS_SET,
	NEED_ADDRESSES,
	NEED_CHAIN,
	NEED_INGRESS,
	NEED_EGRESS,
	NEED_MATCH,
	NEED_RENEWAL,
	NEED_ELEMENT,
	NEED__COUNT,
};

/* A transaction that is being written. */
struct lease_batch {
	char *buffer; /* LEASE_BATCH bytes */
	size_t used;
	const char *table;
	uint32_t first; /* sequence number of its first message */
	unsigned n;
	bool no_memory;
	struct {
		enum lease_need need;
		const char *interface; /* NULL: none in particular */
	} wants[LEASE_BATCH_MESSAGES];
};

struct lease {
	struct rtnl netlink; /* on a socket of nf_tables: the questions of both protocols are asked in the same way */
	uint32_t port, tag;
	char table[LEASE_TABLE];
	struct lease_batch batch;
	bool known;      /* we made it, as `plan` says */
	uint64_t digest; /* of what we made */
	struct lease_plan plan;
};

/* ---- lease_batch.c ---- */
/* A bound, non-blocking socket of nf_tables, a member of `groups` (bits). A descriptor or -errno. */
int lease_socket(uint32_t groups);
/* Begins a transaction that is about this table. */
void lease_batch_begin(struct lease *lease, const char *table);
/* The next message: a header, to which the caller appends before the next call. */
struct nlmsghdr *lease_batch_add(struct lease *lease, uint16_t type, uint16_t flags, enum lease_need need,
				 const char *interface);
/* libnftnl ran out of memory: the transaction will not be sent. */
void lease_batch_no_memory(struct lease *lease);
/* 0: all of it was done. Or -errno: nothing was, and *why (NULL: not wanted) names what was refused; with -EPROTO it is
 * unknown whether it was done. */
int lease_batch_commit(struct lease *lease, struct lease_refusal *why);
/* The first attribute of this type, NULL without one; of a message of nf_tables, or in another attribute (NULL: in
 * none). */
const struct nlattr *lease_attribute(const struct nlmsghdr *message, uint16_t type);
const struct nlattr *lease_attribute_in(const struct nlattr *nest, uint16_t type);
/* Is the message of nf_tables, and about this table of the netdev family? */
bool lease_message_about(const struct nlmsghdr *message, const char *table);

/* ---- lease.c ---- */
/* Writes a request about this table; its other attributes are the caller's to append. */
struct nlmsghdr *lease_request(char *buffer, uint16_t type, uint16_t flags, const char *table);

/* ---- lease_table.c ---- */
/* Messages of the transaction that is being written. */
void lease_table_put(struct lease *lease, const struct lease_plan *plan); /* all of it, in a table that is not there */
void lease_table_put_removal(struct lease *lease);                        /* of the table, if it is there */
void lease_table_put_interface(struct lease *lease, const char *interface, uint16_t udp_port);
void lease_table_put_interface_removal(struct lease *lease, const char *interface);
void lease_table_put_udp_port(struct lease *lease, const char *interface,
			      uint16_t udp_port);                                   /* in place of the one there */
void lease_table_put_addresses(struct lease *lease, const struct lease_plan *plan); /* in place of those that are there */
void lease_table_put_permit(struct lease *lease, uint64_t life_ms);
void lease_table_put_flush(struct lease *lease, const char *set);

/* ---- lease_rules.c ---- */
/* A length of whole ticks as the kernel must be told it, to count so many. */
uint64_t lease_whole_ms(span_t length);
void lease_rules_put(struct lease *lease, span_t length);             /* of all chains but those of the hooks */
void lease_rules_put_length(struct lease *lease, span_t length);      /* in place of the one that is there */
void lease_rules_put_ingress(struct lease *lease, const char *chain); /* of a hook's chain */
void lease_rules_put_egress(struct lease *lease, const char *chain, uint16_t udp_port);
void lease_rules_put_egress_anew(struct lease *lease, const char *chain, uint16_t udp_port);

/* ---- lease_check.c ---- */
/* A number that changes with whatever the table consists of, but for lease and permit. 0; -ENOENT: it lacks something. */
int lease_digest(struct lease *lease, uint64_t *digest);

#endif
