/* Who claims the shared IPs on the wire. */
#include "hamon/node/parts.h"

int node_arp_init(struct node *node) {
	(void)node;
	return 0;
}

void node_arp_fini(struct node *node) {
	(void)node;
}

void node_arp_review(struct node *node) {
	(void)node;
}

void node_arp_drain(struct node *node) {
	(void)node;
}

void node_arp_probe(struct node *node, const struct ip_set *set) {
	(void)node;
	(void)set;
}
