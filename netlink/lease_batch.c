/* A transaction of nf_tables: messages that the kernel carries out together or not at all; and the socket it goes over. */
#include "netlink/lease_parts.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the errors of a whole transaction, one datagram each, and for the notices of a large ruleset. */
enum { RECEIVE_BUFFER = 4 << 20, SEND_BUFFER = 2 * LEASE_BATCH };

static const struct {
	const char *what, *takes;
} needs[] = {
	[NEED_NF_TABLES] = {"nf_tables", "CONFIG_NF_TABLES; and CAP_NET_ADMIN"},
	[NEED_TABLE] = {"a table of the netdev family", "CONFIG_NF_TABLES_NETDEV"},
	[NEED_TIMEOUT_SET] = {"a set with timeouts", "CONFIG_NF_TABLES"},
	[NEED_ADDRESS_SET] = {"a set of addresses", "CONFIG_NF_TABLES"},
	[NEED_ADDRESSES] = {"the shared IPs in a set", "CONFIG_NF_TABLES"},
	[NEED_CHAIN] = {"a chain", "CONFIG_NF_TABLES"},
	[NEED_INGRESS] = {"an ingress hook", "CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_INGRESS"},
	[NEED_EGRESS] = {"an egress hook", "Linux 5.16 or later, CONFIG_NETFILTER_EGRESS"},
	[NEED_MATCH] = {"a rule", "CONFIG_NF_TABLES"},
	[NEED_RENEWAL] = {"a rule that renews an element for root alone, meta skuid and dynset", "CONFIG_NF_TABLES"},
	[NEED_ELEMENT] = {"an element with a timeout", "CONFIG_NF_TABLES"},
};
_Static_assert(sizeof(needs) / sizeof(needs[0]) == NEED__COUNT, "words for each need");

int lease_socket(uint32_t groups) {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (fd < 0)
		return -errno;
	/* FORCE goes beyond the sysctl's limits and takes CAP_NET_ADMIN, as nf_tables itself does. */
	int receive = RECEIVE_BUFFER, send = SEND_BUFFER, on = 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof(send));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = groups};
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

/* Where the next message begins, and its sequence number, which is that of its place. */
static char *next(struct lease *lease, uint32_t *seq) {
	struct lease_batch *batch = &lease->batch;
	if (batch->n) {
		const struct nlmsghdr *last = (const struct nlmsghdr *)(batch->buffer + batch->used);
		assert(last->nlmsg_len <= LEASE_MESSAGE);
		batch->used += NLMSG_ALIGN(last->nlmsg_len);
	}
	assert(batch->n < LEASE_BATCH_MESSAGES && batch->used + LEASE_MESSAGE <= LEASE_BATCH);
	*seq = ++lease->netlink.seq;
	return batch->buffer + batch->used;
}

void lease_batch_begin(struct lease *lease, const char *table) {
	struct lease_batch *batch = &lease->batch;
	batch->used = 0;
	batch->n = 0;
	batch->no_memory = false;
	batch->table = table;
	char *at = next(lease, &batch->first);
	nftnl_batch_begin(at, batch->first);
	batch->wants[batch->n].need = NEED_NF_TABLES;
	batch->wants[batch->n++].interface = NULL;
}

struct nlmsghdr *lease_batch_add(struct lease *lease, uint16_t type, uint16_t flags, enum lease_need need,
				 const char *interface) {
	struct lease_batch *batch = &lease->batch;
	uint32_t seq;
	char *at = next(lease, &seq);
	batch->wants[batch->n].need = need;
	batch->wants[batch->n++].interface = interface;
	return nftnl_nlmsg_build_hdr(at, type, NFPROTO_NETDEV, flags, seq);
}

void lease_batch_no_memory(struct lease *lease) {
	lease->batch.no_memory = true;
}

/* The answers that the kernel has queued: errors of single messages in their order, then that of the transaction, which
 * bears its first message's number. An acknowledgement alone does not count: the transaction may fail behind it. */
struct verdict {
	bool acknowledged;
	int error;      /* of the first message that has one */
	unsigned place; /* of that message */
};

static void judge(struct verdict *verdict, const struct lease_batch *batch, const struct nlmsghdr *answer) {
	uint32_t place = answer->nlmsg_seq - batch->first;
	if (answer->nlmsg_type != NLMSG_ERROR || place >= batch->n || mnl_nlmsg_get_payload_len(answer) < sizeof(int))
		return; /* a late answer to an earlier one */
	int error = *(const int *)mnl_nlmsg_get_payload(answer);
	if (!error)
		verdict->acknowledged = true;
	else if (!verdict->error || place < verdict->place)
		*verdict = (struct verdict){verdict->acknowledged, error, place};
}

static int read_verdict(struct lease *lease, struct verdict *verdict) {
	struct rtnl *netlink = &lease->netlink;
	for (;;) {
		ssize_t len = rtnl_receive(netlink->fd, netlink->buffer, sizeof(netlink->buffer));
		if (len == -EAGAIN)
			return 0;
		if (len == -ENOBUFS || len == -EMSGSIZE)
			continue; /* what was lost shows as missing */
		if (len < 0)
			return (int)len;
		int left = (int)len;
		for (const struct nlmsghdr *at = (const struct nlmsghdr *)netlink->buffer; mnl_nlmsg_ok(at, left);
		     at = mnl_nlmsg_next(at, &left))
			judge(verdict, &lease->batch, at);
	}
}

static void explain(const struct lease_batch *batch, unsigned place, struct lease_refusal *why) {
	enum lease_need need = batch->wants[place].need;
	const char *interface = batch->wants[place].interface;
	snprintf(why->what, sizeof(why->what), "%s%s%s (%s)", needs[need].what, interface ? " on " : "",
		 interface ? interface : "", needs[need].takes);
}

int lease_batch_commit(struct lease *lease, struct lease_refusal *why) {
	struct lease_batch *batch = &lease->batch;
	struct verdict verdict = {0};
	uint32_t seq;
	if (batch->n == 1 && !batch->no_memory)
		return 0; /* nothing is to be done */
	struct nlmsghdr *last = (struct nlmsghdr *)(batch->buffer + batch->used);

	last->nlmsg_flags |= NLM_F_ACK; /* errors are told unasked */
	char *end = next(lease, &seq);
	size_t len = batch->used + nftnl_batch_end(end, seq)->nlmsg_len;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int error = 0;
	if (batch->no_memory)
		error = -ENOMEM;
	else if (sendto(lease->netlink.fd, batch->buffer, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		error = -errno;
	else
		error = read_verdict(lease, &verdict);
	if (!error)
		error = verdict.error ? verdict.error : verdict.acknowledged ? 0 : -EPROTO;
	if (error && why)
		explain(batch, verdict.place, why);
	return error;
}

const struct nlattr *lease_attribute(const struct nlmsghdr *message, uint16_t type) {
	const struct nlattr *attribute;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return NULL;
	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	return NULL;
}

const struct nlattr *lease_attribute_in(const struct nlattr *nest, uint16_t type) {
	const struct nlattr *attribute;
	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attribute, nest) {
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	return NULL;
}

bool lease_message_about(const struct nlmsghdr *message, const char *table) {
	/* A table's name is its first attribute, and that of its table everything else's (NFTA_CHAIN_TABLE,
	 * NFTA_RULE_TABLE, …). */
	const struct nlattr *name = lease_attribute(message, NFTA_TABLE_NAME);
	if (!name || NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0)
		return false;
	const struct nfgenmsg *fixed = mnl_nlmsg_get_payload(message);
	return fixed->nfgen_family == NFPROTO_NETDEV && !strcmp(mnl_attr_get_str(name), table);
}
