/* The topology, in network namespaces: a switch, two nodes, a gateway (the test IPs) and a client, each on its cable; the
 * nodes may have a second cable between them. Hosts that few tests need come when they are asked for. Owns building it and
 * its faults; the janitor removes it.
 *
 *     ha1 ──┐            ┌── gateway   192.0.2.1, .2, .3   2001:db8::1, ::2, ::3
 *           ├── switch ──┼── client    192.0.2.9           2001:db8::9
 *     ha2 ──┘            ├── gateway2  192.0.2.4           2001:db8::4          net_add()
 *                        └── stranger  192.0.2.66          2001:db8::66         net_add()
 *
 * On the hosts the cable is eth0, the second one eth1 (198.51.100.1 and .2); on the switch a port bears the host's name. */
#ifndef LAB_NET_H
#define LAB_NET_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stdint.h>

enum net_host { NET_HA1, NET_HA2, NET_GATEWAY, NET_CLIENT, NET_GATEWAY2, NET_STRANGER, NET__HOSTS };
enum { NET_NODES = 2, NET_ALWAYS = NET_CLIENT + 1 /* of them are there from the beginning */ };

const char *net_host_name(enum net_host host);

enum { NET_NS = 40 };

struct net {
	char switch_ns[NET_NS];
	char ns[NET__HOSTS][NET_NS];       /* empty: that host is not there */
	uint8_t mac[NET__HOSTS][ETH_ALEN]; /* of eth0 */
};

enum net_cut {
	NET_CUT_CARRIER, /* the switch's port goes down: the host loses its carrier */
	NET_CUT_FRAMES,  /* the switch drops every frame of the port, both ways; the carrier stays */
};

/* Seen from the host. */
enum net_way { NET_OUT, NET_IN };

/* Builds it with the janitor's prefix, so janitor_start() comes first. Dies when it cannot. */
void net_build(struct net *net, bool second_cable);

/* Adds one of the hosts that are not there from the beginning. */
void net_add(struct net *net, enum net_host host);

/* Cuts the host's cable. Faults of both kinds may stand on one cable at once. */
void net_cut(const struct net *net, enum net_host host, enum net_cut cut);

/* The switch drops every frame that the host sends (NET_OUT), or every one that goes to it (NET_IN). */
void net_cut_one_way(const struct net *net, enum net_host host, enum net_way way);

/* The switch drops the heartbeats that the host sends, and nothing else; the second cable carries them still. */
void net_block_heartbeats(const struct net *net, enum net_host host);

/* Traffic that is lost for everybody, wherever it comes in, and nothing else: masks of these. */
enum net_block {
	NET_BLOCK_DIRECT = 1 << 0,    /* heartbeats, by their EtherType and over UDP, on the second cable as well */
	NET_BLOCK_REFLECTED = 1 << 1, /* heartbeats in echo requests and replies */
	NET_BLOCK_DISCOVERY = 1 << 2, /* ARP and neighbour discovery from one node to the other */
};
void net_block(const struct net *net, unsigned blocks);
/* Takes all of them back. */
void net_unblock(const struct net *net);

/* Of each hundred frames that come in on the switch from anybody but the client, so many at random are lost, and so many
 * doubled: on the way from one node to the other, to a test IP, and back from it, each once. The client's own loss is no
 * fault of the pair. net_calm() ends it. */
struct net_storm {
	unsigned lost, doubled; /* percent */
};
void net_storm(const struct net *net, struct net_storm storm);
void net_calm(const struct net *net);

/* Takes every fault of the host's cable back. */
void net_mend(const struct net *net, enum net_host host);

/* Breaks the switch in two: ha1's half and ha2's. The gateway and the client go with the node that is named for each. No
 * carrier is lost, no frame crosses. net_unite() makes it whole again. */
void net_split(const struct net *net, enum net_host gateway_with, enum net_host client_with);
void net_unite(const struct net *net);

/* The same for more hosts: ha2's half has those of the mask (bits of 1 << enum net_host), ha1's all others. */
void net_split_halves(const struct net *net, unsigned with_ha2);

/* Takes the host's eth0 away, and makes it anew with the same MAC and addresses. */
void net_unplug(const struct net *net, enum net_host host);
void net_replug(const struct net *net, enum net_host host);

/* Cuts and mends the second cable, with the carrier lost. */
void net_second_cable(const struct net *net, bool up);

/* ---- the stranger ---- */

/* The stranger, who must have been added, bears the address, so that its kernel answers for it, and announces it once
 * (gratuitous ARP; IPv4 alone). net_stranger_leaves() ends that. */
void net_stranger_claims(const struct net *net, const char *address);
/* Announces it once more. */
void net_stranger_announces(const struct net *net, const char *address);
void net_stranger_leaves(const struct net *net, const char *address);

#endif
