/* The topology, in network namespaces: a switch, two nodes, a gateway (the test IP) and a client, each on its cable; the
 * nodes may have a second cable between them. Owns building it and its faults; the janitor removes it.
 *
 *     ha1 ──┐            ┌── gateway  192.0.2.1   2001:db8::1
 *           ├── switch ──┤
 *     ha2 ──┘            └── client   192.0.2.9   2001:db8::9
 *
 * On the hosts the cable is eth0, the second one eth1; on the switch a port bears the host's name. */
#ifndef LAB_NET_H
#define LAB_NET_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stdint.h>

enum net_host { NET_HA1, NET_HA2, NET_GATEWAY, NET_CLIENT, NET__HOSTS };
enum { NET_NODES = 2 };

const char *net_host_name(enum net_host host);

enum { NET_NS = 40 };

struct net {
	char switch_ns[NET_NS];
	char ns[NET__HOSTS][NET_NS];
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

/* Cuts the host's cable. Faults of both kinds may stand on one cable at once. */
void net_cut(const struct net *net, enum net_host host, enum net_cut cut);

/* The switch drops every frame that the host sends (NET_OUT), or every one that goes to it (NET_IN). */
void net_cut_one_way(const struct net *net, enum net_host host, enum net_way way);

/* The switch drops the heartbeats that the host sends, and nothing else; the second cable carries them still. */
void net_block_heartbeats(const struct net *net, enum net_host host);

/* Takes every fault of the host's cable back. */
void net_mend(const struct net *net, enum net_host host);

/* Breaks the switch in two: ha1's half and ha2's. The gateway and the client go with the node that is named for each. No
 * carrier is lost, no frame crosses. net_unite() makes it whole again. */
void net_split(const struct net *net, enum net_host gateway_with, enum net_host client_with);
void net_unite(const struct net *net);

/* Takes the host's eth0 away, and makes it anew with the same MAC and addresses. */
void net_unplug(const struct net *net, enum net_host host);
void net_replug(const struct net *net, enum net_host host);

/* Cuts and mends the second cable, with the carrier lost. */
void net_second_cable(const struct net *net, bool up);

#endif
