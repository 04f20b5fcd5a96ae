/* The wake: the clock is read, what came in becomes events, the core decides, its actions are carried out, and what they
 * bring back becomes events again. */
#include "hamon/node/node.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/kernel_tick.h"
#include "hamon/node/parts.h"

void node_event(struct node *node, const struct event *event) {
	assert(node->queue_n < NODE_QUEUE);
	node->queue[(node->queue_first + node->queue_n++) % NODE_QUEUE] = *event;
}

void node_event_done(struct node *node, enum event_type type, int error) {
	struct event event = {.type = type, .done.error = error < 0 ? -error : error};

	node_event(node, &event);
}

/* ---- carrying out ---- */

/* The core knows shared IPs by their slots alone, and the log by their names. */
static void take_note(struct node *node, struct note *note) {
	if (note->type == NOTE_HOLDER)
		conf_address_text(&node->ips.slots[note->value].conf.address, note->text);
	node_note(node, note);
	node_hooks_note(node, note);
}

static void perform(struct node *node, struct action *action) {
	switch (action->type) {
	case ACT_SEND:
		node_links_send(node, &action->send.hb, action->send.links);
		return;
	case ACT_PERMIT:
		node_lease_permit(node, action->permit.life);
		return;
	case ACT_DROP_PERMIT:
		node_lease_drop_permit(node);
		return;
	case ACT_DROP_LEASE:
		node_lease_drop(node);
		return;
	case ACT_ADD_ADDRESSES:
		node_ips_add(node, &action->ips);
		return;
	case ACT_REMOVE_ADDRESSES:
		node_ips_remove(node, &action->ips);
		return;
	case ACT_ANNOUNCE:
		node_ips_announce(node, &action->ips);
		return;
	case ACT_TEST:
		node_tests_send(node, action->tests);
		return;
	case ACT_RESERVE_EPOCHS:
		node_reserve(node, action->epoch);
		return;
	case ACT_SAVE_PAUSE:
		node_save_operator(node);
		return;
	case ACT_ANSWER:
		node_answer(node, action->answer.token, action->answer.verb, action->answer.outcome);
		return;
	case ACT_PROBE:
		node_arp_probe(node, &action->ips);
		return;
	case ACT_RUN:
		node_hooks_run(node, action->run.run, action->run.id);
		return;
	case ACT_RAISE_BOOT:
		node_raise_boot(node, action->boot);
		return;
	case ACT_NOTE:
		take_note(node, &action->note);
		return;
	case ACT_END:
		node->ending = true;
		return;
	case ACT__COUNT:
		break;
	}
	assert(!"an action");
}

static void perform_all(struct node *node, struct actions *actions) {
	for (size_t i = 0; i < actions->n; i++)
		perform(node, &actions->list[i]);
}

void node_step(struct node *node, const struct event *event) {
	struct actions actions;

	actions.n = 0;
	core_step(&node->core, node->now, event, &actions);
	perform_all(node, &actions);
}

const struct core_status *node_status(struct node *node) {
	core_status(&node->core, node->now, &node->status);
	return &node->status;
}

/* The configuration's part that may change while it runs goes to the core. */
void node_reload_core(struct node *node) {
	struct actions actions;

	node->core_config.ips = node_ips_wanted(node);
	node->core_config.tests = node->tests.mask;
	node_mirrors_review(node);
	actions.n = 0;
	core_reload(&node->core, node->now, &node->core_config, &actions);
	node->core_config.tests_renewed = 0;
	perform_all(node, &actions);
}

/* ---- the wake ---- */

static void wake(struct node *node, span_t late) {
	struct event event = {.type = EV_WAKE, .wake.late = late};

	stamp_wake(&node->stamp, node->now);
	node_step(node, &event);
	node_links_drain(node);
}

/* The permit stands. Before the guard is evaluated again, the clock is read anew and the sockets are drained: we may have
 * been frozen since the decision. */
static void look_again(struct node *node) {
	node->now = mono_now();
	wake(node, 0);
	node_tests_drain(node);
	node_arp_drain(node);
}

static void settle(struct node *node) {
	while (node->queue_n > 0) {
		struct event event = node->queue[node->queue_first];
		node->queue_first = (node->queue_first + 1) % NODE_QUEUE;
		node->queue_n--;
		if (event.type == EV_PERMITTED)
			look_again(node);
		node_step(node, &event);
	}
}

static mono_t next_wake(const struct node *node, bool work) {
	mono_t at = core_deadline(&node->core);

	if (work)
		return node->now;
	at = mono_min(at, node_lease_deadline(node));
	at = mono_min(at, node_ips_deadline(node));
	at = mono_min(at, node_tests_deadline(node));
	at = mono_min(at, node_hooks_deadline(node));
	at = mono_min(at, node_watch_deadline(node));
	return mono_min(at, control_deadline(&node->control));
}

/* What outlives a monitor that dies. */
static void tell_met(struct node *node) {
	if (node->met || !node_status(node)->met)
		return;
	node->met = true;
	node_tell(node, MSG_MET);
}

static void turn(struct node *node) {
	struct event tick = {.type = EV_TICK};
	mono_t asked = node->deadline, before = node->now;

	node->now = loop_wait(&node->loop, node->deadline);
	wake(node, asked > before && node->now > asked ? node->now - asked : 0);
	loop_dispatch(&node->loop);
	control_tick(&node->control, node->now);
	node_tests_tick(node);
	node_hooks_tick(node);
	node_links_bind(node);
	node_mirrors_tick(node);
	node_interfaces_report(node);
	node_arp_tick(node);
	node_tests_gateway(node);
	settle(node);
	node_step(node, &tick);
	settle(node);
	bool work = node_ips_work(node);
	settle(node);
	tell_met(node);
	node_links_silence(node);
	node_watch_tick(node);
	node_notes_flush(node);
	node->deadline = next_wake(node, work || node->queue_n > 0);
}

/* ---- setting up ---- */

static int derive_timers(struct node *node) {
	const struct conf *conf = &node->conf;
	span_t tick = kernel_tick();
	struct timers_ask ask = conf_timers_ask(conf, tick, kernel_jiffies_lag(conf->dedicated_cpus));

	return timers_derive(&ask, &node->core_config.timers);
}

static uint8_t reflecting_links(const struct conf *conf) {
	uint8_t mask = 0;

	for (unsigned i = 0; i < conf->links_n; i++)
		if (conf->links[i].transport == TRANSPORT_REFLECT)
			mask |= (uint8_t)(1U << i);
	return mask;
}

/* What may change while we run. */
void node_configure(struct node *node, const struct conf *conf) {
	const struct conf_node *self = &conf->nodes[conf->self], *peer = &conf->nodes[1 - conf->self];
	struct core_config *config = &node->core_config;

	config->policy = conf->policy;
	config->alone = conf->alone;
	config->automatic = self->automatic;
	config->backup_operations = self->backup_operations;
	config->stand_down = conf->stand_down;
	config->wait_for_peer = conf->wait_for_peer;
	config->preferred = self->preference > peer->preference;
	config->failback = conf->failback;
	config->countdown = conf->countdown;
	config->hold_down = conf->hold_down;
	config->hold_down_most = conf->hold_down_most;
	config->fence = conf->fence;
	config->fence_delay = conf->fence_delay;
	config->gate = conf->command[RUN_BEFORE_PRIMARY][0] != '\0';
	config->health = conf->command[RUN_HEALTH][0] != '\0';
	config->health_fall = conf->health_fall;
	config->health_rise = conf->health_rise;
	config->digest = conf->digest;
	config->loaded = (uint64_t)(log_real_now() / SEC);
}

static void configure_core(struct node *node, const struct message_start *memory) {
	const struct conf *conf = &node->conf;
	struct core_memory core_memory = {.boot = memory->boot,
					  .epoch_mark = memory->epoch_mark,
					  .reserved = memory->reserved,
					  .met = memory->met,
					  .paused = memory->orders.paused,
					  .paused_until = MONO_FAR};
	int64_t until = memory->orders.paused_until_real;

	if (until != 0)
		core_memory.paused_until = node->now + mono_max(0, until * SEC - log_real_now());
	node->core_config.parity = node->self;
	node_configure(node, conf);
	node->core_config.lease_off = conf->lease_off;
	node->core_config.links = conf->links_n;
	node->core_config.links_reflect = reflecting_links(conf);
	node->core_config.ips = node_ips_wanted(node);
	node->core_config.tests = node->tests.mask;
	node->core_config.tests_renewed = 0;
	core_init(&node->core, &node->core_config, &core_memory, node->now);
}

static void remember_disabled(struct node *node, const struct message_operator *orders) {
	for (unsigned i = 0; i < orders->disabled_n; i++) {
		struct ip_address address = {.family = orders->disabled[i].family};
		memcpy(address.bytes, orders->disabled[i].bytes, sizeof address.bytes);
		int slot = node_ips_find(node, &address);
		if (slot >= 0)
			node->ips.slots[slot].disabled = true;
	}
}

static int open_adapters(struct node *node, const uint8_t key[static AUTH_KEY]) {
	int error = loop_init(&node->loop);

	if (!error)
		error = rtnl_init(&node->rtnl);
	if (!error)
		error = watch_init(&node->watch);
	if (!error)
		error = announce_init(&node->announce);
	if (!error)
		error = icmp_init(&node->icmp);
	if (!error)
		error = auth_init(&node->auth, key, node->conf.cluster, node->names);
	return error;
}

static void set_names(struct node *node) {
	const struct conf *conf = &node->conf;

	for (unsigned i = 0; i < CONF_NODES; i++)
		node->names[conf_parity(conf, i)] = conf->nodes[i].name;
	node->self = conf_parity(conf, conf->self);
	node->tag = auth_cluster_tag(conf->cluster);
}

static int set_up(struct node *node, const struct node_start *start) {
	node->conf = *start->conf;
	node->realtime = start->realtime;
	node->locked = start->locked;
	node->supervisor = start->supervisor;
	node->generation = start->memory->generation;
	node->now = node->started = mono_now();
	node->wrong_key_at = node->wrong_key_noted = node->twin_at = node->twin_noted = MONO_NEVER;
	strncpy(node->run_dir, start->run_dir, sizeof node->run_dir - 1);
	stamp_init(&node->stamp, node->now);
	notes_init(&node->notes);
	node_hooks_init(node);
	set_names(node);
	int error = derive_timers(node);
	if (!error)
		error = open_adapters(node, start->memory->key);
	if (error)
		return error;
	node_ips_configure(node);
	remember_disabled(node, &start->memory->orders);
	error = node_ips_init(node);
	if (!error)
		error = node_lease_init(node);
	if (!error)
		error = node_interfaces_init(node);
	if (!error)
		error = node_links_init(node);
	if (!error)
		error = node_tests_init(node);
	if (!error)
		error = node_arp_init(node);
	if (!error)
		error = node_pipes_init(node);
	if (error)
		return error;
	node_interfaces_resync(node);
	node_ips_resync(node);
	node_links_bind(node);
	node_tests_configure(node);
	error = node_requests_init(node);
	if (error)
		return error;
	node->now = mono_now(); /* all this took its time, which is no stall of ours */
	stamp_wake(&node->stamp, node->now);
	configure_core(node, start->memory);
	return 0;
}

static void tear_down(struct node *node) {
	control_close(&node->control);
	node_notes_flush(node);
	node_links_fini(node);
	node_ips_fini(node);
	node_arp_fini(node); /* which takes its time: after what silences */
	node_lease_fini(node);
	auth_fini(&node->auth);
	icmp_fini(&node->icmp);
	announce_fini(&node->announce);
	watch_fini(&node->watch);
	rtnl_fini(&node->rtnl);
	loop_fini(&node->loop);
}

int node_run(const struct node_start *start) {
	/* Static: large, locked into memory from the start, and one a process. */
	static struct node node;
	int error = set_up(&node, start);

	if (error) {
		log_say(LOG_ERR, "the monitor could not start: %s", strerror(-error));
		return EXIT_FAILURE;
	}
	node_tell(&node, MSG_READY);
	node.deadline = node.now;
	while (!node.ending)
		turn(&node);
	tear_down(&node);
	return EXIT_SUCCESS;
}
