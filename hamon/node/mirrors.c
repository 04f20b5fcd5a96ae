/* What reflected heartbeats need: the test IPs as mirrors, the peer's own addresses, in whose name they are sent, and this
 * node's, which its heartbeats tell the peer. All by the configuration (`host`), or else by the routes and by what the peer
 * says. Looked up when something changed, never for a heartbeat. */
#include <string.h>

#include "hamon/node/parts.h"

enum { IPV4, IPV6 };

static const uint8_t families[PEERLINK_FAMILIES] = {[IPV4] = AF_INET, [IPV6] = AF_INET6};

static const struct ip_address nowhere;

/* A shared IP is never a node's own: a frame in its name is the lease holder's alone. */
static bool is_own(const struct node *node, const struct ip_address *address) {
	return node_ips_find(node, address) < 0;
}

/* What the routes say of the first test IP of the family that has one; or what they said before, for the kernel flushes a
 * lost interface's routes, and a shared IP may be preferred while it stands (RFC 6724 leaves equals to the kernel). */
static struct ip_address routed(const struct node *node, unsigned family) {
	const struct node_tests *tests = &node->tests;
	struct ip_address source;
	bool tested = false;

	for (unsigned i = 0; i < CORE_TESTS; i++) {
		if (!(tests->mask & 1U << i) || tests->address[i].family != families[family])
			continue;
		tested = true;
		if (route_source(&node->mirrors.sources, &tests->address[i], tests->ifindex[i], &source) == 0 &&
		    is_own(node, &source))
			return source;
	}
	return tested && is_own(node, &node->mirrors.own[family]) ? node->mirrors.own[family] : nowhere;
}

static struct ip_address own_address(const struct node *node, unsigned family) {
	const struct ip_address *host = &node->conf.nodes[node->conf.self].host;

	return host->family == families[family] ? *host : routed(node, family);
}

static struct ip_address peer_address(const struct node *node, unsigned family) {
	const struct ip_address *host = &node->conf.nodes[1 - node->conf.self].host;
	const struct ip_address *address = host->family == families[family] ? host : &node->mirrors.told[family];

	return is_own(node, address) ? *address : nowhere;
}

static void point(const struct node *node, const struct ip_address peer[static PEERLINK_FAMILIES], struct peerlink *link) {
	const struct node_tests *tests = &node->tests;
	struct peerlink_mirrors mirrors = {0};

	memcpy(mirrors.peer, peer, sizeof mirrors.peer);
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		if (!(tests->mask & 1U << i))
			continue;
		mirrors.list[mirrors.n].address = tests->address[i];
		mirrors.list[mirrors.n++].ifindex = tests->ifindex[i];
	}
	peerlink_reflect(link, &mirrors);
}

void node_mirrors_review(struct node *node) {
	node->mirrors.review = true;
}

void node_mirrors_noticed(struct node *node, const struct addr_entry *entry) {
	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (node->tests.mask & 1U << i && node->tests.address[i].family == entry->address.family)
			node_mirrors_review(node);
}

void node_mirrors_tick(struct node *node) {
	struct ip_address peer[PEERLINK_FAMILIES];

	if (!node->mirrors.review)
		return;
	node->mirrors.review = false;
	for (unsigned i = 0; i < PEERLINK_FAMILIES; i++) {
		node->mirrors.own[i] = own_address(node, i);
		peer[i] = peer_address(node, i);
	}
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->conf.links[i].transport == TRANSPORT_REFLECT)
			point(node, peer, &node->links[i].peerlink);
	node_tests_peer(node, peer);
	node->interfaces_changed = true; /* the core is to know whether the link is ready */
}

void node_mirrors_address(const struct node *node, struct heartbeat *hb) {
	memcpy(hb->address4, node->mirrors.own[IPV4].bytes, sizeof hb->address4);
	memcpy(hb->address6, node->mirrors.own[IPV6].bytes, sizeof hb->address6);
}

static struct ip_address told(unsigned family, const uint8_t *bytes, size_t len) {
	struct ip_address address = {0};

	memcpy(address.bytes, bytes, len);
	if (memcmp(&address, &nowhere, sizeof address) != 0)
		address.family = families[family];
	return address;
}

void node_mirrors_heard(struct node *node, const struct heartbeat *hb) {
	const struct ip_address now[PEERLINK_FAMILIES] = {
		[IPV4] = told(IPV4, hb->address4, sizeof hb->address4),
		[IPV6] = told(IPV6, hb->address6, sizeof hb->address6),
	};

	if (memcmp(node->mirrors.told, now, sizeof now) == 0)
		return;
	memcpy(node->mirrors.told, now, sizeof now);
	node_mirrors_review(node);
}

int node_mirrors_init(struct node *node) {
	node_mirrors_review(node);
	return route_sources_init(&node->mirrors.sources);
}

void node_mirrors_fini(struct node *node) {
	route_sources_fini(&node->mirrors.sources);
}
