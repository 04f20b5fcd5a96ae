/* Heartbeats in and out, the interfaces they and the shared IPs live on, and what others change there. */
#include <errno.h>
#include <string.h>

#include "hamon/node/parts.h"

/* A stranger is told of again after so long, not with every frame. */
static const span_t stranger_again = 60 * SEC;

/* ---- interfaces ---- */

bool node_interface_used(const struct node *node, unsigned interface) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].interface == interface)
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

static void bind_to(struct node *node, unsigned interface) {
	const struct iface *iface = &node->interfaces[interface].iface;

	for (unsigned i = 0; i < node->links_n && iface->ifindex != 0; i++) {
		int error = node->links[i].interface != interface ? 0
								  : peerlink_bind(&node->links[i].peerlink, iface->ifindex,
										  iface->mac);
		if (error == -ENODEV) /* of which a notice is on its way */
			node_say(node, NOTE_WARNING, 0, "%s vanished while it was bound", iface->name);
		else if (error)
			node_say(node, NOTE_ERROR, -error, "heartbeats cannot use %s", iface->name);
	}
}

/* A marked heartbeat that left by an interface without the lease's rules would renew nothing, and be believed. */
void node_links_bind(struct node *node) {
	if (!node_lease_guards(node) || !node->links_unbound)
		return;
	node->links_unbound = false;
	for (unsigned i = 0; i < node->interfaces_n; i++) {
		if (node->interfaces[i].unbound)
			bind_to(node, i);
		node->interfaces[i].unbound = false;
	}
}

static void unbind_from(struct node *node, unsigned interface) {
	for (unsigned i = 0; i < node->links_n; i++)
		if (node->links[i].interface == interface)
			peerlink_unbind(&node->links[i].peerlink);
	node->interfaces[interface].unbound = node->links_unbound = true;
	node_lease_review(node);
}

static bool carries_shared_ips(const struct node *node, unsigned interface) {
	for (unsigned i = 0; i < CORE_IPS; i++)
		if (node->ips.slots[i].used && !node->ips.slots[i].disabled && node->ips.slots[i].interface == interface)
			return true;
	return false;
}

/* Tells the core how the interfaces are now, however many notices it took: it knows what it knew before. */
void node_links_report(struct node *node) {
	struct event event = {.type = EV_CARRIER, .carrier.up = true};

	if (!node->interfaces_changed)
		return;
	node->interfaces_changed = false;
	for (unsigned i = 0; i < node->interfaces_n; i++) {
		const struct iface *iface = &node->interfaces[i].iface;
		if (carries_shared_ips(node, i) && (iface->ifindex == 0 || !iface->carrier))
			event.carrier.up = false;
	}
	node_event(node, &event);
	for (unsigned i = 0; i < node->links_n; i++) {
		const struct iface *iface = &node->interfaces[node->links[i].interface].iface;
		event = (struct event){.type = EV_LINK, .link = {.link = i, .up = iface->ifindex != 0 && iface->carrier}};
		node_event(node, &event);
	}
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
		node_ips_interface_changed(node, index, before.ifindex);
	}
	if (before.ifindex != now->ifindex && now->ifindex != 0) {
		addr_promote_secondaries(&node->rtnl, now->ifindex);
		node_ips_resync(node);
	}
	if (before.ifindex != 0 && now->ifindex != 0 && before.ifindex != now->ifindex)
		node_lease_rebuild(node); /* the rules know names alone, and this one is another's now */
	if (before.ifindex != now->ifindex || memcmp(before.mac, now->mac, sizeof now->mac) != 0)
		unbind_from(node, index);
	if (before.ifindex == now->ifindex && memcmp(before.mac, now->mac, sizeof now->mac) != 0)
		node_event(node, &(struct event){.type = EV_MOVED});
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

void node_links_resync(struct node *node) {
	for (unsigned i = 0; i < node->interfaces_n; i++)
		look_up(node, i);
	node->interfaces_changed = true;
	node_lease_review(node);
}

/* A link notice: about one of ours by name, by index, or both. Looked up afresh, by the name of the configuration: the notice
 * may be older than the interface is, and that name may be an alternative one (`altname`), which notices do not lead with. A
 * renamed interface is gone under its old name. */
static void link_noticed(struct node *node, const struct iface *link) {
	for (unsigned i = 0; i < node->interfaces_n; i++) {
		const struct node_interface *interface = &node->interfaces[i];
		if (strcmp(interface->name, link->name) != 0 && interface->iface.ifindex != link->ifindex)
			continue;
		look_up(node, i);
		node->gateway_changed = true;
	}
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
		node_ips_noticed(node, event->type == WATCH_ADDRESS, &event->address);
		return;
	case WATCH_ROUTE:
		node->gateway_changed = true;
		return;
	case WATCH_OVERRUN:
		node_say(node, NOTE_WARNING, 0, "the kernel's notices overran their buffer: listing everything anew");
		node_links_resync(node);
		node_ips_resync(node);
		node->gateway_changed = true;
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

/* ---- heartbeats in ---- */

static void count_reject(struct node *node, enum heartbeat_reject reason, const char *link) {
	/* Other clusters on the same wire are no news; a wrong key has a note of its own. */
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

static void reject(struct node *node, enum heartbeat_reject reason, const uint8_t *frame, size_t len, const char *link) {
	count_reject(node, reason, link);
	if (reason == REJECT_KEY && stranger(node, &node->wrong_key_at, &node->wrong_key_noted))
		node_say(node, NOTE_WRONG_KEY, 0, "%s", link);
	if (reason == REJECT_OWN_ECHO && is_twin(node, frame, len) && stranger(node, &node->twin_at, &node->twin_noted))
		node_say(node, NOTE_WARNING, 0, "another node of this cluster runs under the name %s too: %s",
			 node->names[node->self], link);
}

/* True while there may be more. */
static bool receive(struct node *node, unsigned slot) {
	struct node_link *link = &node->links[slot];
	struct event event = {.type = EV_HEARTBEAT, .heartbeat.link = slot};
	uint8_t frame[HEARTBEAT_MAX];
	struct timespec stamp;
	bool has_stamp = false;
	ssize_t n = peerlink_receive(&link->peerlink, frame, sizeof frame, &stamp, &has_stamp);

	mono_t read = mono_now();
	if (n < 0)
		return n == -EINTR;
	enum heartbeat_reject reason = auth_open(&node->auth, node->self, node->tag, frame, (size_t)n, &event.heartbeat.hb);
	if (reason != HEARTBEAT_OK) {
		reject(node, reason, frame, (size_t)n, node->conf.links[slot].name);
		return true;
	}
	event.heartbeat.rx = stamp_mono(&node->stamp, has_stamp ? &stamp : NULL, read);
	node_step(node, &event);
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

/* ---- heartbeats out ---- */

static bool seal(struct node *node, const struct heartbeat *hb, uint8_t frame[static HEARTBEAT_LEN]) {
	heartbeat_pack(hb, frame);
	return auth_seal(&node->auth, node->self, frame, HEARTBEAT_LEN) == 0;
}

static bool has_carrier(const struct node *node, unsigned link) {
	const struct iface *iface = &node->interfaces[node->links[link].interface].iface;

	return iface->ifindex != 0 && iface->carrier;
}

/* The link that took a marked heartbeat last, or the next one that could. */
static unsigned marking_link(const struct node *node) {
	unsigned link = node->marking;

	for (unsigned i = 0; i < node->links_n && !has_carrier(node, link); i++)
		link = (link + 1) % node->links_n;
	return link;
}

static int send_on(struct node *node, unsigned link, const uint8_t *frame) {
	int error = peerlink_send(&node->links[link].peerlink, frame, HEARTBEAT_LEN);

	node->sends_failed += error != 0;
	return error;
}

/* The mark goes out on one link alone, once for each decision: each marked frame renews by itself, and a freeze between two of
 * them would buy the lease once more than the timers count on. */
static enum sent send_marked(struct node *node, unsigned link, const uint8_t *frame, enum heartbeat_mark mark) {
	int error = send_on(node, link, frame);

	if (error == 0 && (mark != MARK_GRANT || node_lease_granted(node)))
		return SENT_OUT;
	node->marking = (link + 1) % node->links_n;
	if (error == 0)
		return SENT_REFUSED;
	return error == -ENOBUFS && node_lease_refused(node, mark) ? SENT_REFUSED : SENT_FAILED;
}

/* The others get the same heartbeat without its mark; of a grant that was refused, which speaks of a lease, nothing. */
static enum sent send_on_all(struct node *node, const uint8_t *marked, const uint8_t *plain, enum heartbeat_mark mark) {
	unsigned first = node->marking = marking_link(node);
	enum sent result = send_marked(node, first, marked, mark);

	if (mark == MARK_GRANT && result != SENT_OUT)
		return result;
	for (unsigned i = 0; i < node->links_n; i++)
		if (i != first && send_on(node, i, plain) == 0 && mark == MARK_PLAIN)
			result = SENT_OUT;
	return result;
}

void node_links_send(struct node *node, struct heartbeat *hb, uint8_t links) {
	uint8_t marked[HEARTBEAT_LEN], plain[HEARTBEAT_LEN];
	struct event event = {.type = EV_SENT, .sent = {.seq = hb->seq, .mark = hb->mark, .result = SENT_FAILED}};
	struct heartbeat unmarked;

	(void)links;
	hb->cluster = node->tag;
	hb->key = AUTH_KEY_NUMBER;
	unmarked = *hb;
	unmarked.mark = MARK_PLAIN;
	if (seal(node, hb, marked) && seal(node, &unmarked, plain))
		event.sent.result = send_on_all(node, marked, plain, hb->mark);
	if (hb->mark == MARK_GRANT && event.sent.result != SENT_OUT)
		node_lease_clear(node);
	node_event(node, &event);
}

/* ---- setting up ---- */

int node_links_init(struct node *node) {
	node->links_n = node->conf.links_n;
	for (unsigned i = 0; i < node->links_n; i++) {
		struct node_link *link = &node->links[i];
		link->interface =
			(unsigned)node_interface(node, node->conf.links[i].interface); /* there is room at the start */
		int error = peerlink_open(&link->peerlink);
		if (!error)
			error = loop_add(&node->loop, link->peerlink.fd, EPOLLIN, link_ready, NULL);
		if (error)
			return error;
	}
	return loop_add(&node->loop, watch_fd(&node->watch), EPOLLIN, watch_ready, node);
}

void node_links_fini(struct node *node) {
	for (unsigned i = 0; i < node->links_n; i++)
		peerlink_close(&node->links[i].peerlink);
}
