/* Which shared IP has which slot, through every reload. A slot that is no longer configured is free again when its address
 * is gone. */
#include <string.h>

#include "hamon/node/parts.h"

int node_ips_find(const struct node *node, const struct ip_address *address) {
	for (int i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used && conf_address_same(&node->ips.slots[i].conf.address, address))
			return i;
	return -1;
}

int node_ips_slot_of(const struct node *node, const struct addr_entry *entry) {
	const struct node_ips *ips = &node->ips;

	for (unsigned i = 0; i < CORE_IPS; i++) {
		const struct node_ip *ip = &ips->slots[i];
		if ((ip->used || ip_set_has(&ips->present, i)) && conf_address_same(&ip->conf.address, &entry->address) &&
		    ip->conf.prefix == entry->prefix && node->interfaces[ip->interface].iface.ifindex == entry->ifindex)
			return (int)i;
	}
	return -1;
}

static bool same_ip(const struct conf_ip *a, const struct conf_ip *b) {
	return conf_address_same(&a->address, &b->address) && a->prefix == b->prefix &&
	       strcmp(a->interface, b->interface) == 0;
}

static bool still_configured(const struct conf *conf, const struct conf_ip *ip) {
	for (unsigned i = 0; i < conf->ips_n; i++)
		if (same_ip(&conf->ips[i], ip))
			return true;
	return false;
}

/* A slot is free again only when its address is gone from the interface, and is not about to come. */
static int free_slot(const struct node_ips *ips) {
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (!ips->slots[i].used && !ip_set_has(&ips->present, i) && !ip_set_has(&ips->under_way, i))
			return (int)i;
	return -1;
}

/* -1: it has none. */
static int slot_for(const struct node_ips *ips, const struct conf_ip *ip) {
	for (int i = 0; i < CORE_IPS; i++)
		if (ips->slots[i].used && same_ip(&ips->slots[i].conf, ip))
			return i;
	return -1;
}

/* Switched off is the address, whatever prefix or interface it has had. */
static bool switched_off(const struct node_ips *ips, const struct ip_address *address) {
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (ips->slots[i].disabled && conf_address_same(&ips->slots[i].conf.address, address))
			return true;
	return false;
}

static int take_slot(struct node *node, const struct conf_ip *ip) {
	int slot = free_slot(&node->ips), interface = node_interface(node, ip->interface);

	if (slot < 0 || interface < 0) { /* until those removed before are gone */
		node->ips.crowded = true;
		return -1;
	}
	node->ips.slots[slot] = (struct node_ip){.used = true,
						 .disabled = switched_off(&node->ips, &ip->address),
						 .conf = *ip,
						 .interface = (unsigned)interface};
	return slot;
}

void node_ips_configure(struct node *node) {
	struct node_ips *ips = &node->ips;

	node_ips_belt(node);
	ips->crowded = false;
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (ips->slots[i].used && !still_configured(&node->conf, &ips->slots[i].conf))
			ips->slots[i].used = false;
	for (unsigned i = 0; i < node->conf.ips_n; i++) {
		int slot = slot_for(ips, &node->conf.ips[i]);
		ips->slot_of[i] = slot < 0 ? take_slot(node, &node->conf.ips[i]) : slot;
	}
}

struct ip_set node_ips_wanted(const struct node *node) {
	struct ip_set set = {0};

	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used && !node->ips.slots[i].disabled)
			ip_set_add(&set, i);
	return set;
}
