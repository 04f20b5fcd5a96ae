/* Makes a draft the configuration of one node: what refers to nothing, defaults that depend on other settings, which of the
 * nodes this one is and what its interfaces are called, the links' addresses. And warns of what could be better. */
#include <string.h>
#include <unistd.h>

#include "hamon/conf/draft.h"
#include "hamon/suggest.h"

static const span_t hold_down_usual = 60 * SEC; /* its longest, unless the first is longer */

/* ---- references ---- */

/* Without links in the file, heartbeats use each interface that carries a shared IP. */
static void default_links(struct conf *c) {
	if (c->links_n)
		return;
	for (unsigned i = 0; i < c->ips_n && c->links_n < CORE_LINKS; i++) {
		const char *interface = c->ips[i].interface;
		bool known = false;
		for (unsigned j = 0; j < c->links_n; j++)
			known |= strcmp(c->links[j].name, interface) == 0;
		if (known)
			continue;
		struct conf_link *link = &c->links[c->links_n++];
		draft_copy(link->name, sizeof link->name, interface);
		draft_copy(link->interface, sizeof link->interface, interface);
	}
}

static void check_known(struct draft *d, const struct draft_rename *rename, const char *what, struct suggest *nearest) {
	if (nearest->best && nearest->distance == 0)
		return;
	if (nearest->best)
		draft_complain(d, rename->line, "no %s is called \"%s\"; did you mean \"%s\"?", what, rename->name,
			       nearest->best);
	else
		draft_complain(d, rename->line, "no %s is called \"%s\"", what, rename->name);
}

/* What a node's block renames must be there. */
static void check_node_references(struct draft *d, const struct draft_node *node) {
	const struct conf *c = &d->conf;
	for (unsigned i = 0; i < node->links_n; i++) {
		struct suggest nearest;
		suggest_init(&nearest, node->links[i].name);
		for (unsigned j = 0; j < c->links_n; j++)
			suggest_offer(&nearest, c->links[j].name);
		check_known(d, &node->links[i], "link", &nearest);
	}
	for (unsigned i = 0; i < node->interfaces_n; i++) {
		struct suggest nearest;
		suggest_init(&nearest, node->interfaces[i].name);
		for (unsigned j = 0; j < c->ips_n; j++)
			suggest_offer(&nearest, c->ips[j].interface);
		for (unsigned j = 0; j < c->links_n; j++)
			suggest_offer(&nearest, c->links[j].interface);
		check_known(d, &node->interfaces[i], "interface of a shared IP or a link", &nearest);
	}
}

static const struct draft_rename *find_rename(const struct draft_rename *renames, unsigned n, const char *name) {
	for (unsigned i = 0; i < n; i++)
		if (strcmp(renames[i].name, name) == 0)
			return &renames[i];
	return NULL;
}

/* What this node says about a link: of the link itself, or of its interface. NULL: nothing, the shared part holds. */
static const struct draft_rename *link_rename(const struct draft_node *node, const struct conf_link *link) {
	const struct draft_rename *rename = find_rename(node->links, node->links_n, link->name);
	return rename && *rename->interface ? rename : find_rename(node->interfaces, node->interfaces_n, link->interface);
}

static const char *link_interface(const struct draft_node *node, const struct conf_link *link) {
	const struct draft_rename *rename = link_rename(node, link);
	return rename ? rename->interface : link->interface;
}

/* Two links of one kind over one interface would be two names for one cable. */
static void check_link_interfaces(struct draft *d, const struct draft_node *node) {
	const struct conf *c = &d->conf;
	for (unsigned i = 0; i < c->links_n; i++)
		for (unsigned j = 0; j < i; j++)
			if (c->links[i].transport == c->links[j].transport &&
			    strcmp(link_interface(node, &c->links[i]), link_interface(node, &c->links[j])) == 0)
				draft_complain(
					d, d->link_line[i], "the links \"%s\" and \"%s\" are both on %s of node \"%s\"",
					c->links[j].name, c->links[i].name, link_interface(node, &c->links[i]), node->name);
}

/* ---- the links' addresses ---- */

/* Datagrams go from one address to another, frames to whoever is on the cable. */
static void address_link(struct draft *d, struct conf_link *link, unsigned node) {
	const struct draft_node *block = &d->nodes[node];
	const struct draft_rename *rename = find_rename(block->links, block->links_n, link->name);
	bool addressed = rename && rename->address.address.family != AF_UNSPEC;
	if (link->transport == TRANSPORT_UDP && !addressed)
		draft_complain(
			d, block->line,
			"the link \"%s\" is udp and needs an address of node \"%s\"; write in its block: links = ( { "
			"name = \"%s\"  address = \"198.51.100.%u\" } )",
			link->name, block->name, link->name, node + 1);
	else if (link->transport != TRANSPORT_UDP && addressed)
		draft_complain(d, rename->address.line,
			       "the link \"%s\" is %s, which has no address; leave it out, or write transport = \"udp\" in "
			       "links",
			       link->name, transport_name(link->transport));
	else if (addressed)
		link->address[node] = rename->address.address;
}

static void address_links(struct draft *d) {
	struct conf *c = &d->conf;
	for (unsigned i = 0; i < c->links_n; i++) {
		const struct ip_address *address = c->links[i].address;
		for (unsigned node = 0; node < CONF_NODES; node++)
			address_link(d, &c->links[i], node);
		if (address[0].family && address[1].family && address[0].family != address[1].family)
			draft_complain(d, d->link_line[i],
				       "the link \"%s\" has an IPv4 address on one node and an IPv6 address on the other",
				       c->links[i].name);
	}
}

/* By way of the test IPs: one more link, unless the file says no, or there is no room for it. */
static void append_reflect(struct draft *d) {
	struct conf *c = &d->conf;
	bool room = c->links_n < CORE_LINKS;
	if (d->reflect == 1 && !room)
		draft_complain(
			d, d->connectivity_line,
			"%d links leave no room for reflected heartbeats: leave out a link, or write reflect = false",
			CORE_LINKS);
	else if (d->reflect < 0 && !room)
		conf_warn(
			d->errors,
			"%d links leave no room for reflected heartbeats, which would tell a peer whose links are cut from "
			"a dead one: leave out a link, or write reflect = false in connectivity-test",
			CORE_LINKS);
	c->reflect = d->reflect != 0 && room;
	if (!c->reflect)
		return;
	struct conf_link *link = &c->links[c->links_n++];
	draft_copy(link->name, sizeof link->name, transport_name(TRANSPORT_REFLECT));
	link->transport = TRANSPORT_REFLECT;
}

/* ---- this node ---- */

/* The index of the node of that name, or -1. */
static int find_node(const struct draft *d, const char *name) {
	for (int i = 0; i < CONF_NODES; i++)
		if (strcmp(d->nodes[i].name, name) == 0)
			return i;
	return -1;
}

/* The index of the node that this host is, or -1: its name may be longer than the node's, by its domain. */
static int find_host(const struct draft *d, char *host, size_t size) {
	if (gethostname(host, size))
		*host = '\0';
	host[size - 1] = '\0';
	int self = find_node(d, host);
	if (self < 0 && strchr(host, '.')) {
		*strchr(host, '.') = '\0';
		self = find_node(d, host);
	}
	return self;
}

static bool find_self(struct draft *d, const char *node) {
	const char *first = d->nodes[0].name, *second = d->nodes[1].name;
	char host[256];
	int self = node ? find_node(d, node) : find_host(d, host, sizeof host);
	if (self < 0 && node)
		draft_complain(d, d->nodes_line, "no node is called \"%.64s\"; the nodes are \"%s\" and \"%s\"", node,
			       first, second);
	else if (self < 0)
		draft_complain(d, d->nodes_line,
			       "this host, \"%.64s\", is neither \"%s\" nor \"%s\"; say which one it is with --node NAME",
			       host, first, second);
	else
		d->conf.self = (unsigned)self;
	return self >= 0;
}

static void rename_interface(char *interface, const struct draft_rename *rename) {
	if (rename)
		draft_copy(interface, IF_NAMESIZE, rename->interface);
}

static void rename_interfaces(struct conf *c, const struct draft_node *node) {
	for (unsigned i = 0; i < c->links_n; i++)
		rename_interface(c->links[i].interface, link_rename(node, &c->links[i]));
	for (unsigned i = 0; i < c->ips_n; i++)
		rename_interface(c->ips[i].interface,
				 find_rename(node->interfaces, node->interfaces_n, c->ips[i].interface));
}

/* ---- warnings: it works, and what it does not promise ---- */

/* After a power failure on site one node is up first, and the other one silent for as long as it boots. */
static void warn_of_fence(const struct conf *c, struct conf_errors *errors) {
	static const span_t boot_least = 60 * SEC;
	if (c->fence != FENCE_OFF && !c->wait_for_peer && c->fence_delay < boot_least)
		conf_warn(
			errors,
			"fence with cold-start = \"alone\": after a power failure on site the node that is up first fences "
			"the other one, which still boots; cold-start = \"wait-for-peer\" prevents that, or a fence delay "
			"longer than a boot");
}

static void warn_of_choices(struct draft *d) {
	const struct conf *c = &d->conf;
	struct conf_errors *errors = d->errors;
	if (!c->tests_n)
		conf_warn(
			errors,
			"no test IPs are configured: the default gateway of the shared IP's interface is the test IP, and "
			"without a gateway a partition can make two owners");
	if (c->policy == POLICY_ANY)
		conf_warn(errors, "policy \"any\": in a split in which each node reaches another test IP, both can serve");
	if (c->alone == ALONE_ALWAYS)
		conf_warn(errors, "alone = \"always\": a primary that hears nobody serves on without a connectivity test, "
				  "also on the "
				  "wrong side of a split");
	if (c->lease_off)
		conf_warn(errors, "%s", CONF_LEASE_OFF);
	warn_of_fence(c, errors);
	const struct conf_node *preferred = &c->nodes[c->nodes[1].preference > c->nodes[0].preference];
	if (c->failback && !(preferred->automatic && preferred->backup_operations))
		conf_warn(errors,
			  "failback: node \"%s\" is preferred, and does nothing by itself: it never asks for the role; see "
			  "automatic and backup-operations",
			  preferred->name);
}

/* ---- the configuration of one node ---- */

/* Defaults that depend on other settings. */
static void set_dependent_defaults(struct draft *d) {
	struct conf *c = &d->conf;
	if (!c->hold_down_most)
		c->hold_down_most = c->hold_down > hold_down_usual ? c->hold_down : hold_down_usual;
	default_links(c);
}

void draft_resolve(struct draft *d, const char *node) {
	struct conf *c = &d->conf;
	for (unsigned i = 0; i < d->nodes_n; i++) {
		draft_copy(c->nodes[i].name, CONF_NAME, d->nodes[i].name);
		c->nodes[i].backup_operations = d->nodes[i].backup_operations;
		c->nodes[i].automatic = d->nodes[i].automatic < 0 ? d->automatic : d->nodes[i].automatic;
		c->nodes[i].host = d->nodes[i].host.address;
		c->nodes[i].preference = d->nodes[i].preference;
	}
	/* What refers to something that could not be read would only be a second complaint about one mistake. */
	if (d->errors->n)
		return;
	set_dependent_defaults(d);
	for (unsigned i = 0; i < CONF_NODES; i++)
		check_node_references(d, &d->nodes[i]);
	bool known = !d->errors->n;
	for (unsigned i = 0; i < CONF_NODES && known; i++)
		check_link_interfaces(d, &d->nodes[i]);
	if (known)
		address_links(d);
	if (!find_self(d, node) || d->errors->n)
		return;
	rename_interfaces(c, &d->nodes[c->self]);
	append_reflect(d);
	warn_of_choices(d);
}
