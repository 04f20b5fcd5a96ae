/* The heartbeat links: bound to their interfaces, heartbeats in and out, and which of them the mark leaves by. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hamon/node/parts.h"

/* A stranger is told of again after so long, not with every frame. */
static const span_t stranger_again = 60 * SEC;
/* What could not take a marked heartbeat is the last choice for so long. */
static const span_t mark_again = 1 * SEC;
/* What another program holds, such as the port, is tried again so often: no notice tells when it is free. */
static const span_t bind_again = 1 * SEC;
/* So long without a heartbeat is no hiccup, unless a dead interval is longer. */
static const span_t link_silent = 3 * SEC;

/* NULL: what reflects is bound to none. */
static const struct node_interface *interface_of(const struct node *node, unsigned slot) {
	int interface = node->links[slot].interface;

	return interface < 0 ? NULL : &node->interfaces[interface];
}

/* ---- binding ---- */

/* An address that is not there yet, or not on an interface that is up, is awaited; the rest is worth a word. */
static void say_unbound(struct node *node, struct node_link *link, const char *interface, int error) {
	if (link->said == error)
		return;
	link->said = error;
	if (error == -EADDRNOTAVAIL || error == -ENETUNREACH)
		node_say(node, NOTE_WARNING, 0, "%s has no address for its heartbeats yet", interface);
	else if (error == -ENODEV) /* of which a notice is on its way */
		node_say(node, NOTE_WARNING, 0, "%s vanished while it was bound", interface);
	else if (error)
		node_say(node, NOTE_ERROR, -error, "heartbeats cannot use %s", interface);
}

static void bind_link(struct node *node, unsigned slot) {
	struct node_link *link = &node->links[slot];
	const struct iface *iface = &interface_of(node, slot)->iface;

	if (iface->ifindex == 0)
		return;
	int error = peerlink_bind(&link->peerlink, iface->ifindex, iface->mac);
	link->unbound = error != 0;
	link->busy = error == -EADDRINUSE ? node->now : MONO_NEVER;
	node->interfaces_changed = true;
	say_unbound(node, link, iface->name, error);
}

/* A marked heartbeat that left by an interface without the lease's rules would renew nothing, and be believed. */
void node_links_bind(struct node *node) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].unbound && node->links[i].busy != MONO_NEVER &&
		    node->now - node->links[i].busy >= bind_again)
			node->links_unbound = true;
	if (!node_lease_guards(node) || !node->links_unbound)
		return;
	node->links_unbound = false;
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].unbound)
			bind_link(node, i);
}

static void unbind(struct node *node, unsigned slot) {
	peerlink_unbind(&node->links[slot].peerlink);
	node->links[slot].unbound = node->links_unbound = node->interfaces_changed = true;
}

void node_links_unbind(struct node *node, unsigned interface) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].interface == (int)interface)
			unbind(node, i);
	node_lease_review(node);
}

static bool lives_on(const struct node *node, unsigned slot, int ifindex) {
	const struct node_interface *interface = interface_of(node, slot);

	return interface && ifindex != 0 && interface->iface.ifindex == ifindex;
}

void node_links_retry(struct node *node, int ifindex) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].unbound && lives_on(node, i, ifindex))
			node->links_unbound = true;
}

void node_links_address(struct node *node, bool added, const struct addr_entry *entry) {
	unsigned self = node->conf.self;

	if (added)
		node_links_retry(node, entry->ifindex);
	for (unsigned i = 0; i < node->links_n && !added; i++)
		if (node->conf.links[i].transport == TRANSPORT_UDP && lives_on(node, i, entry->ifindex) &&
		    memcmp(&node->conf.links[i].address[self], &entry->address, sizeof entry->address) == 0)
			unbind(node, i);
}

/* Bound anew, for the addresses that they are bound to may have gone and come. */
void node_links_doubt(struct node *node) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->conf.links[i].transport == TRANSPORT_UDP)
			unbind(node, i);
}

/* Tells the core which links could carry a heartbeat. */
void node_links_report(struct node *node) {
	for (unsigned i = 0; i < node->links_n; i++) {
		const struct node_interface *interface = interface_of(node, i);
		bool ready = peerlink_ready(&node->links[i].peerlink),
		     carries = !interface || node_interface_carries(interface);
		struct event event = {.type = EV_LINK, .link = {.link = i, .up = ready && carries}};
		node_event(node, &event);
	}
}

/* ---- heartbeats in ---- */

static void count_reject(struct node *node, enum heartbeat_reject reason, const char *link) {
	/* Other clusters on the same wire are no news; a wrong key on it has a note of its own. */
	if (node->rejected[reason]++ == 0 && reason != REJECT_KEY && reason != REJECT_CLUSTER)
		node_say_value(node, NOTE_REJECTED, reason, link);
}

/* Somebody lives there whom we do not believe, and may well serve. True when it is time to tell of it. */
static bool stranger(struct node *node, mono_t *at, mono_t *told) {
	struct event event = {.type = EV_WRONG_KEY};

	node_step(node, &event);
	*at = node->now;
	if (node->now - *told < stranger_again)
		return false;
	*told = node->now;
	return true;
}

/* A verified frame in our own name is our own that a loop in the network sent back, or another node was given our name. */
static bool is_twin(struct node *node, const uint8_t *frame, size_t len) {
	const struct core_status *core = node_status(node);
	struct heartbeat hb;

	return heartbeat_unpack(frame, len, &hb) == HEARTBEAT_OK && (hb.boot != core->boot || hb.seq > core->sent);
}

/* What a test IP reflects says nothing of who lives there: whoever reaches the test IP can have it answer to us, from afar.
 * And a node under our name would have it answer to our peer. So it is only counted. */
static void reject(struct node *node, enum heartbeat_reject reason, const uint8_t *frame, size_t len, unsigned slot) {
	const char *link = node->conf.links[slot].name;

	count_reject(node, reason, link);
	if (node->conf.links[slot].transport == TRANSPORT_REFLECT)
		return;
	if (reason == REJECT_KEY && stranger(node, &node->wrong_key_at, &node->wrong_key_noted))
		node_say(node, NOTE_WRONG_KEY, 0, "%s", link);
	if (reason == REJECT_OWN_ECHO && is_twin(node, frame, len) && stranger(node, &node->twin_at, &node->twin_noted))
		node_say(node, NOTE_WARNING, 0, "another node of this cluster runs under the name %s too: %s",
			 node->names[node->self], link);
}

/* Copies, and what is newer than all before: whatever an older one says of addresses is out of date, or a replay. */
static bool is_newest(struct node *node, const struct heartbeat *hb) {
	if (hb->boot < node->peer_boot || (hb->boot == node->peer_boot && hb->seq < node->peer_seq))
		return false;
	node->peer_boot = hb->boot;
	node->peer_seq = hb->seq;
	return true;
}

/* Where the peer is: its MACs on this interface, its own addresses. */
static void learn(struct node *node, unsigned slot, const struct peerlink_frame *frame, const struct heartbeat *hb) {
	if (!is_newest(node, hb))
		return;
	node_mirrors_heard(node, hb);
	if (!frame->has_mac)
		return;
	struct node_interface *interface = &node->interfaces[node->links[slot].interface];
	if (!node_arp_is_peers(interface, frame->mac))
		memcpy(interface->peer_macs[interface->peer_macs_n++ % NODE_PEER_MACS], frame->mac, IFACE_MAC_LEN);
}

/* True while there may be more. */
static bool receive(struct node *node, unsigned slot) {
	struct event event = {.type = EV_HEARTBEAT, .heartbeat.link = slot};
	struct heartbeat *hb = &event.heartbeat.hb;
	struct peerlink_frame frame;
	int error = peerlink_receive(&node->links[slot].peerlink, &frame);

	mono_t read = mono_now();
	if (error)
		return false;
	enum heartbeat_reject reason = auth_open(&node->auth, node->self, node->tag, frame.bytes, frame.len, hb);
	if (reason != HEARTBEAT_OK) {
		reject(node, reason, frame.bytes, frame.len, slot);
		node_frame_heartbeat(node, slot, true, reason, hb);
		return true;
	}
	event.heartbeat.rx = stamp_mono(&node->stamp, frame.has_stamp ? &frame.stamp : NULL, read);
	learn(node, slot, &frame, hb);
	node_frame_verified(node, &event);
	return true;
}

void node_links_drain(struct node *node) {
	enum { FRAMES = 256 }; /* a flood may not keep us from our own heartbeats */

	for (unsigned i = 0; i < node->links_n; i++)
		for (unsigned n = 0; n < FRAMES && receive(node, i); n++)
			;
}

/* Drained at every wake, before anything else: being woken is all that is asked of the loop. */
static void link_ready(void *arg, uint32_t events) {
	(void)arg;
	(void)events;
}

/* ---- silent links ---- */

/* Where a cable leads elsewhere, or something on the way drops heartbeats. What reflects is silent by its nature. */
static void review_silence(struct node *node, const struct core_status *core, unsigned slot, bool heard) {
	struct node_link *link = &node->links[slot];
	const char *name = node->conf.links[slot].name, *peer = node->names[!node->self];
	mono_t rx = core->link[slot].rx;

	if (!heard || !core->link[slot].up)
		link->since = node->now;
	bool silent = node->now - mono_max(rx, link->since) > mono_max(link_silent, node->core_config.timers.dead);
	if (silent == link->silent)
		return;
	link->silent = silent;
	if (silent)
		node_say(node, NOTE_WARNING, 0, "link %s is up, and brings nothing of %s", name, peer);
	else if (rx > link->since)
		node_say(node, NOTE_INFO, 0, "link %s brings heartbeats of %s again", name, peer);
}

void node_links_silence(struct node *node) {
	const struct core_status *core = node_status(node);
	bool heard = status_peer_state(core, node->now, node->core_config.timers.unheard) != PEER_UNHEARD;

	for (unsigned i = 0; i < node->links_n; i++)
		if (node->conf.links[i].transport != TRANSPORT_REFLECT)
			review_silence(node, core, i, heard);
}

/* ---- heartbeats out ---- */

static bool seal(struct node *node, const struct heartbeat *hb, uint8_t frame[static HEARTBEAT_LEN]) {
	heartbeat_pack(hb, frame);
	return auth_seal(&node->auth, node->self, frame, HEARTBEAT_LEN) == 0;
}

/* An interface for a bare frame: where shared IPs are served, the lease's rules stand too. NULL: none carries anything, so
 * nobody could be served there. */
static const struct iface *bare_interface(const struct node *node) {
	if (!node_lease_in_place(node))
		return NULL;
	for (unsigned i = 0; i < CORE_IPS; i++) {
		const struct node_ip *ip = &node->ips.slots[i];
		if (ip->used && node_interface_carries(&node->interfaces[ip->interface]))
			return &node->interfaces[ip->interface].iface;
	}
	return NULL;
}

/* What bears a mark: a link, by its slot, or a bare frame, which comes behind them all. */
static bool is_bare(const struct node *node, unsigned bearer) {
	return bearer == node->links_n;
}

/* When it failed to, the last time. */
static mono_t *failed(struct node *node, unsigned bearer) {
	return is_bare(node, bearer) ? &node->bare.failed : &node->links[bearer].failed;
}

/* A datagram to a peer that is not heard waits for a neighbour that nobody answers for, and its mark with it. */
static bool can_bear(const struct node *node, const struct heartbeat *hb, uint8_t links, unsigned slot) {
	const struct node_interface *interface = interface_of(node, slot);

	return links >> slot & 1 && interface && node_interface_carries(interface) &&
	       peerlink_ready(&node->links[slot].peerlink) &&
	       !(node->conf.links[slot].transport == TRANSPORT_UDP && hb->unheard);
}

enum { BARE = 1, DATAGRAM, ETHERNET, WELL = ETHERNET };

static unsigned kind_of(const struct node *node, unsigned bearer) {
	if (is_bare(node, bearer))
		return BARE;
	return node->conf.links[bearer].transport == TRANSPORT_ETHERNET ? ETHERNET : DATAGRAM;
}

/* How well it could bear the mark; 0: not at all. A datagram may wait in the kernel even so, so Ethernet goes first; a bare
 * frame is one more, which the peer need not hear; and what failed lately goes last. */
static unsigned merit(struct node *node, const struct heartbeat *hb, uint8_t links, unsigned bearer) {
	if (is_bare(node, bearer) ? !bare_interface(node) : !can_bear(node, hb, links, bearer))
		return 0;
	return kind_of(node, bearer) + (node->now - *failed(node, bearer) >= mark_again ? WELL : 0);
}

/* The best of them, and of equals the one that took a marked heartbeat last; -1: none. */
static int choose_bearer(struct node *node, const struct heartbeat *hb, uint8_t links) {
	unsigned n = node->links_n + 1, most = 0;
	int best = -1;

	for (unsigned i = 0; i < n; i++) {
		unsigned bearer = (node->marking + i) % n, now = merit(node, hb, links, bearer);
		if (now > most) {
			most = now;
			best = (int)bearer;
		}
	}
	return best;
}

static int send_bare(const struct node *node, const uint8_t *frame) {
	const struct iface *iface = bare_interface(node);

	return iface ? peerlink_bare_send(node->bare.fd, iface->ifindex, iface->mac, frame, HEARTBEAT_LEN) : -ENODEV;
}

/* By a link, or bare. 0 or -errno. A link that is not ready is no failure of it: the core knows. */
static int send_by(struct node *node, unsigned bearer, const uint8_t *frame, const struct heartbeat *hb) {
	int error = is_bare(node, bearer) ? send_bare(node, frame)
					  : peerlink_send(&node->links[bearer].peerlink, frame, HEARTBEAT_LEN);

	if (error == 0)
		node_frame_heartbeat(node, bearer, false, HEARTBEAT_OK, hb);
	else if (error != -ENODEV)
		node->sends_failed++;
	return error;
}

/* The marked heartbeat was sent: did the mark do its work? What an Ethernet link takes has passed the rules, for they stood
 * on its interface before it was bound. */
static enum sent effect(struct node *node, unsigned bearer, enum heartbeat_mark mark) {
	unsigned kind = kind_of(node, bearer);
	bool waits = kind == DATAGRAM; /* perhaps, for the neighbour's address */

	switch (mark) {
	case MARK_PLAIN:
		return SENT_OUT;
	case MARK_RENEW:
		return kind == ETHERNET ? SENT_OUT : node_lease_renewed(node);
	case MARK_GRANT:
		return node_lease_granted(node) ? SENT_OUT : waits ? SENT_FAILED : SENT_REFUSED;
	}
	return SENT_FAILED;
}

static enum sent send_marked(struct node *node, unsigned bearer, const uint8_t *frame, const struct heartbeat *hb) {
	int error = send_by(node, bearer, frame, hb);
	enum sent result = SENT_FAILED;

	if (error == 0)
		result = effect(node, bearer, hb->mark);
	else if (error == -ENOBUFS && node_lease_refused(node, hb->mark))
		result = SENT_REFUSED;
	if (result != SENT_OUT)
		*failed(node, bearer) = node->now;
	node->marking = bearer;
	return result;
}

/* The mark goes out on one link alone, or bare, once for each decision: each marked frame renews by itself, and a freeze
 * between two of them would buy the lease once more than the timers count on. The links get the same heartbeat without it;
 * of a grant that was refused, which speaks of a lease, nothing. */
static enum sent send_by_all(struct node *node, uint8_t links, const uint8_t *marked, const uint8_t *plain,
			     const struct heartbeat *hb) {
	int first = hb->mark == MARK_PLAIN ? -1 : choose_bearer(node, hb, links);
	enum sent result = first < 0 ? SENT_FAILED : send_marked(node, (unsigned)first, marked, hb);
	struct heartbeat unmarked = *hb;

	if (hb->mark == MARK_GRANT && result != SENT_OUT)
		return result;
	unmarked.mark = MARK_PLAIN;
	for (unsigned i = 0; i < node->links_n; i++)
		if (links >> i & 1 && (int)i != first && send_by(node, i, plain, &unmarked) == 0 && hb->mark == MARK_PLAIN)
			result = SENT_OUT;
	return result;
}

void node_links_send(struct node *node, struct heartbeat *hb, uint8_t links) {
	uint8_t marked[HEARTBEAT_LEN], plain[HEARTBEAT_LEN];
	struct event event = {.type = EV_SENT, .sent = {.seq = hb->seq, .mark = hb->mark, .result = SENT_FAILED}};
	struct heartbeat unmarked;

	hb->cluster = node->tag;
	hb->key = AUTH_KEY_NUMBER;
	node_mirrors_address(node, hb);
	unmarked = *hb;
	unmarked.mark = MARK_PLAIN;
	if (seal(node, hb, marked) && seal(node, &unmarked, plain))
		event.sent.result = send_by_all(node, links, marked, plain, hb);
	if (hb->mark == MARK_GRANT && event.sent.result != SENT_OUT)
		node_lease_clear(node);
	node_event(node, &event);
}

/* ---- setting up ---- */

static int open_link(struct node *node, unsigned slot) {
	const struct conf_link *conf = &node->conf.links[slot];
	struct node_link *link = &node->links[slot];
	unsigned self = node->conf.self;

	*link = (struct node_link){.interface = -1, .failed = MONO_NEVER, .busy = MONO_NEVER, .since = node->now};
	if (conf->transport != TRANSPORT_REFLECT)
		link->interface = node_interface(node, conf->interface); /* there is room at the start */
	switch (conf->transport) {
	case TRANSPORT_ETHERNET:
		return peerlink_open_ethernet(&link->peerlink);
	case TRANSPORT_UDP:
		return peerlink_open_udp(&link->peerlink, &conf->address[self], &conf->address[1 - self], node->conf.port);
	case TRANSPORT_REFLECT:
		return peerlink_open_reflect(&link->peerlink);
	case TRANSPORT__COUNT:
		break;
	}
	return -EINVAL;
}

static int open_bare(struct node *node) {
	node->bare = (struct node_bare){.fd = peerlink_bare_open(), .failed = MONO_NEVER};
	return node->bare.fd < 0 ? node->bare.fd : 0;
}

int node_links_init(struct node *node) {
	int error = node_mirrors_init(node);

	if (!error)
		error = open_bare(node);
	for (unsigned i = 0; i < node->conf.links_n && !error; i++) {
		error = open_link(node, i);
		if (!error)
			error = loop_add(&node->loop, node->links[i].peerlink.fd, EPOLLIN, link_ready, NULL);
		node->links_n += !error;
	}
	return error;
}

void node_links_fini(struct node *node) {
	for (unsigned i = 0; i < node->links_n; i++)
		peerlink_close(&node->links[i].peerlink);
	close(node->bare.fd);
	node_mirrors_fini(node);
}
