/* The kernel's lease, as nft(8) lists it on a node. */
#ifndef NETNS_RULESET_H
#define NETNS_RULESET_H

#include "tests/netns/test.h"

enum { RULESET_TABLE = 32, RULESET_KEY = 16 };

/* Looks for the node's table; false: it has none, and *table is empty. */
bool ruleset_table(struct scene *scene, enum net_host host, char table[static RULESET_TABLE]);

/* The one element of a set of the table, `lease` or `permit`. */
struct ruleset_element {
	bool there;
	char key[RULESET_KEY]; /* as nft writes it, and reads it */
	nanos length, left;
	nanos asked, answered; /* `left` counts from a moment between these two */
};

struct ruleset_element ruleset_element(struct scene *scene, enum net_host host, const char *set);

/* Runs `nft WORDS` on the node; it has to succeed. */
void ruleset_nft(struct scene *scene, enum net_host host, const char *words);

#endif
