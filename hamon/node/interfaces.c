/* The interfaces that the configuration names: what each name stands for now, and what others change behind our back. */
#include <errno.h>
#include <string.h>

#include "hamon/node/parts.h"

/* ---- by name ---- */

bool node_interface_carries(const struct node_interface *interface) {
	return interface->iface.ifindex != 0 && interface->iface.carrier;
}

bool node_interface_used(const struct node *node, unsigned interface) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].interface == (int)interface)
			return true;
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].interface == interface &&
		    (node->ips.slots[i].used || ip_set_has(&node->ips.present, i) || ip_set_has(&node->ips.under_way, i)))
			return true;
	return false;
}

int node_interface(struct node *node, const char *name) {
	unsigned at = 0;

	for (unsigned i = 0; i < node->interfaces_n; i++)
		if (strcmp(node->interfaces[i].name, name) == 0)
			return (int)i;
	while (at < node->interfaces_n && node_interface_used(node, at))
		at++;
	if (at == NODE_INTERFACES)
		return -1;
	node->interfaces[at] = (struct node_interface){0};
	strncpy(node->interfaces[at].name, name, sizeof node->interfaces[at].name - 1);
	if (at == node->interfaces_n)
		node->interfaces_n++;
	return (int)at;
}

/* ---- as they are now ---- */

static bool carries_shared_ips(const struct node *node, unsigned interface) {
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used && !node->ips.slots[i].disabled && node->ips.slots[i].interface == interface)
			return true;
	return false;
}

/* Tells the core how the interfaces are now, however many notices it took: it knows what it knew before. */
void node_interfaces_report(struct node *node) {
	struct event event = {.type = EV_CARRIER, .carrier.up = true};

	if (!node->interfaces_changed)
		return;
	node->interfaces_changed = false;
	if (node->moved)
		node_event(node, &(struct event){.type = EV_MOVED});
	node->moved = false;
	for (unsigned i = 0; i < node->interfaces_n; i++)
		if (carries_shared_ips(node, i) && !node_interface_carries(&node->interfaces[i]))
			event.carrier.up = false;
	node_event(node, &event);
	node_links_report(node);
	node_arp_review(node);
}

/* Takes over what is known of an interface now; *now with ifindex 0: there is none of this name. */
static void interface_is(struct node *node, unsigned index, const struct iface *now) {
	struct node_interface *interface = &node->interfaces[index];
	struct iface before = interface->iface;

	interface->iface = *now;
	node->interfaces_changed = true;
	node_lease_review(node);
	if (before.ifindex != now->ifindex) {
		node_say(node, NOTE_INTERFACE, 0, "interface %s %s", interface->name,
			 now->ifindex ? "is there" : "is gone");
		interface->peer_macs_n = 0;
		node_ips_interface_changed(node, index, before.ifindex);
	}
	if (before.ifindex != now->ifindex && now->ifindex != 0) {
		addr_promote_secondaries(&node->rtnl, now->ifindex);
		node_ips_resync(node);
	}
	if (before.ifindex != 0 && now->ifindex != 0 && before.ifindex != now->ifindex)
		node_lease_rebuild(node); /* the rules know names alone, and this one is another's now */
	if (before.ifindex != now->ifindex || memcmp(before.mac, now->mac, sizeof now->mac) != 0)
		node_links_unbind(node, index);
	else
		node_links_retry(node, now->ifindex);
	if (before.ifindex == now->ifindex && memcmp(before.mac, now->mac, sizeof now->mac) != 0)
		node->moved = true;
}

static void look_up(struct node *node, unsigned index) {
	struct iface iface;
	int error = iface_get(&node->rtnl, node->interfaces[index].name, &iface);

	if (error) {
		memset(&iface, 0, sizeof iface);
		if (error != -ENODEV)
			node_say(node, NOTE_ERROR, -error, "interface %s cannot be used", node->interfaces[index].name);
	}
	interface_is(node, index, &iface);
}

void node_interfaces_resync(struct node *node) {
	for (unsigned i = 0; i < node->interfaces_n; i++)
		look_up(node, i);
	node->interfaces_changed = true;
	node_lease_review(node);
}

/* ---- notices ---- */

/* A link notice: about one of ours by name, by index, or both. Looked up afresh, by the name of the configuration: the
 * notice may be older than the interface is, and that name may be an alternative one (`altname`), which notices do not lead
 * with. A renamed interface is gone under its old name. */
static void link_noticed(struct node *node, const struct iface *link) {
	for (unsigned i = 0; i < node->interfaces_n; i++) {
		const struct node_interface *interface = &node->interfaces[i];
		if (strcmp(interface->name, link->name) != 0 && interface->iface.ifindex != link->ifindex)
			continue;
		look_up(node, i);
		node->gateway_changed = true;
		node_mirrors_review(node);
	}
}

/* Those that bear our mark come and go with the role, and change nothing that rests on the node's own. */
static void address_noticed(struct node *node, bool added, const struct addr_entry *entry) {
	node_ips_noticed(node, added, entry);
	if (entry->proto == ADDR_PROTO)
		return;
	node_links_address(node, added, entry);
	node_tests_noticed(node, entry);
	node_mirrors_noticed(node, entry);
}

static void noticed(void *arg, const struct watch_event *event) {
	struct node *node = arg;

	switch (event->type) {
	case WATCH_LINK:
	case WATCH_LINK_GONE:
		link_noticed(node, &event->link);
		return;
	case WATCH_ADDRESS:
	case WATCH_ADDRESS_GONE:
		address_noticed(node, event->type == WATCH_ADDRESS, &event->address);
		return;
	case WATCH_ROUTE:
		node->gateway_changed = true;
		node_mirrors_review(node);
		return;
	case WATCH_OVERRUN:
		node_say(node, NOTE_WARNING, 0, "the kernel's notices overran their buffer: listing everything anew");
		node_interfaces_resync(node);
		node_ips_resync(node);
		node_links_doubt(node);
		node_tests_noticed(node, NULL);
		node->gateway_changed = true;
		node_mirrors_review(node);
		return;
	case WATCH__COUNT:
		return;
	}
}

void node_watch_drain(struct node *node) {
	int error = watch_read(&node->watch, noticed, node);

	if (error && error != -EAGAIN)
		node_say(node, NOTE_ERROR, -error, "the kernel's notices could not be read");
}

static void watch_ready(void *arg, uint32_t events) {
	(void)events;
	node_watch_drain(arg);
}

/* ---- setting up ---- */

int node_interfaces_init(struct node *node) {
	return loop_add(&node->loop, watch_fd(&node->watch), EPOLLIN, watch_ready, node);
}
