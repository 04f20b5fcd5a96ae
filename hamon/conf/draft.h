/* A configuration that is being read: what the file said, and where it said it. Private to read.c, which fills it,
 * digest.c, check.c, which judges it as a whole, and resolve.c, which makes the configuration of one node from it. */
#ifndef HAMON_CONF_DRAFT_H
#define HAMON_CONF_DRAFT_H

#include <libconfig.h>

#include "hamon/conf/conf.h"

enum { DRAFT_RENAMES = 16 };

/* An address of a node's own; family 0: none. */
struct draft_address {
	struct ip_address address;
	unsigned line;
};

/* "What the shared part calls `name` is `interface` on this node", and what its address is there. */
struct draft_rename {
	char name[IF_NAMESIZE], interface[IF_NAMESIZE]; /* interface: empty where only the address is told */
	struct draft_address address;                   /* links alone */
	unsigned line;
};

/* A node's own block. */
struct draft_node {
	char name[CONF_NAME];
	bool backup_operations;
	int automatic; /* -1: as the failover group says */
	int preference;
	struct draft_address host;
	unsigned line, links_n, interfaces_n;
	struct draft_rename links[CORE_LINKS], interfaces[DRAFT_RENAMES];
};

struct draft {
	const char *file;
	struct conf_errors *errors;
	struct conf conf; /* the shared part; interfaces as it names them */
	bool automatic;   /* the failover group's */
	int reflect;      /* -1: not said */
	unsigned nodes_n, nodes_line, connectivity_line;
	struct draft_node nodes[CONF_NODES];
	unsigned ip_line[CORE_IPS], link_line[CORE_LINKS], test_line[CORE_TESTS];
};

#define draft_complain(d, line, ...) conf_complain((d)->errors, (d)->file, line, __VA_ARGS__)

/* The digest of what the file sets for both nodes, never 0, from its parsed text, which had no errors. 0 or -ENOMEM. */
int draft_digest(const config_setting_t *root, uint64_t *digest);

/* Complains about what settings must not be together, such as duplicates. */
void draft_check(struct draft *draft);

/* Makes draft->conf the configuration of the node called `node` (NULL: the host's name): which one it is, what its
 * interfaces are called, the defaults that depend on other settings. Complains where that cannot be. */
void draft_resolve(struct draft *draft, const char *node);

/* Text into a field, the rest of which becomes zero, so that equal configurations are equal bytes. It fits: asserted. */
void draft_copy(char *field, size_t size, const char *text);

#endif
