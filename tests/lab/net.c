/* The lab's topology: see net.h. */
#include "tests/lab/net.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/fault.h"
#include "tests/lab/frame.h"
#include "tests/lab/janitor.h"
#include "tests/lab/packet.h"
#include "tests/lab/shell.h"

static const char *const host_names[] = {"ha1", "ha2", "gateway", "client", "gateway2", "stranger"};
static_assert(sizeof(host_names) / sizeof(*host_names) == NET__HOSTS, "a name for each host");
static const unsigned host_bytes[] = {0x11, 0x12, 0x01, 0x09, 0x04, 0x66}; /* last byte of its addresses */
static_assert(sizeof(host_bytes) / sizeof(*host_bytes) == NET__HOSTS, "an address for each host");

const char *net_host_name(enum net_host host) {
	return host_names[host];
}

/* In decimal for IPv4 and in hexadecimal digits that look the same for IPv6: 192.0.2.11 and 2001:db8::11. */
static unsigned last_byte(enum net_host host) {
	return host_bytes[host] / 16 * 10 + host_bytes[host] % 16;
}

static void add_space(const char *ns) {
	shell_must(NULL, "ip netns add %s", ns);
	shell_must(&(struct shell_job){.ns = ns}, "ip link set lo up");
}

static void build_switch(struct net *net) {
	shell_print(net->switch_ns, NET_NS, "%sswitch", janitor_prefix());
	add_space(net->switch_ns);
	/* No spanning tree, no multicast snooping: a port forwards as soon as it has a carrier, heartbeats are flooded. */
	shell_must(&(struct shell_job){.ns = net->switch_ns},
		   "ip link add sw0 type bridge stp_state 0 mcast_snooping 0 forward_delay 0");
	shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link set sw0 up");
}

static const char more_test_ips[] = "address add 192.0.2.2/24 dev eth0\n"
				    "address add 192.0.2.3/24 dev eth0\n"
				    "address add 2001:db8::2/64 dev eth0 nodad\n"
				    "address add 2001:db8::3/64 dev eth0 nodad\n";

/* The cable, its interface and addresses. */
static void lay_cable(const struct net *net, enum net_host host) {
	const char *name = host_names[host];
	unsigned last = last_byte(host);
	char batch[512];
	shell_print(batch, sizeof(batch),
		    "link add %s type veth peer name eth0 address 02:00:00:00:00:%02x netns %s\n"
		    "link set %s master sw0 up\n",
		    name, host_bytes[host], net->ns[host], name);
	shell_must(&(struct shell_job){.ns = net->switch_ns, .input = batch}, "ip -batch -");
	/* A fresh namespace may take the machine's settings over; the lab's hosts are plain ones, but for "port
	 * unreachable", which they say as often as the witness's UDP client asks. */
	shell_must(&(struct shell_job){.ns = net->ns[host]},
		   "sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0"
		   " net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0"
		   " net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0"
		   " net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=0"
		   " net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0 net.ipv6.conf.eth0.accept_dad=0");
	shell_print(batch, sizeof(batch),
		    "link set eth0 up\n"
		    "address add 192.0.2.%u/24 dev eth0\n"
		    "address add 2001:db8::%u/64 dev eth0 nodad\n"
		    "%s",
		    last, last, host == NET_GATEWAY ? more_test_ips : "route add default via 192.0.2.1\n");
	shell_must(&(struct shell_job){.ns = net->ns[host], .input = batch}, "ip -batch -");
}

void net_add(struct net *net, enum net_host host) {
	memcpy(net->mac[host], (uint8_t[]){0x02, 0, 0, 0, 0, (uint8_t)host_bytes[host]}, ETH_ALEN);
	shell_print(net->ns[host], NET_NS, "%s%s", janitor_prefix(), host_names[host]);
	add_space(net->ns[host]);
	lay_cable(net, host);
}

static void build_second_cable(const struct net *net) {
	char batch[256];
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA1]}, "ip link add eth1 type veth peer name eth1 netns %s",
		   net->ns[NET_HA2]);
	for (unsigned node = 0; node < NET_NODES; node++) {
		shell_print(batch, sizeof(batch),
			    "link set eth1 up\n"
			    "address add 198.51.100.%u/24 dev eth1\n"
			    "address add 2001:db8:1::%u/64 dev eth1 nodad\n",
			    node + 1, node + 1);
		shell_must(&(struct shell_job){.ns = net->ns[node], .input = batch}, "ip -batch -");
	}
}

void net_build(struct net *net, bool second_cable) {
	memset(net, 0, sizeof(*net));
	build_switch(net);
	for (unsigned host = 0; host < NET_ALWAYS; host++)
		net_add(net, host);
	if (second_cable)
		build_second_cable(net);
}

/* Feeds rules to a namespace, in one transaction: they hold from the same instant on. */
static void rule(const char *ns, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void rule(const char *ns, const char *format, ...) {
	char rules[4096];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(rules, sizeof(rules), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(rules))
		shell_die("too many rules: %s...", rules);
	shell_must(&(struct shell_job){.ns = ns, .input = rules}, "nft -f -");
}

/* Adding what is there does nothing, so that the deletion always finds it. */
#define DELETE_TABLE(name) "add table netdev " name "\ndelete table netdev " name "\n"

/* What comes from a host comes in at its port of the switch. */
static const char *hook_of(enum net_way way) {
	return way == NET_OUT ? "ingress" : "egress";
}

void net_cut(const struct net *net, enum net_host host, enum net_cut cut) {
	const char *name = host_names[host];
	fault_count();
	switch (cut) {
	case NET_CUT_CARRIER:
		shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link set %s down", name);
		break;
	case NET_CUT_FRAMES:
		rule(net->switch_ns,
		     "table netdev cut-%s {\n"
		     "chain out { type filter hook ingress device %s priority 0; policy drop; }\n"
		     "chain in { type filter hook egress device %s priority 0; policy drop; }\n"
		     "}\n",
		     name, name, name);
		break;
	}
}

void net_cut_one_way(const struct net *net, enum net_host host, enum net_way way) {
	const char *name = host_names[host];
	fault_count();
	rule(net->switch_ns,
	     "table netdev cut-%s {\nchain %s { type filter hook %s device %s priority 0; policy drop; }\n}\n", name,
	     way == NET_OUT ? "out" : "in", hook_of(way), name);
}

void net_block_heartbeats(const struct net *net, enum net_host host) {
	const char *name = host_names[host];
	fault_count();
	rule(net->switch_ns,
	     "table netdev cut-%s {\n"
	     "chain heartbeats { type filter hook ingress device %s priority 1; ether type 0x%04x drop; }\n"
	     "}\n",
	     name, name, FRAME_HEARTBEAT_TYPE);
}

void net_mend(const struct net *net, enum net_host host) {
	const char *name = host_names[host];
	rule(net->switch_ns, DELETE_TABLE("cut-%s"), name, name);
	shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link set %s up", name);
}

/* Fills in names of the hosts that are there and in the mask, as nft lists devices. */
static void ports(const struct net *net, unsigned hosts, size_t size, char *out) {
	size_t at = 0;
	out[0] = '\0';
	for (unsigned host = 0; host < NET__HOSTS; host++) {
		if (!*net->ns[host] || !(hosts & 1U << host))
			continue;
		shell_print(out + at, size - at, "%s%s", at ? ", " : "", host_names[host]);
		at += strlen(out + at);
	}
}

enum { PORTS = 128, EVERYBODY = (1 << NET__HOSTS) - 1 };

/* ---- what is lost for everybody ---- */

/* "HM" begins every heartbeat; behind the eight bytes of an echo's or a UDP header it is found there. */
static const char direct[] = "ether type 0x88b5 drop; meta l4proto udp @th,64,16 0x484d drop;";
static const char reflected[] = "icmp type { echo-request, echo-reply } @th,64,16 0x484d drop;"
				" icmpv6 type { echo-request, echo-reply } @th,64,16 0x484d drop;";
static_assert(FRAME_HEARTBEAT_TYPE == 0x88b5, "the rules above say so");

/* ARP and neighbour discovery of one node, which everybody hears, dropped where it would enter the other node's port. */
static void block_discovery(const struct net *net, enum net_host from, enum net_host to) {
	rule(net->switch_ns,
	     "table netdev block {\n"
	     "chain to-%s { type filter hook egress device %s priority 1;\n"
	     "ether saddr 02:00:00:00:00:%02x ether type arp drop\n"
	     "ether saddr 02:00:00:00:00:%02x icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } drop\n"
	     "}\n"
	     "}\n",
	     host_names[to], host_names[to], host_bytes[from], host_bytes[from]);
}

void net_block(const struct net *net, unsigned blocks) {
	char everybody[PORTS];
	ports(net, EVERYBODY, sizeof(everybody), everybody);
	fault_count();
	rule(net->switch_ns,
	     "table netdev block {\n"
	     "chain in { type filter hook ingress devices = { %s } priority 1; %s %s }\n"
	     "}\n",
	     everybody, blocks & NET_BLOCK_DIRECT ? direct : "", blocks & NET_BLOCK_REFLECTED ? reflected : "");
	for (unsigned node = 0; node < NET_NODES; node++) {
		enum net_host other = node == NET_HA1 ? NET_HA2 : NET_HA1;
		if (blocks & NET_BLOCK_DISCOVERY)
			block_discovery(net, other, node);
		if (blocks & NET_BLOCK_DIRECT)
			rule(net->ns[node],
			     "table netdev block {\n"
			     "chain in { type filter hook ingress device eth1 priority 1; %s }\n"
			     "}\n",
			     direct);
	}
}

void net_unblock(const struct net *net) {
	rule(net->switch_ns, DELETE_TABLE("block"));
	for (unsigned node = 0; node < NET_NODES; node++)
		rule(net->ns[node], DELETE_TABLE("block"));
}

/* ---- a storm ---- */

/* Marks of frames on the switch. */
enum { MARK_FROM_HA1 = 1, MARK_FROM_HA2 = 2, MARK_HALF = 3 /* either */, MARK_TWICE = 4 };

/* A frame that is to come twice is doubled where it leaves, and its copy passes the same chain: the mark goes first. */
void net_storm(const struct net *net, struct net_storm storm) {
	char struck[PORTS], chains[1024];
	size_t at = 0;
	ports(net, EVERYBODY & ~(1U << NET_CLIENT), sizeof(struck), struck);
	fault_count();
	for (unsigned host = 0; host < NET__HOSTS; host++) {
		if (!*net->ns[host])
			continue;
		shell_print(chains + at, sizeof(chains) - at,
			    "chain to-%s { type filter hook egress device %s priority 3;"
			    " meta mark and %d != 0 meta mark set mark and %d dup to %s; }\n",
			    host_names[host], host_names[host], MARK_TWICE, MARK_HALF, host_names[host]);
		at += strlen(chains + at);
	}
	rule(net->switch_ns,
	     "table netdev storm {\n"
	     "chain from { type filter hook ingress devices = { %s } priority 3;"
	     " numgen random mod 100 < %u drop; numgen random mod 100 < %u meta mark set mark or %d; }\n"
	     "%s}\n",
	     struck, storm.lost, storm.doubled, MARK_TWICE, chains);
}

void net_calm(const struct net *net) {
	rule(net->switch_ns, DELETE_TABLE("storm"));
}

/* ---- the switch in two ---- */

/* Frames are marked where they come in, and dropped where they would leave by a port of the other half. */
void net_split_halves(const struct net *net, unsigned with_ha2) {
	char half[NET_NODES][PORTS];
	with_ha2 = (with_ha2 | 1U << NET_HA2) & ~(1U << NET_HA1);
	ports(net, EVERYBODY & ~with_ha2, PORTS, half[NET_HA1]);
	ports(net, with_ha2, PORTS, half[NET_HA2]);
	fault_count();
	rule(net->switch_ns,
	     "table netdev split {\n"
	     "chain from-ha1 { type filter hook ingress devices = { %s } priority 2; meta mark set %d; }\n"
	     "chain from-ha2 { type filter hook ingress devices = { %s } priority 2; meta mark set %d; }\n"
	     "chain to-ha1 { type filter hook egress devices = { %s } priority 2; meta mark and %d == %d drop; }\n"
	     "chain to-ha2 { type filter hook egress devices = { %s } priority 2; meta mark and %d == %d drop; }\n"
	     "}\n",
	     half[NET_HA1], MARK_FROM_HA1, half[NET_HA2], MARK_FROM_HA2, half[NET_HA1], MARK_HALF, MARK_FROM_HA2,
	     half[NET_HA2], MARK_HALF, MARK_FROM_HA1);
}

void net_split(const struct net *net, enum net_host gateway_with, enum net_host client_with) {
	net_split_halves(net, (gateway_with == NET_HA2) << NET_GATEWAY | (client_with == NET_HA2) << NET_CLIENT);
}

void net_unite(const struct net *net) {
	rule(net->switch_ns, DELETE_TABLE("split"));
}

/* ---- cables ---- */

void net_unplug(const struct net *net, enum net_host host) {
	fault_count();
	shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link delete %s", host_names[host]);
}

void net_replug(const struct net *net, enum net_host host) {
	lay_cable(net, host);
}

void net_second_cable(const struct net *net, bool up) {
	if (!up)
		fault_count();
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA2]}, "ip link set eth1 %s", up ? "up" : "down");
}

/* ---- the stranger ---- */

/* Gratuitous: it asks everybody for the address that it asks from (RFC 5227 3). */
void net_stranger_announces(const struct net *net, const char *address) {
	struct frame_ends ends = {.from = frame_ip(address), .to = frame_ip(address)};
	uint8_t bytes[FRAME_MAX];
	memcpy(ends.from_mac, net->mac[NET_STRANGER], ETH_ALEN);
	frame_everybody(&ends.to, ends.to_mac);
	size_t len = frame_solicit(&ends, bytes);
	int fd = packet_open(net->ns[NET_STRANGER], "eth0");
	if (send(fd, bytes, len, 0) != (ssize_t)len)
		shell_die("the stranger cannot announce %s: %s", address, strerror(errno));
	close(fd);
}

void net_stranger_claims(const struct net *net, const char *address) {
	fault_count();
	shell_must(&(struct shell_job){.ns = net->ns[NET_STRANGER]}, "ip address add %s dev eth0", address);
	net_stranger_announces(net, address);
}

void net_stranger_leaves(const struct net *net, const char *address) {
	shell_must(&(struct shell_job){.ns = net->ns[NET_STRANGER]}, "ip address delete %s dev eth0", address);
}
