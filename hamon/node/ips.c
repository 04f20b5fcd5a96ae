/* The shared IPs on their interfaces. The core says which it wants; what stands there is compared with that, and the
 * difference is worked off batch by batch, in a thread, since each change waits for a lock of the kernel's and no heartbeat
 * may. Which has which slot is ips_slots.c's, and how long they live ips_belt.c's. */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "hamon/node/parts.h"

enum { ANNOUNCE_BATCH = 64 }; /* so many addresses' announcements take well under a millisecond */

static const struct ip_set none;

static void join(struct ip_set *to, const struct ip_set *more) {
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		to->bits[i] |= more->bits[i];
}

/* ---- what the core asks for ---- */

void node_ips_add(struct node *node, const struct ip_set *set) {
	struct node_ips *ips = &node->ips;

	node_watch_drain(node); /* or our own older deletion would look like somebody else's */
	node_ips_belt_begin(node);
	join(&ips->want, set);
	ips->failed = ip_set_less(ips->failed, set);
	if (!ips->owe_added) /* one answer for both, the bad one if there is one */
		ips->add_error = 0;
	ips->owe_added = true;
}

void node_ips_remove(struct node *node, const struct ip_set *set) {
	struct node_ips *ips = &node->ips;

	ips->want = ip_set_less(ips->want, set);
	ips->failed = ip_set_less(ips->failed, set);
	ips->to_announce = ip_set_less(ips->to_announce, set);
	ips->owe_removed = true;
	ips->remove_error = 0;
	/* All that there could be: what was under way before is cancelled, and not answered. A reload's removals are not
	 * that, even if nothing is left: the core still counts on its answers. */
	if (ip_set_count(set) == CORE_IPS)
		ips->owe_added = ips->owe_announced = false;
}

/* Instead of the lease's end, where the kernel cannot confirm it: with lease = "off", or when its table is gone and
 * cannot be made again. This node is silent then when every address is gone, and that is told as the drop. */
void node_ips_drop(struct node *node) {
	struct ip_set all;

	memset(&all, 0xff, sizeof all);
	node_ips_remove(node, &all);
	node->ips.owe_dropped = true;
}

void node_ips_announce(struct node *node, const struct ip_set *set) {
	join(&node->ips.to_announce, set);
	node->ips.owe_announced = true;
	node->ips.announce_error = 0;
}

/* ---- the work ---- */

static void set_present(struct node_ips *ips, unsigned slot, bool mortal) {
	ip_set_add(&ips->present, slot);
	if (mortal)
		ip_set_add(&ips->mortal, slot);
	else
		ip_set_remove(&ips->mortal, slot);
}

static void set_absent(struct node *node, unsigned slot) {
	ip_set_remove(&node->ips.present, slot);
	ip_set_remove(&node->ips.mortal, slot);
	if (!node->ips.slots[slot].used) /* nor need the lease's table name it any more */
		node_lease_review(node);
}

static void change_done(struct node *node, enum addr_op op, unsigned slot, int result) {
	struct node_ips *ips = &node->ips;
	const struct node_ip *ip = &ips->slots[slot];
	char text[INET6_ADDRSTRLEN];

	if (result == 0 && op == ADDR_ADD)
		set_present(ips, slot, ips->lifetime != 0);
	if (result == 0 && op == ADDR_DELETE)
		set_absent(node, slot);
	if (result == 0) {
		ips->said[op] = 0;
		return;
	}
	ip_set_add(&ips->failed, slot);
	int *error = op == ADDR_ADD ? &ips->add_error : &ips->remove_error;
	if (*error == 0 && ips->said[op] != result) /* the first says it for all, and once for all trials */
		node_say(node, NOTE_ERROR, -result, "%s/%u could not be %s %s", conf_address_text(&ip->conf.address, text),
			 ip->conf.prefix, op == ADDR_ADD ? "added to" : "removed from", ip->conf.interface);
	*error = ips->said[op] = result;
}

/* Hands over one batch of the slots in `todo`. Deleted in the reverse order of adding: an address that goes before its
 * secondaries makes the kernel promote one of them, and move all the others, each time. */
static void give(struct node *node, enum addr_op op, const struct ip_set *todo) {
	struct node_ips *ips = &node->ips;
	struct addr_batch batch = {.op = op};

	for (unsigned i = 0; i < CORE_IPS && batch.n < ADDR_THREAD_BATCH; i++) {
		unsigned slot = op == ADDR_DELETE ? CORE_IPS - 1 - i : i;
		if (!ip_set_has(todo, slot))
			continue;
		const struct node_ip *ip = &ips->slots[slot];
		batch.list[batch.n] = (struct addr_change){.ifindex = node->interfaces[ip->interface].iface.ifindex,
							   .address = ip->conf.address,
							   .prefix = ip->conf.prefix,
							   .valid = ips->lifetime};
		ips->batch[batch.n++] = slot;
		ip_set_add(&ips->under_way, slot);
	}
	ips->op = op;
	ips->busy = true;
	ips->renewing = false;
	addr_thread_give(ips->thread, &batch);
}

/* Takes them off now, and says so if that fails for good: whatever guarded them was bound to the interface's name. */
static void take_off(struct node *node, const struct addr_change *list, size_t n) {
	enum { TRIALS = 3 };
	int results[ADDR_THREAD_BATCH], error = 0;

	for (unsigned trial = 0; trial == 0 || (error && trial < TRIALS); trial++) {
		addr_apply(&node->rtnl, ADDR_DELETE, list, n, results);
		error = 0;
		for (size_t i = 0; i < n; i++)
			error = results[i] ? results[i] : error;
	}
	if (error)
		node_say(node, NOTE_ERROR, -error, "shared IPs may still stand on an interface");
}

/* One of a batch was done. The interface may have been renamed meanwhile: what came to it then is taken off at once. A
 * renewal that failed is tried again in the next round; an address that runs out until then is told of like any deletion,
 * and put back. */
static void done(struct node *node, const struct addr_batch *batch, size_t i) {
	struct node_ips *ips = &node->ips;
	unsigned slot = ips->batch[i];
	int ifindex = node->interfaces[ips->slots[slot].interface].iface.ifindex;

	ip_set_remove(&ips->under_way, slot);
	if (!ips->slots[slot].used)
		node_lease_review(node);
	if (batch->list[i].ifindex != ifindex)
		take_off(node, &batch->list[i], 1);
	else if (!ips->renewing)
		change_done(node, batch->op, slot, batch->results[i]);
}

/* One batch of those that are due, if there are any. */
static void renew(struct node *node) {
	struct node_ips *ips = &node->ips;
	struct ip_set due = node_ips_due(node);

	if (ip_set_empty(&due))
		return;
	give(node, ADDR_ADD, &due);
	ips->renewing = true;
	ips->to_renew = ip_set_less(ips->to_renew, &ips->under_way);
}

static void announce(struct node *node) {
	struct node_ips *ips = &node->ips;
	struct ip_set todo = ip_set_both(ips->to_announce, &ips->present);
	struct announce_item items[ANNOUNCE_BATCH];
	size_t n = 0, sent;

	for (unsigned i = 0; i < CORE_IPS && n < ANNOUNCE_BATCH; i++) {
		if (!ip_set_has(&todo, i))
			continue;
		const struct iface *iface = &node->interfaces[ips->slots[i].interface].iface;
		items[n] = (struct announce_item){
			.ifindex = iface->ifindex, .address = ips->slots[i].conf.address, .router = iface->router};
		memcpy(items[n++].mac, iface->mac, sizeof iface->mac);
		ip_set_remove(&ips->to_announce, i);
	}
	if (n == 0) {
		ips->to_announce = none;
		return;
	}
	int error = announce_send(&node->announce, items, n, &sent);
	if (error)
		ips->announce_error = error;
}

static void pay(struct node *node, bool *owed, enum event_type type, int error) {
	if (!*owed)
		return;
	*owed = false;
	node_event_done(node, type, error);
}

/* What stands and is not wanted; or not as it is wanted, with or without a lifetime. Those are added anew, for the kernel
 * would make the one of the other in a way that harms routes (addr.h). */
static struct ip_set to_remove(const struct node_ips *ips) {
	struct ip_set todo = ip_set_less(ips->present, &ips->want);
	struct ip_set wrong = ips->lifetime == 0 ? ips->mortal : ip_set_less(ips->present, &ips->mortal);

	join(&todo, &wrong);
	return ip_set_less(todo, &ips->failed);
}

static struct ip_set to_add(const struct node_ips *ips) {
	struct ip_set todo = ip_set_less(ips->want, &ips->present);

	return ip_set_less(todo, &ips->failed);
}

/* What somebody else deleted, in one event however many notices it took. */
static void report_lost(struct node *node) {
	struct event event = {.type = EV_ADDRESSES_LOST, .lost = node->ips.lost};

	if (ip_set_empty(&event.lost))
		return;
	node->ips.lost = none;
	node_event(node, &event);
}

/* Removed addresses have freed their slots, for which others of a new configuration wait. */
static void take_freed(struct node *node) {
	if (!node->ips.crowded)
		return;
	node_ips_configure(node);
	node_interfaces_resync(node);
	node_reload_core(node);
}

/* The notices of what was just deleted are read first: later they would look like somebody else's work. */
static void thread_ready(void *arg, uint32_t events) {
	struct node *node = arg;
	struct addr_batch batch;

	(void)events;
	if (!addr_thread_take(node->ips.thread, &batch))
		return;
	node_watch_drain(node);
	for (size_t i = 0; i < batch.n; i++)
		done(node, &batch, i);
	node->ips.busy = false;
	if (node->ips.doubt)
		node_ips_resync(node);
	node->ips.doubt = false;
	struct ip_set todo = to_remove(&node->ips);
	if (batch.op == ADDR_DELETE && ip_set_empty(&todo))
		take_freed(node);
}

/* Deletions first: they silence. While a batch is under way everything else waits for it, and its end wakes the loop. */
bool node_ips_work(struct node *node) {
	struct node_ips *ips = &node->ips;
	struct ip_set todo;

	report_lost(node);
	if (ips->busy)
		return false;
	todo = to_remove(ips);
	if (!ip_set_empty(&todo)) {
		give(node, ADDR_DELETE, &todo);
		return false;
	}
	pay(node, &ips->owe_dropped, EV_LEASE_DROPPED, ips->remove_error);
	pay(node, &ips->owe_removed, EV_ADDRESSES_REMOVED, ips->remove_error);
	todo = to_add(ips);
	if (!ip_set_empty(&todo)) {
		/* We may have been frozen since the lease was granted: the next wake will notice, and this must not be
		 * late. */
		if (!node_lease_stands(node) || !node_lease_in_place(node))
			return true;
		give(node, ADDR_ADD, &todo);
		return false;
	}
	pay(node, &ips->owe_added, EV_ADDRESSES_ADDED, ips->add_error);
	if (!ip_set_empty(&ips->to_announce)) {
		announce(node);
		return true;
	}
	pay(node, &ips->owe_announced, EV_ANNOUNCED, ips->announce_error);
	renew(node);
	return false;
}

/* ---- what others do ---- */

static void say_stranger(struct node *node, unsigned slot) {
	const struct node_ip *ip = &node->ips.slots[slot];
	char text[INET6_ADDRSTRLEN];

	node_say(node, NOTE_WARNING, 0, "another program added %s/%u to %s, which this node does not hold: removing it",
		 conf_address_text(&ip->conf.address, text), ip->conf.prefix, ip->conf.interface);
}

/* A shared IP under another prefix than ours would stay when ours goes, and answer. */
static void remove_variant(struct node *node, const struct addr_entry *entry) {
	const struct addr_change change = {.ifindex = entry->ifindex, .address = entry->address, .prefix = entry->prefix};
	int slot = node_ips_find(node, &entry->address), result;
	char text[INET6_ADDRSTRLEN];

	if (slot < 0 || node->interfaces[node->ips.slots[slot].interface].iface.ifindex != entry->ifindex)
		return;
	addr_apply(&node->rtnl, ADDR_DELETE, &change, 1, &result);
	node_say(node, NOTE_WARNING, -result,
		 "another program added %s/%u to %s, a shared IP under another prefix: removed",
		 conf_address_text(&entry->address, text), entry->prefix, node->ips.slots[slot].conf.interface);
}

static bool is_mortal(const struct addr_entry *entry) {
	return !(entry->flags & IFA_F_PERMANENT);
}

void node_ips_noticed(struct node *node, bool added, const struct addr_entry *entry) {
	struct node_ips *ips = &node->ips;
	int slot = node_ips_slot_of(node, entry);

	if (slot < 0 && added && entry->proto != ADDR_PROTO)
		remove_variant(node, entry);
	if (slot < 0)
		return;
	if (ip_set_has(&ips->under_way, (unsigned)slot) && added != (ips->op == ADDR_ADD))
		ips->doubt = true;
	bool news = ip_set_has(&ips->present, (unsigned)slot) != added;
	if (added)
		set_present(ips, (unsigned)slot, is_mortal(entry));
	if (!news)
		return; /* our own work, a renewal most likely */
	if (added) {
		if (!ip_set_has(&ips->want, (unsigned)slot) && entry->proto != ADDR_PROTO)
			say_stranger(node, (unsigned)slot);
		return;
	}
	set_absent(node, (unsigned)slot);
	bool ours = ips->op == ADDR_DELETE && ip_set_has(&ips->under_way, (unsigned)slot);
	if (!ours && ip_set_has(&ips->want, (unsigned)slot))
		ip_set_add(&ips->lost, (unsigned)slot);
}

struct listing {
	struct node *node;
	struct ip_set found, mortal;
};

static void listed(void *arg, const struct addr_entry *entry) {
	struct listing *listing = arg;
	int slot = node_ips_slot_of(listing->node, entry);

	if (slot < 0)
		return;
	ip_set_add(&listing->found, (unsigned)slot);
	if (is_mortal(entry))
		ip_set_add(&listing->mortal, (unsigned)slot);
}

void node_ips_resync(struct node *node) {
	struct node_ips *ips = &node->ips;
	struct listing listing = {.node = node};
	int error = addr_list(&node->rtnl, 0, listed, &listing);

	if (error == -EINTR) { /* it changed meanwhile: the notices of that are on their way, but once more is cheap */
		listing.found = listing.mortal = none;
		error = addr_list(&node->rtnl, 0, listed, &listing);
	}
	if (error && error != -EINTR) {
		node_say(node, NOTE_ERROR, -error, "the addresses could not be listed");
		return;
	}
	struct ip_set missing = ip_set_both(ips->want, &ips->present);
	missing = ip_set_less(missing, &listing.found);
	missing = ip_set_less(missing, &ips->under_way); /* which will tell */
	ips->present = listing.found;
	ips->mortal = listing.mortal;
	join(&ips->lost, &missing);
}

/* Gone, renamed, or another one of the same name. The addresses of one that is gone went with it, without a notice each.
 * One that was renamed keeps them and would answer for them: they are taken off at once, whoever waits for us meanwhile. */
void node_ips_interface_changed(struct node *node, unsigned interface, int before) {
	struct node_ips *ips = &node->ips;
	struct addr_change list[ADDR_THREAD_BATCH];
	size_t n = 0;

	for (unsigned i = CORE_IPS; i-- > 0;) {
		if (ips->slots[i].interface != interface || !ip_set_has(&ips->present, i))
			continue;
		set_absent(node, i);
		list[n++] = (struct addr_change){
			.ifindex = before, .address = ips->slots[i].conf.address, .prefix = ips->slots[i].conf.prefix};
		if (n < ADDR_THREAD_BATCH)
			continue;
		take_off(node, list, n);
		n = 0;
	}
	take_off(node, list, n);
}

/* ---- setting up ---- */

int node_ips_init(struct node *node) {
	int error = addr_thread_start(&node->ips.thread);

	return error ? error : loop_add(&node->loop, addr_thread_fd(node->ips.thread), EPOLLIN, thread_ready, node);
}

/* What the thread added last may stand, though nobody wants it any more: looked up, and taken off now. */
void node_ips_fini(struct node *node) {
	struct node_ips *ips = &node->ips;

	addr_thread_stop(ips->thread);
	node_ips_resync(node);
	for (unsigned i = CORE_IPS; i-- > 0;) {
		const struct node_ip *ip = &ips->slots[i];
		struct addr_change change = {.ifindex = node->interfaces[ip->interface].iface.ifindex,
					     .address = ip->conf.address,
					     .prefix = ip->conf.prefix};
		if (ip_set_has(&ips->present, i))
			take_off(node, &change, 1);
	}
	node_ips_resync(node);
}
