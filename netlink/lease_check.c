/* Is the table what we made of it? All that it consists of, but for lease and permit, is listed and made one number. */
#include "netlink/lease_parts.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	REQUEST = 256,
	TRIALS = 8, /* while somebody changes a ruleset, a list may have to be read anew */
};

/* The sum over the parts, in whatever order they are listed: rules tell their handle and whom they follow. */
struct sum {
	const char *table;
	uint64_t value;
};

/* FNV-1a. It tells accidents and other people's commands apart, and is no defence against root. */
static uint64_t hash(const void *data, size_t len) {
	const uint8_t *bytes = data;
	uint64_t value = 0xcbf29ce484222325;
	for (size_t i = 0; i < len; i++)
		value = (value ^ bytes[i]) * 0x100000001b3;
	return value;
}

/* Everything behind the header, whose number of the ruleset's generation changes with what others do elsewhere. */
static uint64_t hash_message(const struct nlmsghdr *message) {
	return hash(mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg)),
		    mnl_nlmsg_get_payload_len(message) - sizeof(struct nfgenmsg));
}

static void add_message(void *arg, struct nlmsghdr *message) {
	struct sum *sum = arg;
	if (!lease_message_about(message, sum->table))
		return; /* of chains the kernel lists those of all tables */
	const struct nlattr *element, *elements = lease_attribute(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWSETELEM) {
		sum->value += hash_message(message);
	} else if (elements) {
		mnl_attr_for_each_nested(element, elements) {
			sum->value += hash(element, mnl_attr_get_len(element));
		}
	}
}

static int list(struct lease *lease, uint16_t type, uint16_t flags, const char *set, uint64_t *value) {
	_Alignas(struct nlmsghdr) char buffer[REQUEST];
	int error = -EINTR;
	for (unsigned i = 0; error == -EINTR && i < TRIALS; i++) {
		struct sum sum = {lease->table, 0};
		struct nlmsghdr *request = lease_request(buffer, type, flags, lease->table);
		if (set)
			mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
		error = rtnl_ask(&lease->netlink, request, add_message, &sum);
		if (!error)
			*value += sum.value;
	}
	return error;
}

int lease_digest(struct lease *lease, uint64_t *digest) {
	static const struct {
		uint16_t type, flags;
		const char *set;
	} lists[] = {
		{NFT_MSG_GETTABLE, NLM_F_ACK, NULL},
		{NFT_MSG_GETCHAIN, NLM_F_DUMP, NULL},
		{NFT_MSG_GETRULE, NLM_F_DUMP, NULL},
		{NFT_MSG_GETSETELEM, NLM_F_DUMP, LEASE_SET_V4},
		{NFT_MSG_GETSETELEM, NLM_F_DUMP, LEASE_SET_V6},
	};
	uint64_t value = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int error = list(lease, lists[i].type, lists[i].flags, lists[i].set, &value);
		if (error)
			return error;
	}
	*digest = value;
	return 0;
}

int lease_check(struct lease *lease) {
	uint64_t digest;
	if (!lease->known)
		return -ESTALE;
	int error = lease_digest(lease, &digest);
	if (error == -ENOENT)
		return -ESTALE;
	if (error)
		return error;
	return digest == lease->digest ? 0 : -ESTALE;
}
