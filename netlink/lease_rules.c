/* The rules of the lease's table, as messages of a transaction. `nft list table netdev hamon_TAG` shows them.
 *
 *   out_NAME   a heartbeat → heartbeat; one over UDP: see there (datagram, datagram6), and come back;
 *              lease: accept; else → out                                  in_NAME   lease: accept; else → in
 *   out        by its type → from_ip, from_arp, from_ip6; priority-tagged (VLAN 0) → from_tagged
 *   in         by its type → to_ip, to_ip6; priority-tagged → to_tagged
 *   from_*     a shared IP is the source: drop                            to_*      a shared IP is the destination: drop
 *   heartbeat, datagram, datagram6     of this cluster, marked renew → renewal, marked grant → grant, with another mark: drop
 *   renewal    a daemon's, and lease: set the lease, accept; else drop
 *   grant      a daemon's, and permit: set the lease, accept; else drop
 *
 * What is not decided ends in the policy, accept. `goto` leaves no way back; only to datagram* it is `jump`, or a datagram to
 * the heartbeats' port would be a way past the guard. With the lease a frame costs one look-up, some 70 ns in all, and 20 ns more
 * where there are heartbeats over UDP; the rest is for nodes that have none.
 *
 * Types and addresses are read from the frame as it goes over the wire. What the kernel notes beside it (meta protocol, where
 * the network header begins) a packet socket may set otherwise. Frames of other VLANs are not touched: they are another
 * network's, and their own interface guards them. VLAN 0 is none: the kernel takes such frames for untagged ones, behind the
 * ingress hook.
 *
 * Datagrams are read from where the network header begins, for links over interfaces without Ethernet headers (WireGuard). A
 * socket that notes it otherwise gains nothing: who is not root renews nothing either way. Not from where the transport header
 * begins: before Linux 6.7 egress rules take the wrong place for it, off by the Ethernet header (nft_set_pktinfo_ipv4_validate(),
 * include/net/netfilter/nf_tables_ipv4.h). So a marked datagram has no IPv4 options and no IPv6 extension headers, and is no
 * fragment. One that is otherwise leaves as any datagram does, and renews nothing. */
#include "netlink/lease_parts.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>

#include "hamon/wire/heartbeat.h"

/* Offsets count from the frame's first byte, or from the network header's. */
enum base { FRAME = NFT_PAYLOAD_LL_HEADER, PACKET = NFT_PAYLOAD_NETWORK_HEADER };

/* Where things stand in a frame, */
enum {
	FRAME_TYPE = 12,
	TAGGED_VLAN = 14,
	TAGGED_TYPE = 16,
};
/* behind its header, which is longer with a VLAN tag, */
enum {
	IP_VERSION = 0, /* and the header's length */
	IP_FRAGMENT = 6,
	IP_NEXT = 9,
	IP_SOURCE = 12,
	IP_DESTINATION = 16,
	IP_PORT = 22, /* UDP's destination, behind a header without options */
	IP_DATA = 28,
	ARP_SENDER = 14,
	IP6_NEXT = 6,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
	IP6_PORT = 42,
	IP6_DATA = 48,
	ND_TYPE = 40,
	ND_TARGET = 48,
};
/* and in a heartbeat (wire/heartbeat.h). */
enum {
	HEARTBEAT_MAGIC_AT = 0,
	HEARTBEAT_MARK_AT = 3,
	HEARTBEAT_TAG_AT = 4,
};
enum {
	VLAN_ID_MASK = 0x0fff,
	VLAN_HLEN = 4,
	ND_ADVERTISEMENT = 136,
	IP_NO_OPTIONS = 0x45,   /* version 4, five words */
	FRAGMENT_MASK = 0x3fff, /* more fragments follow; where this one begins */
};

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
static void load(struct draft *draft, enum base base, uint32_t offset, uint32_t len) {
	struct nftnl_expr *expr = expression(draft, "payload");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
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

static void match_u8(struct draft *draft, enum base base, uint32_t offset, uint8_t value) {
	load(draft, base, offset, sizeof(value));
	compare(draft, NFT_CMP_EQ, &value, sizeof(value));
}

static void match_u16(struct draft *draft, enum base base, uint32_t offset, uint16_t value) {
	uint16_t wire = htons(value);
	load(draft, base, offset, sizeof(wire));
	compare(draft, NFT_CMP_EQ, &wire, sizeof(wire));
}

static void match_u32(struct draft *draft, enum base base, uint32_t offset, uint32_t value) {
	uint32_t wire = htonl(value);
	load(draft, base, offset, sizeof(wire));
	compare(draft, NFT_CMP_EQ, &wire, sizeof(wire));
}

/* None of these bits is set in the 16 that stand there. */
static void match_clear(struct draft *draft, enum base base, uint32_t offset, uint16_t bits) {
	static const uint16_t none;
	uint16_t mask = htons(bits);

	load(draft, base, offset, sizeof(mask));
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

/* What the kernel notes of the type is asked first: that costs a third of a look into the frame, which most frames are so
 * spared. */
static void match_noted_type(struct draft *draft, uint16_t type) {
	uint16_t wire = htons(type);
	load_meta(draft, NFT_META_PROTOCOL);
	compare(draft, NFT_CMP_EQ, &wire, sizeof(wire));
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

/* NF_ACCEPT, NF_DROP; or NFT_GOTO, NFT_JUMP, a chain. */
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
		match_u8(draft, FRAME, header + IP6_NEXT, IPPROTO_ICMPV6);
		match_u8(draft, FRAME, header + ND_TYPE, ND_ADVERTISEMENT);
	}
	load(draft, FRAME, header + guard->at, guard->len);
	look_up(draft, guard->set);
	decide(draft, NF_DROP, NULL);
	rule_end(draft, NEED_MATCH);
}

static void put_guard(struct lease *lease, const struct guard *guard) {
	if (guard->from) {
		struct draft jump = rule_begin(lease, guard->from);
		match_u16(&jump, FRAME, FRAME_TYPE, guard->type);
		decide(&jump, NFT_GOTO, guard->chain);
		rule_end(&jump, NEED_MATCH);
	}
	struct draft plain = rule_begin(lease, guard->chain);
	end_guard(&plain, guard, ETH_HLEN);
	struct draft tagged = rule_begin(lease, guard->tagged);
	match_u16(&tagged, FRAME, TAGGED_TYPE, guard->type);
	end_guard(&tagged, guard, ETH_HLEN + VLAN_HLEN);
}

static void put_priority_tagged(struct lease *lease, const char *chain, const char *then) {
	static const uint16_t tags[] = {ETH_P_8021Q, ETH_P_8021AD};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct draft draft = rule_begin(lease, chain);
		match_u16(&draft, FRAME, FRAME_TYPE, tags[i]);
		match_clear(&draft, FRAME, TAGGED_VLAN, VLAN_ID_MASK);
		decide(&draft, NFT_GOTO, then);
		rule_end(&draft, NEED_MATCH);
	}
}

/* Where a transport's heartbeats stand, and the chain that sorts them by their mark. */
static const struct way {
	const char *chain;
	enum base base;
	uint32_t at;
} ethernet = {"heartbeat", FRAME, ETH_HLEN}, udp = {"datagram", PACKET, IP_DATA}, udp6 = {"datagram6", PACKET, IP6_DATA};

static struct draft begin_heartbeat(struct lease *lease, const struct way *way) {
	struct draft draft = rule_begin(lease, way->chain);
	match_u16(&draft, way->base, way->at + HEARTBEAT_MAGIC_AT, HEARTBEAT_MAGIC);
	match_u32(&draft, way->base, way->at + HEARTBEAT_TAG_AT, lease->tag);
	return draft;
}

static void put_marked(struct lease *lease, const struct way *way, enum heartbeat_mark mark, const char *chain) {
	struct draft draft = begin_heartbeat(lease, way);
	match_u8(&draft, way->base, way->at + HEARTBEAT_MARK_AT, (uint8_t)mark);
	decide(&draft, NFT_GOTO, chain);
	rule_end(&draft, NEED_MATCH);
}

static void put_way(struct lease *lease, const struct way *way) {
	static const uint8_t plain = MARK_PLAIN;

	put_marked(lease, way, MARK_RENEW, "renewal");
	put_marked(lease, way, MARK_GRANT, "grant");
	struct draft unknown = begin_heartbeat(lease, way);
	load(&unknown, way->base, way->at + HEARTBEAT_MARK_AT, sizeof(plain));
	compare(&unknown, NFT_CMP_NEQ, &plain, sizeof(plain));
	decide(&unknown, NF_DROP, NULL);
	rule_end(&unknown, NEED_MATCH);
}

/* The kernel cuts milliseconds down to whole ticks (nf_msecs_to_jiffies64(), net/netfilter/nf_tables_api.c), and L is whole
 * ticks of a length that need not be whole milliseconds: rounded up here, it is the same number of ticks there. */
uint64_t lease_whole_ms(span_t length) {
	return (uint64_t)((length + MSEC - 1) / MSEC);
}

/* Sent by a socket of root's, of the priority that heartbeats have. Root's is said positively: a frame that no socket sent
 * (a forwarded one) has no user, and matches nothing. And the user is not enough: the frames of a guest behind a macvtap
 * have the user who opened its device for it (nft_meta_get_eval_skugid(), net/netfilter/nft_meta.c), mostly root; but their
 * priority is 0, and the guest cannot set it (tap_get_user(), drivers/net/tap.c). */
static void match_daemon(struct draft *draft) {
	static const uint32_t root, priority = TC_PRIO_CONTROL;
	load_meta(draft, NFT_META_SKUID);
	compare(draft, NFT_CMP_EQ, &root, sizeof(root));
	load_meta(draft, NFT_META_PRIORITY);
	compare(draft, NFT_CMP_EQ, &priority, sizeof(priority));
}

static void put_renewal(struct lease *lease, const char *chain, const char *if_in, span_t length) {
	struct draft draft = rule_begin(lease, chain);
	match_daemon(&draft);
	load_key(&draft);
	look_up(&draft, if_in); /* first: the update would make an element that is not there */
	update(&draft, LEASE_SET, lease_whole_ms(length));
	decide(&draft, NF_ACCEPT, NULL);
	rule_end(&draft, NEED_RENEWAL);

	struct draft refused = rule_begin(lease, chain);
	decide(&refused, NF_DROP, NULL);
	rule_end(&refused, NEED_MATCH);
}

static const struct { const char *chain, *if_in; } renewals[] = {{"renewal", LEASE_SET}, {"grant", LEASE_SET_PERMIT}};
enum { RENEWALS = sizeof(renewals) / sizeof(renewals[0]) };

static void put_renewals(struct lease *lease, span_t length) {
	assert(length > 0);
	for (size_t i = 0; i < RENEWALS; i++)
		put_renewal(lease, renewals[i].chain, renewals[i].if_in, length);
}

/* Without a handle: all rules of the chain. */
static void put_rules_removal(struct lease *lease, const char *chain) {
	struct nlmsghdr *at = lease_batch_add(lease, NFT_MSG_DELRULE, 0, NEED_MATCH, NULL);
	mnl_attr_put_strz(at, NFTA_RULE_TABLE, lease->batch.table);
	mnl_attr_put_strz(at, NFTA_RULE_CHAIN, chain);
}

void lease_rules_put_length(struct lease *lease, span_t length) {
	for (size_t i = 0; i < RENEWALS; i++)
		put_rules_removal(lease, renewals[i].chain);
	put_renewals(lease, length);
}

void lease_rules_put(struct lease *lease, span_t length) {
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		put_guard(lease, &guards[i]);
	put_priority_tagged(lease, "out", "from_tagged");
	put_priority_tagged(lease, "in", "to_tagged");
	put_way(lease, &ethernet);
	put_way(lease, &udp);
	put_way(lease, &udp6);
	put_renewals(lease, length);
}

/* ---- of the hooks ---- */

/* Heartbeats come from a socket that is bound to their type; one that says so of another frame leads it nowhere. */
static void put_heartbeats(struct lease *lease, const char *chain) {
	struct draft draft = rule_begin(lease, chain);
	match_noted_type(&draft, HEARTBEAT_ETHERTYPE);
	match_u16(&draft, FRAME, FRAME_TYPE, HEARTBEAT_ETHERTYPE);
	decide(&draft, NFT_GOTO, ethernet.chain);
	rule_end(&draft, NEED_MATCH);
}

/* The port comes first: few packets have it. */
static void put_datagrams(struct lease *lease, const char *chain, uint16_t port) {
	struct draft draft = rule_begin(lease, chain);
	match_noted_type(&draft, ETH_P_IP);
	match_u16(&draft, PACKET, IP_PORT, port);
	match_u8(&draft, PACKET, IP_NEXT, IPPROTO_UDP);
	match_u8(&draft, PACKET, IP_VERSION, IP_NO_OPTIONS);
	match_clear(&draft, PACKET, IP_FRAGMENT, FRAGMENT_MASK);
	decide(&draft, NFT_JUMP, udp.chain);
	rule_end(&draft, NEED_MATCH);

	struct draft draft6 = rule_begin(lease, chain);
	match_noted_type(&draft6, ETH_P_IPV6);
	match_u16(&draft6, PACKET, IP6_PORT, port);
	match_u8(&draft6, PACKET, IP6_NEXT, IPPROTO_UDP); /* and so no fragment: those say so there */
	decide(&draft6, NFT_JUMP, udp6.chain);
	rule_end(&draft6, NEED_MATCH);
}

static void put_lease_or(struct lease *lease, const char *chain, const char *without) {
	struct draft held = rule_begin(lease, chain);
	load_key(&held);
	look_up(&held, LEASE_SET);
	decide(&held, NF_ACCEPT, NULL);
	rule_end(&held, NEED_MATCH);
	struct draft other = rule_begin(lease, chain);
	decide(&other, NFT_GOTO, without);
	rule_end(&other, NEED_MATCH);
}

void lease_rules_put_ingress(struct lease *lease, const char *chain) {
	put_lease_or(lease, chain, "in");
}

void lease_rules_put_egress(struct lease *lease, const char *chain, uint16_t udp_port) {
	put_heartbeats(lease, chain);
	if (udp_port)
		put_datagrams(lease, chain, udp_port);
	put_lease_or(lease, chain, "out");
}

void lease_rules_put_egress_anew(struct lease *lease, const char *chain, uint16_t udp_port) {
	put_rules_removal(lease, chain);
	lease_rules_put_egress(lease, chain, udp_port);
}
