/* The lab's topology: see net.h. */
#include "tests/lab/net.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/lab/frame.h"
#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"

static const char *const host_names[] = {"ha1", "ha2", "gateway", "client"};
static_assert(sizeof(host_names) / sizeof(*host_names) == NET__HOSTS, "a name for each host");
static const unsigned host_bytes[] = {0x11, 0x12, 0x01, 0x09}; /* last byte of its addresses */
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
	/* A fresh namespace may take the machine's settings over; the lab's hosts are plain ones, but for "port unreachable",
	 * which they say as often as the witness's UDP client asks. */
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
		    last, last, host == NET_GATEWAY ? "" : "route add default via 192.0.2.1\n");
	shell_must(&(struct shell_job){.ns = net->ns[host], .input = batch}, "ip -batch -");
}

static void build_host(struct net *net, enum net_host host) {
	memcpy(net->mac[host], (uint8_t[]){0x02, 0, 0, 0, 0, (uint8_t)host_bytes[host]}, ETH_ALEN);
	shell_print(net->ns[host], NET_NS, "%s%s", janitor_prefix(), host_names[host]);
	add_space(net->ns[host]);
	lay_cable(net, host);
}

static void build_second_cable(const struct net *net) {
	char batch[256];
	shell_print(batch, sizeof(batch), "link add eth1 type veth peer name eth1 netns %s\nlink set eth1 up\n",
		    net->ns[NET_HA2]);
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA1], .input = batch}, "ip -batch -");
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA2]}, "ip link set eth1 up");
}

void net_build(struct net *net, bool second_cable) {
	memset(net, 0, sizeof(*net));
	build_switch(net);
	for (unsigned host = 0; host < NET__HOSTS; host++)
		build_host(net, host);
	if (second_cable)
		build_second_cable(net);
}

/* Feeds rules to the switch, in one transaction: they hold from the same instant on. */
static void rule(const struct net *net, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void rule(const struct net *net, const char *format, ...) {
	char rules[1024];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(rules, sizeof(rules), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(rules))
		shell_die("too many rules: %s...", rules);
	shell_must(&(struct shell_job){.ns = net->switch_ns, .input = rules}, "nft -f -");
}

/* Adding what is there does nothing, so that the deletion always finds it. */
#define DELETE_TABLE(name) "add table netdev " name "\ndelete table netdev " name "\n"

/* What comes from a host comes in at its port of the switch. */
static const char *hook_of(enum net_way way) {
	return way == NET_OUT ? "ingress" : "egress";
}

void net_cut(const struct net *net, enum net_host host, enum net_cut cut) {
	const char *name = host_names[host];
	switch (cut) {
	case NET_CUT_CARRIER:
		shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link set %s down", name);
		break;
	case NET_CUT_FRAMES:
		rule(net,
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
	rule(net, "table netdev cut-%s {\nchain %s { type filter hook %s device %s priority 0; policy drop; }\n}\n", name,
	     way == NET_OUT ? "out" : "in", hook_of(way), name);
}

void net_block_heartbeats(const struct net *net, enum net_host host) {
	const char *name = host_names[host];
	rule(net,
	     "table netdev cut-%s {\n"
	     "chain heartbeats { type filter hook ingress device %s priority 1; ether type 0x%04x drop; }\n"
	     "}\n",
	     name, name, FRAME_HEARTBEAT_TYPE);
}

void net_mend(const struct net *net, enum net_host host) {
	const char *name = host_names[host];
	rule(net, DELETE_TABLE("cut-%s"), name, name);
	shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link set %s up", name);
}

/* Frames are marked where they come in, and dropped where they would leave by a port of the other half. */
void net_split(const struct net *net, enum net_host gateway_with, enum net_host client_with) {
	char half[NET_NODES][64];
	for (unsigned node = 0; node < NET_NODES; node++)
		shell_print(half[node], sizeof(half[node]), "%s%s%s", host_names[node],
			    gateway_with == node ? ", gateway" : "", client_with == node ? ", client" : "");
	rule(net,
	     "table netdev split {\n"
	     "chain from-ha1 { type filter hook ingress devices = { %s } priority 2; meta mark set 1; }\n"
	     "chain from-ha2 { type filter hook ingress devices = { %s } priority 2; meta mark set 2; }\n"
	     "chain to-ha1 { type filter hook egress devices = { %s } priority 2; meta mark 2 drop; }\n"
	     "chain to-ha2 { type filter hook egress devices = { %s } priority 2; meta mark 1 drop; }\n"
	     "}\n",
	     half[NET_HA1], half[NET_HA2], half[NET_HA1], half[NET_HA2]);
}

void net_unite(const struct net *net) {
	rule(net, DELETE_TABLE("split"));
}

void net_unplug(const struct net *net, enum net_host host) {
	shell_must(&(struct shell_job){.ns = net->switch_ns}, "ip link delete %s", host_names[host]);
}

void net_replug(const struct net *net, enum net_host host) {
	lay_cable(net, host);
}

void net_second_cable(const struct net *net, bool up) {
	shell_must(&(struct shell_job){.ns = net->ns[NET_HA2]}, "ip link set eth1 %s", up ? "up" : "down");
}
