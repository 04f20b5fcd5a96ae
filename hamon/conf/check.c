/* Judges a configuration as a whole: what must not be together, what refers to nothing, which of the nodes this one is and
 * what its interfaces are called, and the defaults that depend on other settings. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/conf/draft.h"
#include "hamon/suggest.h"

/* ---- duplicates ---- */

static bool same_address(const struct ip_address *a, const struct ip_address *b) {
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Which of the first n shared IPs has this address? -1: none. */
static int find_ip(const struct conf *c, unsigned n, const struct ip_address *address) {
	for (unsigned i = 0; i < n; i++)
		if (same_address(&c->ips[i].address, address))
			return (int)i;
	return -1;
}

static void check_ips(struct draft *d) {
	const struct conf *c = &d->conf;
	char text[INET6_ADDRSTRLEN];
	for (unsigned i = 0; i < c->ips_n; i++) {
		int same = find_ip(c, i, &c->ips[i].address);
		if (same >= 0)
			draft_complain(d, d->ip_line[i], "the shared IP %s stands in line %u already",
				       conf_address_text(&c->ips[i].address, text), d->ip_line[same]);
	}
}

static bool is_new_interface(const struct conf *c, unsigned at) {
	for (unsigned i = 0; i < at; i++)
		if (strcmp(c->ips[i].interface, c->ips[at].interface) == 0)
			return false;
	return true;
}

static void check_interfaces(struct draft *d) {
	unsigned n = 0;
	for (unsigned i = 0; i < d->conf.ips_n; i++) {
		if (!is_new_interface(&d->conf, i) || ++n <= CONF_INTERFACES)
			continue;
		draft_complain(d, d->ip_line[i], "shared IPs on more than %d different interfaces", CONF_INTERFACES);
		return;
	}
}

static void check_tests(struct draft *d) {
	const struct conf *c = &d->conf;
	char text[INET6_ADDRSTRLEN];
	for (unsigned i = 0; i < c->tests_n; i++) {
		conf_address_text(&c->tests[i], text);
		for (unsigned j = 0; j < i; j++)
			if (same_address(&c->tests[i], &c->tests[j]))
				draft_complain(d, d->test_line[i], "the test IP %s is listed twice", text);
		if (find_ip(c, c->ips_n, &c->tests[i]) >= 0)
			draft_complain(
				d, d->test_line[i],
				"the test IP %s is a shared IP, which the pair itself answers; test a router or a switch",
				text);
	}
}

static void check_links(struct draft *d) {
	const struct conf *c = &d->conf;
	for (unsigned i = 0; i < c->links_n; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(c->links[i].name, c->links[j].name) == 0)
				draft_complain(d, d->link_line[i], "the link \"%s\" stands in line %u already",
					       c->links[i].name, d->link_line[j]);
}

/* Each thing may be renamed once on a node. */
static void check_renames(struct draft *d, const char *what, const struct draft_rename *renames, unsigned n) {
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(renames[i].name, renames[j].name) == 0)
				draft_complain(d, renames[i].line, "the %s \"%s\" stands in line %u already", what,
					       renames[i].name, renames[j].line);
}

void draft_check(struct draft *d) {
	if (d->nodes_n == CONF_NODES && strcmp(d->nodes[0].name, d->nodes[1].name) == 0)
		draft_complain(d, d->nodes[1].line, "both nodes are called \"%s\"", d->nodes[0].name);
	for (unsigned i = 0; i < d->nodes_n; i++) {
		check_renames(d, "link", d->nodes[i].links, d->nodes[i].links_n);
		check_renames(d, "interface", d->nodes[i].interfaces, d->nodes[i].interfaces_n);
	}
	check_ips(d);
	check_interfaces(d);
	check_links(d);
	check_tests(d);
}

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
	return rename ? rename : find_rename(node->interfaces, node->interfaces_n, link->interface);
}

static const char *link_interface(const struct draft_node *node, const struct conf_link *link) {
	const struct draft_rename *rename = link_rename(node, link);
	return rename ? rename->interface : link->interface;
}

/* Two links over one interface would be two names for one cable. */
static void check_link_interfaces(struct draft *d, const struct draft_node *node) {
	const struct conf *c = &d->conf;
	for (unsigned i = 0; i < c->links_n; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(link_interface(node, &c->links[i]), link_interface(node, &c->links[j])) == 0)
				draft_complain(
					d, d->link_line[i], "the links \"%s\" and \"%s\" are both on %s of node \"%s\"",
					c->links[j].name, c->links[i].name, link_interface(node, &c->links[i]), node->name);
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

static void warn(struct draft *d, const char *text) {
	draft_copy(d->errors->warnings[d->errors->warnings_n++], CONF_ERROR_TEXT, text);
}

static void warn_of_choices(struct draft *d) {
	const struct conf *c = &d->conf;
	if (!c->tests_n)
		warn(d, "no test IPs are configured: the default gateway of the shared IP's interface is the test IP, and "
			"without a gateway a partition can make two owners");
	if (c->policy == POLICY_ANY)
		warn(d, "policy \"any\": in a split in which each node reaches another test IP, both can serve");
	if (c->alone == ALONE_ALWAYS)
		warn(d,
		     "alone = \"always\": a primary that hears nobody serves on without a connectivity test, also on the "
		     "wrong side of a split");
	if (c->lease_off)
		warn(d, CONF_LEASE_OFF);
}

void draft_resolve(struct draft *d, const char *node) {
	struct conf *c = &d->conf;
	for (unsigned i = 0; i < d->nodes_n; i++) {
		draft_copy(c->nodes[i].name, CONF_NAME, d->nodes[i].name);
		c->nodes[i].backup_operations = d->nodes[i].backup_operations;
		c->nodes[i].automatic = d->nodes[i].automatic < 0 ? d->automatic : d->nodes[i].automatic;
	}
	/* What refers to something that could not be read would only be a second complaint about one mistake. */
	if (d->errors->n)
		return;
	default_links(c);
	for (unsigned i = 0; i < CONF_NODES; i++)
		check_node_references(d, &d->nodes[i]);
	bool known = !d->errors->n;
	for (unsigned i = 0; i < CONF_NODES && known; i++)
		check_link_interfaces(d, &d->nodes[i]);
	if (!find_self(d, node) || d->errors->n)
		return;
	rename_interfaces(c, &d->nodes[c->self]);
	warn_of_choices(d);
}
