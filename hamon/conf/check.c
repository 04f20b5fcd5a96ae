/* Judges what a configuration says: duplicates, addresses that cannot be what they are meant to be, settings that
 * contradict each other. What refers to what, and what it means for this node, is resolve.c's. */
#include <arpa/inet.h>
#include <string.h>

#include "hamon/conf/draft.h"

enum { PREFERRED = 10 }; /* a preference to propose */

/* ---- duplicates ---- */

/* Which of the first n shared IPs has this address? -1: none. */
static int find_ip(const struct conf *c, unsigned n, const struct ip_address *address) {
	for (unsigned i = 0; i < n; i++)
		if (conf_address_same(&c->ips[i].address, address))
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
			if (conf_address_same(&c->tests[i], &c->tests[j]))
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
	for (unsigned i = 0; i < c->links_n; i++) {
		if (strcmp(c->links[i].name, transport_name(TRANSPORT_REFLECT)) == 0)
			draft_complain(d, d->link_line[i],
				       "the link cannot be called \"%s\": that is what heartbeats by way of the test IPs "
				       "are called",
				       transport_name(TRANSPORT_REFLECT));
		for (unsigned j = 0; j < i; j++)
			if (strcmp(c->links[i].name, c->links[j].name) == 0)
				draft_complain(d, d->link_line[i], "the link \"%s\" stands in line %u already",
					       c->links[i].name, d->link_line[j]);
	}
}

/* Each thing may be renamed once on a node. */
static void check_renames(struct draft *d, const char *what, const struct draft_rename *renames, unsigned n) {
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(renames[i].name, renames[j].name) == 0)
				draft_complain(d, renames[i].line, "the %s \"%s\" stands in line %u already", what,
					       renames[i].name, renames[j].line);
}

/* ---- the nodes' own addresses ---- */

/* The address of that number, of those that a node calls its own: its host, then its links'. NULL: no more. */
static const struct draft_address *own_address(const struct draft_node *node, unsigned i) {
	return i == 0 ? &node->host : i <= node->links_n ? &node->links[i - 1].address : NULL;
}

/* Is this one of the node's own? */
static bool is_own(const struct draft_node *node, const struct ip_address *address) {
	const struct draft_address *own;
	for (unsigned i = 0; (own = own_address(node, i)); i++)
		if (conf_address_same(&own->address, address))
			return true;
	return false;
}

static void check_own_addresses(struct draft *d, const struct draft_node *node) {
	const struct draft_address *own;
	char text[INET6_ADDRSTRLEN];
	for (unsigned i = 0; (own = own_address(node, i)); i++) {
		if (own->address.family == AF_UNSPEC)
			continue;
		conf_address_text(&own->address, text);
		if (find_ip(&d->conf, d->conf.ips_n, &own->address) >= 0)
			draft_complain(
				d, own->line,
				"%s is a shared IP, which moves between the nodes; this must be an address that node "
				"\"%s\" keeps",
				text, node->name);
		if (node != d->nodes && is_own(d->nodes, &own->address))
			draft_complain(d, own->line, "%s is an address of both nodes; it must be node \"%s\"'s own", text,
				       node->name);
		for (unsigned j = 1; j < i; j++)
			if (conf_address_same(&node->links[j - 1].address.address, &own->address))
				draft_complain(d, own->line, "%s is the address of two links of node \"%s\"", text,
					       node->name);
	}
}

/* Who asks himself learns nothing of the network. */
static void check_foreign_tests(struct draft *d, const struct draft_node *node) {
	char text[INET6_ADDRSTRLEN];
	for (unsigned i = 0; i < d->conf.tests_n; i++)
		if (is_own(node, &d->conf.tests[i]))
			draft_complain(d, d->test_line[i],
				       "the test IP %s is an address of node \"%s\"; test a router or a switch",
				       conf_address_text(&d->conf.tests[i], text), node->name);
}

/* ---- settings of one group ---- */

static void check_failover(struct draft *d) {
	const struct conf *c = &d->conf;
	unsigned line = d->errors->failover_line;
	char delay[CONF_DURATION], most[CONF_DURATION];
	if (c->hold_down_most && c->hold_down_most < c->hold_down)
		draft_complain(d, line, "hold-down-most \"%s\" is less than hold-down \"%s\", with which it begins",
			       conf_duration_text(c->hold_down_most, most), conf_duration_text(c->hold_down, delay));
	if (c->failback && d->nodes_n == CONF_NODES && d->nodes[0].preference == d->nodes[1].preference)
		draft_complain(d, line,
			       "failback gives the role back to the node of higher preference, and both have %d; write "
			       "preference = %d in one node's block, or failback = \"never\"",
			       d->nodes[0].preference, d->nodes[0].preference == PREFERRED ? 0 : PREFERRED);
}

void draft_check(struct draft *d) {
	if (d->nodes_n == CONF_NODES && strcmp(d->nodes[0].name, d->nodes[1].name) == 0)
		draft_complain(d, d->nodes[1].line, "both nodes are called \"%s\"", d->nodes[0].name);
	for (unsigned i = 0; i < d->nodes_n; i++) {
		check_renames(d, "link", d->nodes[i].links, d->nodes[i].links_n);
		check_renames(d, "interface", d->nodes[i].interfaces, d->nodes[i].interfaces_n);
		check_own_addresses(d, &d->nodes[i]);
		check_foreign_tests(d, &d->nodes[i]);
	}
	check_ips(d);
	check_interfaces(d);
	check_links(d);
	check_tests(d);
	check_failover(d);
}
