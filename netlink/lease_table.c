/* The objects of the lease's table, as messages of a transaction: the table, its sets and their elements, its chains. What
 * the chains do stands in lease_rules.c. */
#include "netlink/lease_parts.h"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	PRIORITY = -500, /* before anybody else's chains: what they would do to a frame is not for us to guess */
	/* Elements that have expired count until the kernel collects them, once a second: room for that many lapses. */
	TIMEOUT_SET_SIZE = 1024,
	PER_MESSAGE = 256, /* addresses */
};

/* Data types by nft's numbers, for those who list the table: nothing in the kernel looks at them. */
enum { NFT_TYPE_IPV4 = 7, NFT_TYPE_IPV6 = 8, NFT_TYPE_MARK = 19 };

/* ---- chains ---- */

static const char *const chains[] = {
	"out",       "from_ip", "from_arp", "from_ip6", "from_tagged", "heartbeat", "datagram",
	"datagram6", "renewal", "grant",    "in",       "to_ip",       "to_ip6",    "to_tagged",
};

static void put_chain(struct lease *lease, const char *name) {
	struct nlmsghdr *at = lease_batch_add(lease, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NEED_CHAIN, NULL);
	mnl_attr_put_strz(at, NFTA_CHAIN_TABLE, lease->batch.table);
	mnl_attr_put_strz(at, NFTA_CHAIN_NAME, name);
}

static void put_chains(struct lease *lease) {
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		put_chain(lease, chains[i]);
}

enum { HOOK_NAME = IF_NAMESIZE + 4 };

static const char *hook_name(uint32_t hook, const char *interface, char out[static HOOK_NAME]) {
	snprintf(out, HOOK_NAME, "%s_%s", hook == NF_NETDEV_EGRESS ? "out" : "in", interface);
	return out;
}

static void put_hook(struct lease *lease, uint32_t hook, const char *interface, const char *name) {
	enum lease_need need = hook == NF_NETDEV_EGRESS ? NEED_EGRESS : NEED_INGRESS;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	if (!chain || nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, lease->batch.table) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") < 0 ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_DEV, interface) < 0) {
		lease_batch_no_memory(lease);
	} else {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(
			lease_batch_add(lease, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, need, interface), chain);
	}
	if (chain)
		nftnl_chain_free(chain);
}

/* Ingress first: what only egress lacks is then named by the egress hook. */
void lease_table_put_interface(struct lease *lease, const char *interface, uint16_t udp_port) {
	char name[HOOK_NAME];
	put_hook(lease, NF_NETDEV_INGRESS, interface, hook_name(NF_NETDEV_INGRESS, interface, name));
	lease_rules_put_ingress(lease, name);
	put_hook(lease, NF_NETDEV_EGRESS, interface, hook_name(NF_NETDEV_EGRESS, interface, name));
	lease_rules_put_egress(lease, name, udp_port);
}

void lease_table_put_udp_port(struct lease *lease, const char *interface, uint16_t udp_port) {
	char name[HOOK_NAME];
	lease_rules_put_egress_anew(lease, hook_name(NF_NETDEV_EGRESS, interface, name), udp_port);
}

static void put_hook_removal(struct lease *lease, uint32_t hook, const char *interface) {
	char name[HOOK_NAME];
	struct nlmsghdr *at = lease_batch_add(lease, NFT_MSG_DELCHAIN, 0, NEED_CHAIN, NULL);
	mnl_attr_put_strz(at, NFTA_CHAIN_TABLE, lease->batch.table);
	mnl_attr_put_strz(at, NFTA_CHAIN_NAME, hook_name(hook, interface, name));
}

void lease_table_put_interface_removal(struct lease *lease, const char *interface) {
	put_hook_removal(lease, NF_NETDEV_INGRESS, interface);
	put_hook_removal(lease, NF_NETDEV_EGRESS, interface);
}

/* ---- sets and elements ---- */

static struct nftnl_set *new_set(struct lease *lease, const char *name) {
	struct nftnl_set *set = nftnl_set_alloc();
	if (set && nftnl_set_set_str(set, NFTNL_SET_TABLE, lease->batch.table) >= 0 &&
	    nftnl_set_set_str(set, NFTNL_SET_NAME, name) >= 0)
		return set;
	if (set)
		nftnl_set_free(set);
	lease_batch_no_memory(lease);
	return NULL;
}

/* The size lets the kernel choose its fastest kind of set, a hash table that does not grow. */
static void put_set(struct lease *lease, const char *name, uint32_t flags, uint32_t type, uint32_t key_len, uint32_t size) {
	struct nftnl_set *set = new_set(lease, name);
	if (!set)
		return;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_NETDEV);
	nftnl_set_set_u32(set, NFTNL_SET_ID, lease->batch.n); /* any number that no other set of the transaction has */
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, flags);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, key_len);
	nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, size);
	nftnl_set_nlmsg_build_payload(lease_batch_add(lease, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL,
						      flags ? NEED_TIMEOUT_SET : NEED_ADDRESS_SET, NULL),
				      set);
	nftnl_set_free(set);
}

static void put_sets(struct lease *lease) {
	put_set(lease, LEASE_SET, NFT_SET_TIMEOUT | NFT_SET_EVAL, NFT_TYPE_MARK, sizeof(uint32_t), TIMEOUT_SET_SIZE);
	put_set(lease, LEASE_SET_PERMIT, NFT_SET_TIMEOUT, NFT_TYPE_MARK, sizeof(uint32_t), TIMEOUT_SET_SIZE);
	put_set(lease, LEASE_SET_V4, 0, NFT_TYPE_IPV4, sizeof(struct in_addr), LEASE_ADDRESSES);
	put_set(lease, LEASE_SET_V6, 0, NFT_TYPE_IPV6, sizeof(struct in6_addr), LEASE_ADDRESSES);
}

/* Appends an element to the set; NULL: no memory. */
static struct nftnl_set_elem *new_element(struct lease *lease, struct nftnl_set *set, const void *data, uint32_t len) {
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();
	if (!element) {
		lease_batch_no_memory(lease);
		return NULL;
	}
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, data, len);
	nftnl_set_elem_add(set, element);
	return element;
}

/* Up to PER_MESSAGE addresses of the family, from *next on; how many it were. */
static unsigned take_addresses(struct lease *lease, struct nftnl_set *set, uint8_t family, const struct lease_plan *plan,
			       unsigned *next) {
	uint32_t len = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	unsigned n = 0;
	for (; *next < plan->addresses_n && n < PER_MESSAGE; ++*next) {
		if (plan->addresses[*next].family != family)
			continue;
		new_element(lease, set, plan->addresses[*next].bytes, len);
		n++;
	}
	return n;
}

static void put_family(struct lease *lease, const char *name, uint8_t family, const struct lease_plan *plan) {
	for (unsigned next = 0; next < plan->addresses_n;) {
		struct nftnl_set *set = new_set(lease, name);
		if (!set)
			return;
		if (take_addresses(lease, set, family, plan, &next))
			nftnl_set_elems_nlmsg_build_payload(
				lease_batch_add(lease, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NEED_ADDRESSES, NULL), set);
		nftnl_set_free(set);
	}
}

void lease_table_put_flush(struct lease *lease, const char *set) {
	struct nlmsghdr *at = lease_batch_add(lease, NFT_MSG_DELSETELEM, 0, NEED_ELEMENT, NULL);
	mnl_attr_put_strz(at, NFTA_SET_ELEM_LIST_TABLE, lease->batch.table);
	mnl_attr_put_strz(at, NFTA_SET_ELEM_LIST_SET, set);
}

static void put_all_addresses(struct lease *lease, const struct lease_plan *plan) {
	put_family(lease, LEASE_SET_V4, AF_INET, plan);
	put_family(lease, LEASE_SET_V6, AF_INET6, plan);
}

void lease_table_put_addresses(struct lease *lease, const struct lease_plan *plan) {
	lease_table_put_flush(lease, LEASE_SET_V4);
	lease_table_put_flush(lease, LEASE_SET_V6);
	put_all_addresses(lease, plan);
}

void lease_table_put_permit(struct lease *lease, uint64_t life_ms) {
	static const uint32_t key = LEASE_KEY;
	struct nftnl_set *set = new_set(lease, LEASE_SET_PERMIT);
	if (!set)
		return;
	struct nftnl_set_elem *element = new_element(lease, set, &key, sizeof(key));
	if (element) {
		nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_TIMEOUT, life_ms);
		nftnl_set_elems_nlmsg_build_payload(
			lease_batch_add(lease, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NEED_ELEMENT, NULL), set);
	}
	nftnl_set_free(set);
}

/* ---- the table ---- */

static void put_table(struct lease *lease) {
	static const char comment[] = "hamon: who may speak for the shared IPs";
	struct nftnl_table *table = nftnl_table_alloc();
	struct nftnl_udata_buf *words = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	if (!table || !words || nftnl_table_set_str(table, NFTNL_TABLE_NAME, lease->batch.table) < 0 ||
	    !nftnl_udata_put_strz(words, NFTNL_UDATA_TABLE_COMMENT, comment) ||
	    nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(words), nftnl_udata_buf_len(words)) < 0)
		lease_batch_no_memory(lease);
	else
		nftnl_table_nlmsg_build_payload(
			lease_batch_add(lease, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, NEED_TABLE, NULL), table);
	if (words)
		nftnl_udata_buf_free(words);
	if (table)
		nftnl_table_free(table);
}

/* It is made first, if it is not there: the kernel refuses to delete what is not. One that is there is left as it is. */
void lease_table_put_removal(struct lease *lease) {
	static const uint16_t steps[] = {NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint16_t flags = steps[i] == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0;
		mnl_attr_put_strz(lease_batch_add(lease, steps[i], flags, NEED_TABLE, NULL), NFTA_TABLE_NAME,
				  lease->batch.table);
	}
}

void lease_table_put(struct lease *lease, const struct lease_plan *plan) {
	put_table(lease);
	put_sets(lease);
	put_all_addresses(lease, plan);
	put_chains(lease);
	lease_rules_put(lease, plan->length);
	for (unsigned i = 0; i < plan->interfaces_n; i++)
		lease_table_put_interface(lease, plan->interfaces[i], plan->udp_port);
}
