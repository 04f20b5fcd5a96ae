/* What those who watch are told, as one JSON object a line: each heartbeat and each claim of an address with its verdict,
 * or the pair in short whenever it changed. While nobody watches, this takes neither memory nor time. */
#include <arpa/inet.h>
#include <assert.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "hamon/node/parts.h"
#include "hamon/put.h"

/* Those who follow the pair are told of it so often at most. */
static const span_t pair_every = 100 * MSEC;
/* Reflected heartbeats may come once a second alone: two of them are missed. */
static const span_t reflect_silent = 2500 * MSEC;

static const char *const mark_names[] = {[MARK_PLAIN] = "plain", [MARK_RENEW] = "renew", [MARK_GRANT] = "grant"};
static_assert(sizeof mark_names / sizeof *mark_names == MARK_GRANT + 1, "a name for every mark");

/* ---- building a line ---- */

/* NULL: memory ran out. Bears the wall clock. */
static struct json_object *new_line(void) {
	struct json_object *line = json_object_new_object();

	if (line)
		put_wall(line, "at", log_real_now() / MSEC);
	return line;
}

/* ---- heartbeats ---- */

static void put_flags(struct json_object *line, const struct heartbeat *hb) {
	const struct {
		bool set;
		const char *name;
	} flags[] = {{hb->leaving, "leaving"},     {hb->offer, "offer"},    {hb->unheard, "unheard"},
		     {hb->reflected, "reflected"}, {hb->want != 0, "want"}, {hb->rel != 0, "release"}};
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; names && i < sizeof flags / sizeof *flags; i++)
		if (flags[i].set)
			json_object_array_add(names, json_object_new_string(flags[i].name));
	json_object_object_add(line, "flags", names);
}

static void put_heartbeat(struct json_object *line, const struct heartbeat *hb, const char *from) {
	put_text(line, "from", from);
	put_count(line, "boot", hb->boot);
	put_count(line, "seq", hb->seq);
	put_count(line, "seen", hb->seen);
	put_bool(line, "lease", hb->lease);
	put_bool(line, "deaf", hb->deaf);
	put_text(line, "mark", mark_names[hb->mark]);
	put_count(line, "echo_seq", hb->echo_seq);
	put_count(line, "fitness", hb->fitness);
	put_flags(line, hb);
}

/* hb: NULL where nothing in the frame is believed. */
static void push_heartbeat(struct node *node, unsigned link, bool in, const struct heartbeat *hb, const char *verdict) {
	struct json_object *line = new_line();

	if (!line)
		return;
	put_text(line, "kind", "heartbeat");
	put_text(line, "direction", in ? "in" : "out");
	put_text(line, "link", link < node->links_n ? node->conf.links[link].name : "(bare)");
	if (hb)
		put_heartbeat(line, hb, node->names[in ? 1 - node->self : node->self]);
	put_text(line, "verdict", verdict);
	control_push(&node->control, CONTROL_FRAMES, line);
}

static bool is_verified(enum heartbeat_reject verdict) {
	return verdict == HEARTBEAT_OK || verdict == REJECT_OLD_BOOT || verdict == REJECT_REPLAY;
}

void node_frame_heartbeat(struct node *node, unsigned link, bool in, enum heartbeat_reject verdict,
			  const struct heartbeat *hb) {
	char text[48];

	if (!control_watched(&node->control, CONTROL_FRAMES))
		return;
	if (verdict == HEARTBEAT_OK)
		snprintf(text, sizeof text, "%s", in ? "accepted" : "sent");
	else
		snprintf(text, sizeof text, "rejected: %s", heartbeat_reject_name(verdict));
	push_heartbeat(node, link, in, is_verified(verdict) ? hb : NULL, text);
}

/* The core says by its counters what it made of a heartbeat. One whose number is known, and new on its link, is the copy of
 * one that another link brought. */
void node_frame_verified(struct node *node, const struct event *event) {
	const struct heartbeat *hb = &event->heartbeat.hb;
	unsigned link = event->heartbeat.link;

	if (!control_watched(&node->control, CONTROL_FRAMES)) {
		node_step(node, event);
		return;
	}
	const struct core_status *core = node_status(node);
	uint64_t old_boot = core->old_boot, duplicates = core->duplicates, on_link = core->link[link].received;
	node_step(node, event);
	core = node_status(node);
	if (core->old_boot != old_boot)
		node_frame_heartbeat(node, link, true, REJECT_OLD_BOOT, hb);
	else if (core->duplicates == duplicates)
		node_frame_heartbeat(node, link, true, HEARTBEAT_OK, hb);
	else if (core->link[link].received != on_link)
		push_heartbeat(node, link, true, hb, "copy");
	else
		node_frame_heartbeat(node, link, true, REJECT_REPLAY, hb);
}

/* ---- claims of addresses ---- */

/* "arp"; "na", "ns": neighbour advertisement and solicitation. */
static const char *claim_kind(enum frame_kind kind) {
	switch (kind) {
	case FRAME_ARP_REQUEST:
	case FRAME_ARP_REPLY:
		return "arp";
	case FRAME_NA:
		return "na";
	case FRAME_NS:
		return "ns";
	case FRAME__KINDS:
		break;
	}
	assert(!"a kind of claim");
	return "";
}

void node_frame_claim(struct node *node, const char *interface, const struct frame_claim *claim, const char *verdict) {
	const uint8_t *mac = claim->mac;
	char address[INET6_ADDRSTRLEN], mac_text[3 * FRAME_MAC_LEN];

	if (!control_watched(&node->control, CONTROL_FRAMES))
		return;
	struct json_object *line = new_line();
	if (!line)
		return;
	snprintf(mac_text, sizeof mac_text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	put_text(line, "kind", claim_kind(claim->kind));
	put_text(line, "direction", "in");
	put_text(line, "interface", interface);
	put_text(line, "address", conf_address_text(&claim->address, address));
	put_text(line, "mac", mac_text);
	put_bool(line, "gratuitous", claim->gratuitous);
	put_text(line, "verdict", verdict);
	control_push(&node->control, CONTROL_FRAMES, line);
}

/* ---- the pair in short ---- */

static bool link_heard(const struct node *node, const struct link_status *link) {
	span_t unheard = node->core_config.timers.unheard;

	return link->rx != MONO_NEVER &&
	       node->now - link->rx <= (link->reflect ? mono_max(unheard, reflect_silent) : unheard);
}

static void summarize(struct node *node, struct node_summary *summary) {
	const struct core_status *core = node_status(node);

	*summary = (struct node_summary){0};
	summary->events = core->events;
	summary->epoch = core->hold ? core->epoch : core->seen;
	summary->state = core->state;
	summary->cause = core->cause;
	summary->faults = core->faults;
	summary->hold = core->hold;
	summary->alone = core->alone;
	summary->conflict = core->conflict;
	summary->paused = core->paused;
	summary->peer = status_peer_state(core, node->now, node->core_config.timers.unheard);
	for (unsigned i = 0; i < core->links; i++) {
		summary->links_up |= (uint16_t)(core->link[i].up << i);
		summary->links_heard |= (uint16_t)(link_heard(node, &core->link[i]) << i);
	}
}
static_assert(sizeof(struct node_summary) ==
		      2 * sizeof(uint64_t) + 4 * sizeof(uint32_t) + 4 * sizeof(bool) + 2 * sizeof(uint16_t),
	      "it has no padding");

/* Who holds the lease, as far as this node knows; NULL: nobody. */
static const char *primary_name(const struct node *node, const struct node_summary *summary) {
	if (summary->hold)
		return node->names[node->self];
	return summary->peer == PEER_PRIMARY ? node->names[1 - node->self] : NULL;
}

static void put_links(struct json_object *line, const struct node *node, const struct node_summary *summary) {
	struct json_object *links = json_object_new_array();

	for (unsigned i = 0; links && i < node->conf.links_n; i++) {
		struct json_object *link = json_object_new_object();
		if (!link)
			break;
		put_text(link, "name", node->conf.links[i].name);
		put_bool(link, "up", summary->links_up >> i & 1);
		put_bool(link, "heard", summary->links_heard >> i & 1);
		json_object_array_add(links, link);
	}
	json_object_object_add(line, "links", links);
}

static void put_faults(struct json_object *line, uint32_t faults) {
	struct json_object *names = json_object_new_array();

	for (unsigned bit = 0; names && bit < FAULTS; bit++)
		if (faults & 1U << bit)
			json_object_array_add(names, json_object_new_string(fault_name(1U << bit)));
	json_object_object_add(line, "faults", names);
}

/* NULL: memory ran out. */
static struct json_object *summary_line(const struct node *node, const struct node_summary *summary) {
	struct json_object *line = new_line();

	if (!line)
		return NULL;
	put_text(line, "kind", "pair");
	put_text(line, "node", node->names[node->self]);
	put_text(line, "state", state_name(summary->state));
	put_text(line, "cause", cause_name(summary->cause));
	put_count(line, "event", summary->events);
	put_text(line, "primary", primary_name(node, summary));
	put_count(line, "epoch", summary->epoch);
	put_bool(line, "lease", summary->hold);
	put_bool(line, "alone", summary->alone);
	put_bool(line, "conflict", summary->conflict);
	put_bool(line, "paused", summary->paused);
	put_faults(line, summary->faults);
	put_text(line, "peer", node->names[1 - node->self]);
	put_text(line, "peer_state", status_peer_state_name(summary->peer));
	put_links(line, node, summary);
	return line;
}

void node_watch_tick(struct node *node) {
	struct node_watch *watch = &node->watchers;
	struct node_summary now;

	if (node->now < watch->look_at || !control_watched(&node->control, CONTROL_PAIR))
		return;
	watch->look_at = node->now + pair_every;
	summarize(node, &now);
	if (memcmp(&now, &watch->told, sizeof now) == 0)
		return;
	watch->told = now;
	control_push(&node->control, CONTROL_PAIR, summary_line(node, &now));
}

mono_t node_watch_deadline(const struct node *node) {
	return control_watched(&node->control, CONTROL_PAIR) ? node->watchers.look_at : MONO_FAR;
}

/* ---- who begins to watch ---- */

/* The line that a newcomer gets now is told to him alone; what the others know stays as it is. */
void node_watch_request(struct node *node, uint32_t client, const struct control_request *request) {
	struct node_summary now;

	if (request->frames) {
		control_stream(&node->control, client, CONTROL_FRAMES,
			       reply_ok("heartbeats of cluster %s, and claims of its shared IPs, as %s sees them",
					node->conf.cluster, node->names[node->self]));
		return;
	}
	bool first = !control_watched(&node->control, CONTROL_PAIR);
	summarize(node, &now);
	if (first)
		node->watchers.told = now;
	control_stream(&node->control, client, CONTROL_PAIR, summary_line(node, &now));
}
