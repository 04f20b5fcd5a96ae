/* What operators ask over the control socket: who may is control.c's business, what happens is the core's. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hamon/node/parts.h"
#include "hamon/outcome.h"

/* ---- status ---- */

static void status(struct node *node, uint32_t client) {
	const struct core_status *core = node_status(node);
	static bool disabled[CORE_IPS];
	struct status_view view = {.now = node->now,
				   .real_ns = log_real_now(),
				   .conf = &node->conf,
				   .timers = &node->core_config.timers,
				   .core = core,
				   .slot_of = node->ips.slot_of,
				   .held = &node->ips.present,
				   .disabled = disabled,
				   .tests = node->tests.address,
				   .test_rtt = node->tests.rtt,
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
				   .pid = (int)getpid(),
				   .started = node->started};

	node->rejected[REJECT_OLD_BOOT] = core->old_boot;
	node->rejected[REJECT_REPLAY] = core->duplicates;
	for (unsigned i = 0; i < CORE_IPS; i++)
		disabled[i] = node->ips.slots[i].disabled;
	control_reply(&node->control, client, status_json(&view));
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

static void ask_core(struct node *node, uint32_t client, enum verb verb, const struct control_request *request) {
	struct event event = {.type = EV_OPERATOR,
			      .asked = {.verb = verb,
					.force = request->force,
					.dry_run = request->dry_run,
					.pause = request->pause,
					.token = client}};
	struct node_pending *slot = pending(node, 0);

	if (!slot) {
		control_reply(&node->control, client,
			      reply_error(EXIT_REFUSED, "try again in a moment", "too many requests are under way"));
		return;
	}
	*slot = (struct node_pending){.client = client, .at = node->now, .force = request->force, .pause = request->pause};
	say_request(node, verb, request);
	node_step(node, &event);
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
				    .peer_serves = core->peer_lease,
				    .forced = slot->force};
	slot->client = 0;
	control_reply(&node->control, token, outcome_json(verb, outcome, &view));
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
		ask_core(node, client, VERB_TAKEOVER, request);
		return;
	case REQUEST_STANDDOWN:
		ask_core(node, client, VERB_STANDDOWN, request);
		return;
	case REQUEST_PAUSE:
		ask_core(node, client, VERB_PAUSE, request);
		return;
	case REQUEST_RESUME:
		ask_core(node, client, VERB_RESUME, request);
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
