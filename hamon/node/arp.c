/* Who claims the shared IPs on the wire: the peer, or somebody who may be the peer (EV_HOLDER), or a stranger (EV_STRANGER,
 * and a note that names him). And the questions that bring a silent holder to speak. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hamon/node/parts.h"

/* A stranger is told of again after so long, if he goes by another MAC now; */
static const span_t tell_again = 10 * SEC;
/* he is gone when he has been quiet for so long. */
static const span_t stranger_gone = 60 * SEC;
/* An interface that could not be watched is tried again. */
static const span_t watch_again = 10 * SEC;

enum { MAC_TEXT = sizeof "00:00:00:00:00:00" };

static const char *mac_text(const uint8_t mac[static FRAME_MAC_LEN], char out[static MAC_TEXT]) {
	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return out;
}

/* ---- strangers ---- */

/* The one that claims this shared IP already, else a free place; NULL: all are taken. */
static struct node_stranger *place_for(struct node_arp *arp, unsigned slot) {
	struct node_stranger *free_one = NULL;

	for (unsigned i = 0; i < NODE_STRANGERS; i++) {
		struct node_stranger *stranger = &arp->strangers[i];
		if (stranger->stands && stranger->slot == slot)
			return stranger;
		if (!stranger->stands && !free_one)
			free_one = stranger;
	}
	return free_one;
}

static void tell(struct node *node, struct node_stranger *stranger) {
	char ip[INET6_ADDRSTRLEN], mac[MAC_TEXT];

	if (memcmp(stranger->told, stranger->mac, sizeof stranger->told) == 0 || node->now - stranger->told_at < tell_again)
		return;
	memcpy(stranger->told, stranger->mac, sizeof stranger->told);
	stranger->told_at = node->now;
	node_say(node, NOTE_STRANGER, 1, "%s is at %s on %s, not %s, not %s", conf_address_text(&stranger->address, ip),
		 mac_text(stranger->mac, mac), node->interfaces[stranger->interface].name, node->names[0], node->names[1]);
}

static void tell_end(struct node *node, const struct node_stranger *stranger) {
	char ip[INET6_ADDRSTRLEN], mac[MAC_TEXT];

	node_say(node, NOTE_STRANGER, 0, "%s was at %s on %s, and nobody has claimed it for %d s",
		 conf_address_text(&stranger->address, ip), mac_text(stranger->mac, mac),
		 node->interfaces[stranger->interface].name, (int)(stranger_gone / SEC));
}

static void stranger_claims(struct node *node, unsigned slot, const struct frame_claim *claim, mono_t rx) {
	struct node_arp *arp = &node->arp;
	struct node_stranger *stranger = place_for(arp, slot);
	struct node_stranger fresh = {.stands = true,
				      .slot = slot,
				      .interface = node->ips.slots[slot].interface,
				      .address = claim->address,
				      .since = rx,
				      .told_at = MONO_NEVER};

	arp->newest = stranger && stranger->stands ? *stranger : fresh;
	arp->newest.at = rx;
	arp->newest.claims++;
	memcpy(arp->newest.mac, claim->mac, sizeof claim->mac);
	if (!stranger)
		return;
	*stranger = arp->newest;
	tell(node, stranger);
}

/* A slot may be another shared IP's since a reload. */
static bool is_of_slot(const struct node *node, const struct node_stranger *stranger) {
	const struct node_ip *ip = &node->ips.slots[stranger->slot];

	return ip->used && memcmp(&ip->conf.address, &stranger->address, sizeof stranger->address) == 0;
}

static void end_strangers(struct node *node) {
	for (unsigned i = 0; i < NODE_STRANGERS; i++) {
		struct node_stranger *stranger = &node->arp.strangers[i];
		if (!stranger->stands)
			continue;
		stranger->stands = node->now - stranger->at < stranger_gone && is_of_slot(node, stranger);
		if (!stranger->stands && is_of_slot(node, stranger))
			tell_end(node, stranger);
	}
}

/* ---- whose claim is it? ---- */

enum claimant { SELF, PEER, PERHAPS_PEER, STRANGER, CLAIMANTS };

static const char *const verdicts[] = {
	[SELF] = "our own",
	[PEER] = "the peer's",
	[PERHAPS_PEER] = "perhaps the peer's",
	[STRANGER] = "a stranger's",
};
_Static_assert(sizeof verdicts / sizeof *verdicts == CLAIMANTS, "a verdict on each");

static bool is_mac(const uint8_t a[static FRAME_MAC_LEN], const uint8_t b[static FRAME_MAC_LEN]) {
	return memcmp(a, b, FRAME_MAC_LEN) == 0;
}

bool node_arp_is_peers(const struct node_interface *interface, const uint8_t mac[static FRAME_MAC_LEN]) {
	for (unsigned i = 0; i < NODE_PEER_MACS && i < interface->peer_macs_n; i++)
		if (is_mac(interface->peer_macs[i], mac))
			return true;
	return false;
}

/* We hold the lease, and the peer is heard and has none: its kernel lets it claim nothing. What was claimed before we were
 * in this state may be from the time before it gave the lease away. */
static bool peer_is_silent(struct node *node, mono_t rx) {
	const struct core_status *core = node_status(node);
	enum status_peer_state peer = status_peer_state(core, node->now, node->core_config.timers.unheard);

	return core->hold && rx > core->since && peer != PEER_UNHEARD && peer != PEER_PRIMARY;
}

/* A host with two interfaces in one network answers for an address of one by the other as well (Linux, unless arp_ignore
 * says otherwise), so each interface of ours, and of the peer's, speaks for its node. The peer's MAC on this one is not
 * known where no Ethernet heartbeats of its come in: then anybody may be the peer, and the safe answer is that he is, as
 * long as the peer could speak at all. */
static enum claimant claimant_of(struct node *node, unsigned interface, const uint8_t mac[static FRAME_MAC_LEN],
				 mono_t rx) {
	bool peer = false;

	for (unsigned i = 0; i < node->interfaces_n; i++) {
		const struct node_interface *one = &node->interfaces[i];
		if (one->iface.ifindex != 0 && is_mac(one->iface.mac, mac))
			return SELF;
		peer |= node_arp_is_peers(one, mac);
	}
	if (peer)
		return PEER;
	return node->interfaces[interface].peer_macs_n > 0 || peer_is_silent(node, rx) ? STRANGER : PERHAPS_PEER;
}

static void judge(struct node *node, unsigned slot, const struct frame_claim *claim, mono_t rx) {
	unsigned interface = node->ips.slots[slot].interface;
	enum claimant claimant = claimant_of(node, interface, claim->mac, rx);
	struct event event = {.claimed = {.slot = slot, .rx = rx}};

	node_frame_claim(node, node->interfaces[interface].name, claim, verdicts[claimant]);
	switch (claimant) {
	case SELF: /* a loop in the network, or our other interface */
		return;
	case PEER:
	case PERHAPS_PEER:
		node->arp.holder = slot;
		event.type = EV_HOLDER;
		node_step(node, &event);
		return;
	case STRANGER:
		stranger_claims(node, slot, claim, rx);
		event.type = EV_STRANGER;
		node_step(node, &event);
		return;
	case CLAIMANTS:
		return;
	}
}

static void claimed(void *arg, const struct arp_seen *seen) {
	struct node *node = arg;
	int slot = node_ips_find(node, &seen->claim.address);

	/* The same address in another network is another one. */
	if (slot < 0 || node->interfaces[node->ips.slots[slot].interface].iface.ifindex != seen->ifindex)
		return;
	judge(node, (unsigned)slot, &seen->claim, stamp_mono(&node->stamp, &seen->at, mono_now()));
}

void node_arp_drain(struct node *node) {
	arp_watch_read(node->arp.watch, claimed, node);
}

static void watch_ready(void *arg, uint32_t events) {
	(void)events;
	node_arp_drain(arg);
}

/* ---- what is watched ---- */

static bool carries_shared_ips(const struct node *node, unsigned interface) {
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used && node->ips.slots[i].interface == interface)
			return true;
	return false;
}

/* Not one that is down, gone, or new: it has no carrier, which is told elsewhere, or is watched soon. */
static bool is_unwatched(int state) {
	static const int known[] = {0, -EINPROGRESS, -ENOENT, -ENETDOWN, -ENODEV};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (state == known[i])
			return false;
	return true;
}

/* Once, of what stays so for a while: `name` is the first of them, NULL: there is none. What is just being tried
 * (-EINPROGRESS) says nothing either way. */
static void judge_watch(struct node *node, const char *name, int state, bool trying) {
	struct node_arp *arp = &node->arp;

	if (!name) {
		arp->unwatched = trying ? arp->unwatched : MONO_FAR;
		arp->said &= trying;
		return;
	}
	arp->unwatched = mono_min(arp->unwatched, node->now);
	if (arp->said || node->now - arp->unwatched < watch_again)
		return;
	arp->said = true;
	node_say(node, NOTE_ERROR, -state,
		 "%s cannot be watched: a living holder of the shared IPs, or a stranger, would not be noticed", name);
}

static void review(struct node *node) {
	struct arp_watch_interface list[ARP_WATCH_INTERFACES] = {0};
	const char *unwatched = NULL;
	bool trying = false;
	int why = 0;
	size_t n = 0;

	for (unsigned i = 0; i < node->interfaces_n && n < ARP_WATCH_INTERFACES; i++) {
		const struct iface *iface = &node->interfaces[i].iface;
		if (iface->ifindex == 0 || !carries_shared_ips(node, i))
			continue;
		int state = arp_watch_state(node->arp.watch, iface->ifindex);
		trying |= state == -EINPROGRESS;
		if (!unwatched && is_unwatched(state)) {
			unwatched = iface->name;
			why = state;
		}
		list[n].ifindex = iface->ifindex;
		memcpy(list[n++].name, iface->name, sizeof iface->name);
	}
	judge_watch(node, unwatched, why, trying);
	arp_watch_want(node->arp.watch, list, n);
	node->arp.review_at = node->now + watch_again;
}

void node_arp_review(struct node *node) {
	node->arp.review_at = MONO_NEVER;
}

void node_arp_tick(struct node *node) {
	if (node->now >= node->arp.review_at)
		review(node);
	end_strangers(node);
}

/* ---- questions ---- */

static bool can_ask(const struct node *node, unsigned slot) {
	const struct iface *iface = &node->interfaces[node->ips.slots[slot].interface].iface;

	return node->ips.slots[slot].used && iface->ifindex != 0 && iface->carrier;
}

static struct announce_item question(const struct node *node, unsigned slot) {
	const struct node_ip *ip = &node->ips.slots[slot];
	const struct iface *iface = &node->interfaces[ip->interface].iface;
	struct announce_item item = {.ifindex = iface->ifindex, .address = ip->conf.address};

	memcpy(item.mac, iface->mac, sizeof iface->mac);
	return item;
}

/* The next slots of the set, from node->arp.next on and round: as many as there is room for, or with `first` one of each
 * interface, however many those are. They leave the set. */
static size_t choose(struct node *node, struct ip_set *set, bool first, unsigned chosen[], size_t n) {
	bool asked[NODE_INTERFACES] = {false};
	unsigned from = node->arp.next;

	for (unsigned i = 0; i < CORE_IPS && (first || n < NODE_PROBES); i++) {
		unsigned slot = (from + i) % CORE_IPS;
		if (!ip_set_has(set, slot) || !can_ask(node, slot) || (first && asked[node->ips.slots[slot].interface]))
			continue;
		asked[node->ips.slots[slot].interface] = true;
		ip_set_remove(set, slot);
		chosen[n++] = slot;
		node->arp.next = (slot + 1) % CORE_IPS;
	}
	return n;
}

void node_arp_probe(struct node *node, const struct ip_set *set) {
	struct announce_item items[NODE_INTERFACES + NODE_PROBES];
	unsigned chosen[NODE_INTERFACES + NODE_PROBES];
	struct ip_set rest = *set;
	unsigned from = node->arp.next;
	size_t n = choose(node, &rest, true, chosen, 0), sent = 0;

	node->arp.next = from;
	n = choose(node, &rest, false, chosen, n);
	if (n == 0)
		return;
	if (node->arp.next == from)
		node->arp.next = (chosen[0] + 1) % CORE_IPS;
	for (size_t i = 0; i < n; i++)
		items[i] = question(node, chosen[i]);
	/* Asked again before long: what stands in the way of a frame is told elsewhere. */
	(void)announce_probe(&node->announce, items, n, &sent);
	node->arp.probes += sent;
	node->arp.probes_failed += n - sent;
}

/* ---- setting up ---- */

int node_arp_init(struct node *node) {
	int error = arp_watch_start(&node->arp.watch);

	node->arp.unwatched = MONO_FAR;
	return error ? error : loop_add(&node->loop, arp_watch_fd(node->arp.watch), EPOLLIN, watch_ready, node);
}

void node_arp_fini(struct node *node) {
	arp_watch_stop(node->arp.watch);
}
