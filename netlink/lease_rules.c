/* The rules of the lease's table, as messages of a transaction. `nft list table netdev hamon_TAG` shows them.
 *
 *   out_NAME   a heartbeat → heartbeat; lease: accept; else → out         in_NAME   lease: accept; else → in
 *   out        by its type → from_ip, from_arp, from_ip6; priority-tagged (VLAN 0) → from_tagged
 *   in         by its type → to_ip, to_ip6; priority-tagged → to_tagged
 *   from_*     a shared IP is the source: drop                            to_*      a shared IP is the destination: drop
 *   heartbeat  of this cluster, with a mark → marked
 *   marked     root's → renewal; else drop
 *   renewal    grant, and permit: set the lease. Renew, and lease: set it. Else drop
 *
 * What is not decided ends in the policy, accept. `goto` leaves no way back. With the lease a frame costs one look-up, some 70 ns
 * in all; the rest is for nodes that have none.
 *
 * Types and addresses are read from the frame as it goes over the wire. What the kernel notes beside it (meta protocol, where
 * the network header begins) a packet socket may set otherwise. Frames of other VLANs are not touched: they are another
 * network's, and their own interface guards them. VLAN 0 is none: the kernel takes such frames for untagged ones, behind the
 * ingress hook. */
#include "netlink/lease_parts.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>

#include "hamon/wire/heartbeat.h"

/* Where things stand in a frame, */
enum {
	FRAME_TYPE = 12,
	FRAME_MARK = 17,
	FRAME_TAG = 18,
	TAGGED_VLAN = 14,
	TAGGED_TYPE = 16,
};
/* and behind its header, which is longer with a VLAN tag. */
enum {
	IP_SOURCE = 12,
	IP_DESTINATION = 16,
	ARP_SENDER = 14,
	IP6_NEXT = 6,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
	ND_TYPE = 40,
	ND_TARGET = 48,
};
enum { VLAN_ID_MASK = 0x0fff, VLAN_HLEN = 4, ND_ADVERTISEMENT = 136 };

/* ---- a rule is a list of expressions ---- */

struct draft {
	struct lease *lease;
	struct nftnl_rule *rule; /* NULL: no memory */
};

static struct draft rule_begin(struct lease *lease, const char *chain) {
	struct draft draft = {lease, nftnl_rule_alloc()};
	if (!draft.rule || nftnl_rule_set_str(draft.rule, NFTNL_RULE_TABLE, lease->batch.table) < 0 ||
	    nftnl_rule_set_str(draft.rule, NFTNL_RULE_CHAIN, chain) < 0)
		lease_batch_no_memory(lease);
	return draft;
}

static void rule_end(struct draft *draft, enum lease_need need) {
	if (!draft->rule)
		return;
	struct nlmsghdr *at = lease_batch_add(draft->lease, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, need, NULL);
	nftnl_rule_nlmsg_build_payload(at, draft->rule);
	nftnl_rule_free(draft->rule);
}

/* A new expression at the rule's end; NULL: no memory. */
static struct nftnl_expr *expression(struct draft *draft, const char *name) {
	struct nftnl_expr *expr = draft->rule ? nftnl_expr_alloc(name) : NULL;
	if (expr)
		nftnl_rule_add_expr(draft->rule, expr);
	else
		lease_batch_no_memory(draft->lease);
	return expr;
}

static void set_text(struct draft *draft, struct nftnl_expr *expr, uint16_t attribute, const char *text) {
	if (nftnl_expr_set_str(expr, attribute, text) < 0)
		lease_batch_no_memory(draft->lease);
}

/* Register 1 takes `len` bytes of the frame. A frame that is too short ends the rule: it does not match. */
static void load(struct draft *draft, uint32_t offset, uint32_t len) {
	struct nftnl_expr *expr = expression(draft, "payload");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_LL_HEADER);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void load_meta(struct draft *draft, uint32_t what) {
	struct nftnl_expr *expr = expression(draft, "meta");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, what);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void load_key(struct draft *draft) {
	static const uint32_t key = LEASE_KEY;
	struct nftnl_expr *expr = expression(draft, "immediate");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	if (nftnl_expr_set(expr, NFTNL_EXPR_IMM_DATA, &key, sizeof(key)) < 0)
		lease_batch_no_memory(draft->lease);
}

static void compare(struct draft *draft, uint32_t operation, const void *data, uint32_t len) {
	struct nftnl_expr *expr = expression(draft, "cmp");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, operation);
	if (nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len) < 0)
		lease_batch_no_memory(draft->lease);
}

static void match_u8(struct draft *draft, uint32_t offset, uint8_t value) {
	load(draft, offset, sizeof(value));
	compare(draft, NFT_CMP_EQ, &value, sizeof(value));
}

static void match_type(struct draft *draft, uint32_t offset, uint16_t type) {
	uint16_t wire = htons(type);
	load(draft, offset, sizeof(wire));
	compare(draft, NFT_CMP_EQ, &wire, sizeof(wire));
}

static void match_vlan_0(struct draft *draft) {
	static const uint16_t none;
	uint16_t mask = htons(VLAN_ID_MASK);

	load(draft, TAGGED_VLAN, sizeof(mask));
	struct nftnl_expr *expr = expression(draft, "bitwise");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
	if (nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask)) < 0 ||
	    nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &none, sizeof(none)) < 0)
		lease_batch_no_memory(draft->lease);
	compare(draft, NFT_CMP_EQ, &none, sizeof(none));
}

/* Register 1 is in the set. */
static void look_up(struct draft *draft, const char *set) {
	struct nftnl_expr *expr = expression(draft, "lookup");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	set_text(draft, expr, NFTNL_EXPR_LOOKUP_SET, set);
}

/* The element of register 1 is there for so long from now; it is made if need be. */
static void update(struct draft *draft, const char *set, uint64_t life_ms) {
	struct nftnl_expr *expr = expression(draft, "dynset");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_DYNSET_TIMEOUT, life_ms);
	set_text(draft, expr, NFTNL_EXPR_DYNSET_SET_NAME, set);
}

/* NF_ACCEPT, NF_DROP; or NFT_GOTO a chain. */
static void decide(struct draft *draft, int verdict, const char *chain) {
	struct nftnl_expr *expr = expression(draft, "immediate");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		set_text(draft, expr, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* ---- the rules ---- */

/* Frames of this type in which a shared IP stands here. */
static const struct guard {
	uint16_t type;
	const char *from, *chain; /* jump by type; NULL: another guard of the chain has it */
	const char *tagged;
	uint32_t at, len;
	const char *set;
	bool advertisement; /* only neighbour advertisements */
} guards[] = {
	{ETH_P_IP, "out", "from_ip", "from_tagged", IP_SOURCE, 4, LEASE_SET_V4, false},
	{ETH_P_ARP, "out", "from_arp", "from_tagged", ARP_SENDER, 4, LEASE_SET_V4, false},
	{ETH_P_IPV6, "out", "from_ip6", "from_tagged", IP6_SOURCE, 16, LEASE_SET_V6, false},
	{ETH_P_IPV6, NULL, "from_ip6", "from_tagged", ND_TARGET, 16, LEASE_SET_V6, true},
	{ETH_P_IP, "in", "to_ip", "to_tagged", IP_DESTINATION, 4, LEASE_SET_V4, false},
	{ETH_P_IPV6, "in", "to_ip6", "to_tagged", IP6_DESTINATION, 16, LEASE_SET_V6, false},
};

static void end_guard(struct draft *draft, const struct guard *guard, uint32_t header) {
	if (guard->advertisement) {
		match_u8(draft, header + IP6_NEXT, IPPROTO_ICMPV6);
		match_u8(draft, header + ND_TYPE, ND_ADVERTISEMENT);
	}
	load(draft, header + guard->at, guard->len);
	look_up(draft, guard->set);
	decide(draft, NF_DROP, NULL);
	rule_end(draft, NEED_MATCH);
}

static void put_guard(struct lease *lease, const struct guard *guard) {
	if (guard->from) {
		struct draft jump = rule_begin(lease, guard->from);
		match_type(&jump, FRAME_TYPE, guard->type);
		decide(&jump, NFT_GOTO, guard->chain);
		rule_end(&jump, NEED_MATCH);
	}
	struct draft plain = rule_begin(lease, guard->chain);
	end_guard(&plain, guard, ETH_HLEN);
	struct draft tagged = rule_begin(lease, guard->tagged);
	match_type(&tagged, TAGGED_TYPE, guard->type);
	end_guard(&tagged, guard, ETH_HLEN + VLAN_HLEN);
}

static void put_priority_tagged(struct lease *lease, const char *chain, const char *then) {
	static const uint16_t tags[] = {ETH_P_8021Q, ETH_P_8021AD};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct draft draft = rule_begin(lease, chain);
		match_type(&draft, FRAME_TYPE, tags[i]);
		match_vlan_0(&draft);
		decide(&draft, NFT_GOTO, then);
		rule_end(&draft, NEED_MATCH);
	}
}

static void put_drop(struct lease *lease, const char *chain) {
	struct draft draft = rule_begin(lease, chain);
	decide(&draft, NF_DROP, NULL);
	rule_end(&draft, NEED_MATCH);
}

/* What of it is root's is said positively: a frame that no socket sent (a forwarded one) has no user, and matches nothing. */
static void put_heartbeat(struct lease *lease) {
	static const uint8_t plain = MARK_PLAIN;
	static const uint32_t root;
	uint32_t tag = htonl(lease->tag);

	struct draft ours = rule_begin(lease, "heartbeat");
	load(&ours, FRAME_TAG, sizeof(tag));
	compare(&ours, NFT_CMP_EQ, &tag, sizeof(tag));
	load(&ours, FRAME_MARK, sizeof(plain));
	compare(&ours, NFT_CMP_NEQ, &plain, sizeof(plain));
	decide(&ours, NFT_GOTO, "marked");
	rule_end(&ours, NEED_MATCH);

	struct draft of_root = rule_begin(lease, "marked");
	load_meta(&of_root, NFT_META_SKUID);
	compare(&of_root, NFT_CMP_EQ, &root, sizeof(root));
	decide(&of_root, NFT_GOTO, "renewal");
	rule_end(&of_root, NEED_USER);
	put_drop(lease, "marked");
}

/* The kernel cuts milliseconds down to whole ticks (nf_msecs_to_jiffies64(), net/netfilter/nf_tables_api.c), and L is whole
 * ticks of a length that need not be whole milliseconds: rounded up here, it is the same number of ticks there. */
uint64_t lease_whole_ms(span_t length) {
	return (uint64_t)((length + MSEC - 1) / MSEC);
}

static void put_renewal(struct lease *lease, enum heartbeat_mark mark, const char *if_in, span_t length) {
	struct draft draft = rule_begin(lease, "renewal");
	match_u8(&draft, FRAME_MARK, (uint8_t)mark);
	load_key(&draft);
	look_up(&draft, if_in); /* first: the update would make an element that is not there */
	update(&draft, LEASE_SET, lease_whole_ms(length));
	decide(&draft, NF_ACCEPT, NULL);
	rule_end(&draft, NEED_DYNSET);
}

static void put_renewals(struct lease *lease, span_t length) {
	assert(length > 0);
	put_renewal(lease, MARK_RENEW, LEASE_SET, length);
	put_renewal(lease, MARK_GRANT, LEASE_SET_PERMIT, length);
	put_drop(lease, "renewal");
}

void lease_rules_put_length(struct lease *lease, span_t length) {
	/* Without a handle: all rules of the chain. */
	struct nlmsghdr *at = lease_batch_add(lease, NFT_MSG_DELRULE, 0, NEED_MATCH, NULL);
	mnl_attr_put_strz(at, NFTA_RULE_TABLE, lease->batch.table);
	mnl_attr_put_strz(at, NFTA_RULE_CHAIN, "renewal");
	put_renewals(lease, length);
}

void lease_rules_put(struct lease *lease, span_t length) {
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		put_guard(lease, &guards[i]);
	put_priority_tagged(lease, "out", "from_tagged");
	put_priority_tagged(lease, "in", "to_tagged");
	put_heartbeat(lease);
	put_renewals(lease, length);
}

/* What the kernel notes of the type is asked first: that costs a third of a look into the frame, which most frames are so
 * spared. Heartbeats come from a socket that is bound to their type; one that says so of another frame leads it nowhere. */
static void put_heartbeat_first(struct lease *lease, const char *chain) {
	uint16_t type = htons(HEARTBEAT_ETHERTYPE);
	struct draft draft = rule_begin(lease, chain);
	load_meta(&draft, NFT_META_PROTOCOL);
	compare(&draft, NFT_CMP_EQ, &type, sizeof(type));
	match_type(&draft, FRAME_TYPE, HEARTBEAT_ETHERTYPE);
	decide(&draft, NFT_GOTO, "heartbeat");
	rule_end(&draft, NEED_MATCH);
}

void lease_rules_put_hook(struct lease *lease, const char *chain, bool egress) {
	if (egress)
		put_heartbeat_first(lease, chain);
	struct draft held = rule_begin(lease, chain);
	load_key(&held);
	look_up(&held, LEASE_SET);
	decide(&held, NF_ACCEPT, NULL);
	rule_end(&held, NEED_MATCH);
	struct draft other = rule_begin(lease, chain);
	decide(&other, NFT_GOTO, egress ? "out" : "in");
	rule_end(&other, NEED_MATCH);
}
