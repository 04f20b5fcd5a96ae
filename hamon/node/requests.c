/* What operators ask over the control socket: who may is control.c's business, what happens is the core's. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hamon/facts.h"
#include "hamon/node/parts.h"
#include "hamon/outcome.h"
#include "hamon/suggest.h"

/* ---- status ---- */

/* What a view points to, as long as the answer is being built. */
struct picture {
	struct status_view view;
	struct core_facts facts;
	struct status_test test[CORE_TESTS];
	bool disabled[CORE_IPS], silent[CORE_LINKS];
	char holder[INET6_ADDRSTRLEN], stranger[INET6_ADDRSTRLEN], mac[sizeof "00:00:00:00:00:00"];
};

static struct status_test figures(const struct node *node, unsigned slot) {
	struct node_test_figures from;

	node_tests_figures(node, slot, &from);
	return (struct status_test){.rtt = from.last,
				    .rtt_average = from.average,
				    .rtt_most = from.greatest,
				    .asked = from.sent,
				    .answered = from.answered,
				    .loss = from.loss,
				    .too_slow = from.slow,
				    .own = from.own};
}

static struct status_stranger stranger(const struct node *node, struct picture *picture) {
	const struct node_stranger *from = &node->arp.newest;
	const uint8_t *mac = from->mac;

	if (from->claims == 0)
		return (struct status_stranger){.at = MONO_NEVER};
	snprintf(picture->mac, sizeof picture->mac, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return (struct status_stranger){.at = from->at,
					.ip = conf_address_text(&from->address, picture->stranger),
					.mac = picture->mac,
					.interface = node->interfaces[from->interface].name,
					.count = from->claims};
}

/* The shared IP that somebody answered for, if it is one still. */
static const char *holder_ip(const struct node *node, const struct core_status *core, char out[INET6_ADDRSTRLEN]) {
	const struct node_ip *ip = &node->ips.slots[node->arp.holder];

	return core->holder_at != MONO_NEVER && ip->used ? conf_address_text(&ip->conf.address, out) : NULL;
}

/* Too large for a stack; each call draws it anew. */
static const struct status_view *look(struct node *node) {
	static struct picture picture;
	const struct core_status *core = node_status(node);

	node->rejected[REJECT_OLD_BOOT] = core->old_boot;
	node->rejected[REJECT_REPLAY] = core->duplicates;
	for (unsigned i = 0; i < CORE_IPS; i++)
		picture.disabled[i] = node->ips.slots[i].disabled;
	for (unsigned i = 0; i < node->links_n; i++)
		picture.silent[i] = node->links[i].silent;
	for (unsigned i = 0; i < CORE_TESTS; i++)
		picture.test[i] = figures(node, i);
	core_facts(&node->core, node->now, &picture.facts);
	picture.view = (struct status_view){
		.now = node->now,
		.real_ns = log_real_now(),
		.conf = &node->conf,
		.timers = &node->core_config.timers,
		.core = core,
		.facts = &picture.facts,
		.slot_of = node->ips.slot_of,
		.held = &node->ips.present,
		.disabled = picture.disabled,
		.silent = picture.silent,
		.tests = node->tests.address,
		.test = picture.test,
		.holder_ip = holder_ip(node, core, picture.holder),
		.stranger = stranger(node, &picture),
		.tests_are_gateway = node->tests.gateway,
		.rejected = node->rejected,
		.wrong_key_at = node->wrong_key_at,
		.twin_at = node->twin_at,
		.stamps_discarded = node->stamp.discarded,
		.notes_dropped = node->notes.dropped,
		.sends_failed = node->sends_failed,
		.realtime = node->realtime,
		.locked = node->locked,
		.lease_in_kernel = node->lease.kernel != NULL,
		.lease_table = node->lease.kernel ? lease_table(node->lease.kernel) : NULL,
		.lease_unguarded = node->lease.kernel && !node->lease.stands,
		.lease_changes = node->lease.changes,
		.lease_changed_at = node->lease.changed_at,
		.lease_change = node->lease.change,
		.generation = node->generation,
		.waits = node->waits,
		.pid = (int)getpid(),
		.started = node->started,
	};
	return &picture.view;
}

static void status(struct node *node, uint32_t client) {
	control_reply(&node->control, client, status_json(look(node)));
}

static void explain(struct node *node, uint32_t client) {
	control_reply(&node->control, client, facts_json(look(node)));
}

/* ---- verbs of the core ---- */

static struct node_pending *pending(struct node *node, uint32_t client) {
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (node->pending[i].client == client)
			return &node->pending[i];
	return NULL;
}

static void say_request(struct node *node, enum verb verb, const struct control_request *request) {
	if (request->dry_run)
		return;
	node_say(node, NOTE_INFO, 0, "an operator asks for %s%s%s%s", verb_name(verb), request->force ? " by force" : "",
		 request->reason[0] ? ": " : "", request->reason);
}

static void ask_core(struct node *node, uint32_t client, enum verb verb, enum keep keep,
		     const struct control_request *request) {
	struct event event = {.type = EV_OPERATOR,
			      .asked = {.verb = verb,
					.force = request->force,
					.dry_run = request->dry_run,
					.pause = request->pause,
					.keep = keep,
					.token = client}};
	struct node_pending *slot = pending(node, 0);

	if (!slot) {
		control_reply(&node->control, client,
			      reply_error(EXIT_REFUSED, "try again in a moment", "too many requests are under way"));
		return;
	}
	*slot = (struct node_pending){.client = client,
				      .at = node->now,
				      .force = request->force,
				      .dry_run = request->dry_run,
				      .pause = request->pause};
	say_request(node, verb, request);
	node_step(node, &event);
}

/* Which node an operator named; none: the nodes find out by themselves. */
static void resolve(struct node *node, uint32_t client, const struct control_request *request) {
	const struct conf *conf = &node->conf;
	const char *own = conf->nodes[conf->self].name, *other = conf->nodes[1 - conf->self].name;
	char hint[sizeof "they are  and " + sizeof conf->nodes[0].name + sizeof conf->nodes[1].name];
	struct suggest suggest;

	if (request->keep[0] == '\0') {
		ask_core(node, client, VERB_RESOLVE, KEEP_EITHER, request);
	} else if (strcmp(request->keep, own) == 0) {
		ask_core(node, client, VERB_RESOLVE, KEEP_SELF, request);
	} else if (strcmp(request->keep, other) == 0) {
		ask_core(node, client, VERB_RESOLVE, KEEP_PEER, request);
	} else {
		suggest_init(&suggest, request->keep);
		suggest_offer(&suggest, own);
		suggest_offer(&suggest, other);
		if (suggest.best)
			snprintf(hint, sizeof hint, "did you mean %s?", suggest.best);
		else
			snprintf(hint, sizeof hint, "they are %s and %s", own, other);
		control_reply(&node->control, client,
			      reply_error(EXIT_USAGE, hint, "%s is no node of this cluster", request->keep));
	}
}

void node_answer(struct node *node, uint32_t token, enum verb verb, enum outcome outcome) {
	struct node_pending *slot = pending(node, token);
	const struct conf *conf = &node->conf;
	const struct core_status *core = node_status(node);

	if (!slot)
		return;
	struct outcome_view view = {.node = conf->nodes[conf->self].name,
				    .peer = conf->nodes[1 - conf->self].name,
				    .took = node->now - slot->at,
				    .epoch = core->seen,
				    .pause = slot->pause,
				    .faults = core->faults,
				    .serves = core->hold,
				    .peer_serves = status_peer_state(core, node->now, node->core_config.timers.unheard) ==
						   PEER_PRIMARY,
				    .forced = slot->force};
	struct json_object *reply = outcome_json(verb, outcome, &view);
	if (slot->dry_run && outcome != OUTCOME_ALREADY && reply) {
		const struct status_view *now = look(node);
		facts_details(reply, now, slot->force);
		facts_put(reply, now);
	}
	slot->client = 0;
	control_reply(&node->control, token, reply);
}

/* ---- shared IPs ---- */

static void switch_ip(struct node *node, uint32_t client, const struct control_request *request) {
	char text[INET6_ADDRSTRLEN];
	int slot = node_ips_find(node, &request->address);
	const char *now = request->enable ? "on" : "off";

	conf_address_text(&request->address, text);
	if (slot < 0) {
		control_reply(&node->control, client,
			      reply_error(EXIT_USAGE, "`hamon status` lists them", "%s is not a shared IP of this cluster",
					  text));
		return;
	}
	struct node_ip *ip = &node->ips.slots[slot];
	if (ip->disabled != request->enable) {
		control_reply(&node->control, client, reply_ok("%s is switched %s on this node already", text, now));
		return;
	}
	ip->disabled = !request->enable;
	node_reload_core(node);
	node->interfaces_changed = true; /* it counts which of them carry shared IPs */
	node_save_operator(node);
	node_say(node, NOTE_INFO, 0, "an operator switched %s %s on this node", text, now);
	control_reply(&node->control, client, reply_ok("%s is switched %s on this node from now on", text, now));
}

/* ---- all of them ---- */

static void requested(void *arg, uint32_t client, const struct control_request *request) {
	struct node *node = arg;

	switch (request->type) {
	case REQUEST_STATUS:
		status(node, client);
		return;
	case REQUEST_TAKEOVER:
		ask_core(node, client, VERB_TAKEOVER, KEEP_EITHER, request);
		return;
	case REQUEST_STANDDOWN:
		ask_core(node, client, VERB_STANDDOWN, KEEP_EITHER, request);
		return;
	case REQUEST_PAUSE:
		ask_core(node, client, VERB_PAUSE, KEEP_EITHER, request);
		return;
	case REQUEST_RESUME:
		ask_core(node, client, VERB_RESUME, KEEP_EITHER, request);
		return;
	case REQUEST_IP:
		switch_ip(node, client, request);
		return;
	case REQUEST_RELOAD:
		node_ask_reload(node, client);
		return;
	case REQUEST_TEST_IPS:
		node_tests_request(node, client);
		return;
	case REQUEST_RESOLVE:
		resolve(node, client, request);
		return;
	case REQUEST_ABORT:
		ask_core(node, client, VERB_ABORT, KEEP_EITHER, request);
		return;
	case REQUEST_CLEAR:
		ask_core(node, client, VERB_CLEAR, KEEP_EITHER, request);
		return;
	case REQUEST_EXPLAIN:
		explain(node, client);
		return;
	case REQUEST_WATCH:
		node_watch_request(node, client, request);
		return;
	case REQUEST__COUNT:
		return;
	}
}

/* Looking a group up may block (NSS), so it is done before the loop begins. */
static gid_t group_id(struct node *node, const char *name) {
	if (name[0] == '\0')
		return CONTROL_NO_GROUP;
	const struct group *group = getgrnam(name);
	if (group)
		return group->gr_gid;
	node_say(node, NOTE_WARNING, 0, "there is no group %s: only root may use the control socket in its place", name);
	return CONTROL_NO_GROUP;
}

int node_requests_init(struct node *node) {
	char path[CONF_PATH + sizeof "/control.sock"];

	snprintf(path, sizeof path, "%s/control.sock", node->run_dir);
	return control_open(&node->control, &node->loop, path, group_id(node, node->conf.observers),
			    group_id(node, node->conf.operators), requested, node);
}
