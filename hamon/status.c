/* Builds the status object, part by part. Times are UTC: the monitor must not read a time zone's file; whoever shows them
 * to people makes them local. */
#include "hamon/status.h"

#include <assert.h>

#include "hamon/facts.h"
#include "hamon/put.h"
#include "hamon/warnings.h"

enum { STATUS_SCHEMA = 1 };

/* The last second that RFC 3339 can write. */
#define YEAR_9999 UINT64_C(253402300799)

/* How long ago, in ms; null: it never happened. */
static void put_age(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_NEVER)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, view->now - at);
}

/* What is left until then, in ms; null: never. */
static void put_left(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_FAR)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, at - view->now);
}

/* A point in our own time, as the wall clock shows it; null: never, or without end. */
static void put_time(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_NEVER || at == MONO_FAR)
		json_object_object_add(object, key, NULL);
	else
		put_wall(object, key, (view->real_ns + (at - view->now)) / MSEC);
}

/* ---- what a view says ---- */

static const char *const peer_names[] = {
	[PEER_UNHEARD] = "unheard", [PEER_PRIMARY] = "primary", [PEER_LEAVING] = "leaving",
	[PEER_DEAF] = "deaf",       [PEER_BACKUP] = "backup",
};
static_assert(sizeof peer_names / sizeof *peer_names == PEER__COUNT, "a name for every state");

const char *status_peer_state_name(enum status_peer_state peer) {
	assert(peer < PEER__COUNT);
	return peer_names[peer];
}

enum status_peer_state status_peer_state(const struct core_status *core, mono_t now, span_t unheard) {
	if (!core->peer_known || now - core->peer_rx > unheard)
		return PEER_UNHEARD;
	if (core->peer_lease)
		return PEER_PRIMARY;
	if (core->peer_leaving)
		return PEER_LEAVING;
	return core->peer_deaf ? PEER_DEAF : PEER_BACKUP;
}

static enum status_peer_state state_of_peer(const struct status_view *view) {
	return status_peer_state(view->core, view->now, view->timers->unheard);
}

const char *status_node_name(const struct status_view *view) {
	return view->conf->nodes[view->conf->self].name;
}

const char *status_peer_name(const struct status_view *view) {
	return view->conf->nodes[1 - view->conf->self].name;
}

bool status_heard(const struct status_view *view) {
	return state_of_peer(view) != PEER_UNHEARD;
}

bool status_peer_lives(const struct status_view *view) {
	return !view->core->hold && !status_heard(view) && !(view->facts->hold >> FACT_NO_HOLDER & 1);
}

span_t status_bearable(const struct status_view *view) {
	return view->timers->lease - view->timers->heartbeat;
}

/* ---- the parts ---- */

/* The pair in one word, which what is wrong now makes worse, but not what could go wrong some day. */
static const char *health(const struct status_view *view, size_t troubles) {
	const struct core_status *core = view->core;
	bool peer_serves = (status_heard(view) && core->peer_lease) || status_peer_lives(view);
	if (core->conflict || (core->hold && peer_serves))
		return "conflict";
	if (!core->hold && !peer_serves)
		return "unserved";
	bool well = status_heard(view) && core->faults == 0 && core->automatic && !core->paused &&
		    core->backup_operations && troubles == 0;
	return well ? "healthy" : "degraded";
}

static void put_peer(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *peer = put_object(status, "peer");
	put_text(peer, "name", status_peer_name(view));
	put_text(peer, "state", status_peer_state_name(state_of_peer(view)));
	put_bool(peer, "heard", status_heard(view));
	put_age(peer, "heard_age_ms", view, core->peer_known ? core->peer_rx : MONO_NEVER);
	put_age(peer, "echo_age_ms", view, core->echo);
	put_bool(peer, "lease", core->peer_lease);
	put_bool(peer, "deaf", core->peer_deaf);
	put_bool(peer, "leaving", core->peer_leaving);
	put_count(peer, "fitness", core->peer_fitness);
	put_count(peer, "boot", core->peer_boot);
	put_count(peer, "epoch", core->peer_seen);
	put_span(peer, "cover_ms", core->peer_cover);
	put_bool(peer, "covered", core->peer_covered);
}

/* How often heartbeats go by way of the test IPs; NULL: this link is none of theirs. */
static const char *rate(const struct core_status *core, const struct link_status *link) {
	if (!link->reflect)
		return NULL;
	if (core->reflect_off)
		return "off";
	return core->reflecting ? "full" : "slow";
}

static void put_links(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *links = put_array(status, "links", core->links);
	for (unsigned i = 0; i < core->links; i++) {
		const struct link_status *from = &core->link[i];
		struct json_object *link = put_next(links);
		put_text(link, "name", view->conf->links[i].name);
		put_text(link, "interface", view->conf->links[i].interface);
		put_text(link, "transport", transport_name(view->conf->links[i].transport));
		put_text(link, "rate", rate(core, from));
		put_bool(link, "up", from->up);
		put_age(link, "heard_age_ms", view, from->rx);
		put_count(link, "received", from->received);
		put_count(link, "lost", from->lost);
		/* What is reflected is a part of the heartbeats: their numbers tell of no loss. */
		put_percent(link, "loss_percent", from->lost, from->reflect ? 0 : from->received + from->lost);
		put_span(link, "gap_max_ms", from->gap_max);
		put_known_span(link, "rtt_ms", from->rtt);
		put_known_span(link, "jitter_ms", from->jitter);
	}
}

static void put_ips(struct json_object *status, const struct status_view *view) {
	char text[INET6_ADDRSTRLEN], full[INET6_ADDRSTRLEN + 8];
	struct json_object *ips = put_array(status, "ips", view->conf->ips_n);
	for (unsigned i = 0; i < view->conf->ips_n; i++) {
		const struct conf_ip *from = &view->conf->ips[i];
		struct json_object *ip = put_next(ips);
		int slot = view->slot_of[i];
		snprintf(full, sizeof full, "%s/%u", conf_address_text(&from->address, text), from->prefix);
		put_text(ip, "address", full);
		put_text(ip, "interface", from->interface);
		put_bool(ip, "held", slot >= 0 && ip_set_has(view->held, (unsigned)slot));
		put_bool(ip, "enabled", slot < 0 || !view->disabled[slot]);
		put_bool(ip, "wanted", view->core->hold && slot >= 0 && ip_set_has(&view->core->wanted, (unsigned)slot));
	}
}

static void put_lease(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *lease = put_object(status, "lease");
	put_bool(lease, "held", core->hold);
	put_bool(lease, "in_kernel", view->lease_in_kernel);
	put_bool(lease, "armed", core->hold && view->lease_in_kernel);
	put_span(lease, "length_ms", view->timers->lease);
	put_age(lease, "renewed_age_ms", view, core->lease_renewed);
	if (core->hold) {
		put_span(lease, "left_ms", core->lease_until - view->now);
		put_span(lease, "lowest_ms", core->lease_lowest);
	} else {
		json_object_object_add(lease, "left_ms", NULL);
		json_object_object_add(lease, "lowest_ms", NULL);
	}
	put_bool(lease, "announced", core->announced);
	put_text(lease, "table", view->lease_table);
	put_count(lease, "changes", view->lease_changes);
	put_age(lease, "changed_age_ms", view, view->lease_changes > 0 ? view->lease_changed_at : MONO_NEVER);
	put_text(lease, "change", view->lease_changes > 0 ? view->lease_change : NULL);
}

static void put_counted(struct json_object *test, const struct status_test *from) {
	put_known_span(test, "rtt_ms", from->rtt);
	put_known_span(test, "rtt_average_ms", from->rtt_average);
	put_known_span(test, "rtt_max_ms", from->rtt_most);
	put_count(test, "asked", from->asked);
	put_count(test, "answered", from->answered);
	put_percent(test, "loss_percent", from->loss, from->asked ? 100 : 0);
	put_bool(test, "too_slow", from->too_slow);
	put_bool(test, "own", from->own);
}

static void put_tests(struct json_object *status, const struct status_view *view) {
	char text[INET6_ADDRSTRLEN];
	put_text(status, "policy", policy_name(view->conf->policy));
	struct json_object *tests = put_array(status, "tests", view->core->tests);
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		const struct test_status *from = &view->core->test[i];
		if (!from->used)
			continue;
		struct json_object *test = put_next(tests);
		put_text(test, "address", conf_address_text(&view->tests[i], text));
		put_bool(test, "gateway", view->tests_are_gateway);
		put_bool(test, "ok", from->slow);
		put_bool(test, "fresh", from->fresh);
		put_age(test, "answered_age_ms", view, from->answered);
		put_age(test, "unbroken_age_ms", view, from->unbroken);
		put_counted(test, &view->test[i]);
	}
}

static void put_timers(struct json_object *status, const struct timers *from) {
	struct json_object *timers = put_object(status, "timers");
	put_span(timers, "within_ms", from->within);
	put_span(timers, "heartbeat_ms", from->heartbeat);
	put_span(timers, "echo_ms", from->echo);
	put_span(timers, "lease_ms", from->lease);
	put_span(timers, "unheard_ms", from->unheard);
	put_span(timers, "test_fresh_ms", from->test_fresh);
	put_span(timers, "test_proof_ms", from->test_proof);
	put_span(timers, "stall_ms", from->stall);
	put_span(timers, "permit_ms", from->permit);
	put_span(timers, "dead_ms", from->dead);
	put_span(timers, "cover_ms", from->cover);
	put_span(timers, "least_ms", from->least);
	put_span(timers, "tick_ms", from->tick);
	put_span(timers, "jiffies_lag_ms", from->jiffies_lag);
}

static void put_operator(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	put_bool(status, "automatic", core->automatic);
	put_bool(status, "backup_operations", core->backup_operations);
	put_bool(status, "paused", core->paused);
	put_time(status, "paused_until", view, core->paused ? core->paused_until : MONO_NEVER);
	put_count(status, "fitness", core->fitness);
	struct json_object *faults = put_array(status, "faults", FAULTS);
	for (unsigned bit = 0; bit < FAULTS; bit++)
		if (core->faults & 1U << bit)
			json_object_array_add(faults, json_object_new_string(fault_name(1U << bit)));
}

static void put_holder(struct json_object *status, const struct status_view *view) {
	if (view->core->holder_at == MONO_NEVER) {
		json_object_object_add(status, "holder", NULL);
		return;
	}
	struct json_object *holder = put_object(status, "holder");
	put_text(holder, "address", view->holder_ip);
	put_age(holder, "age_ms", view, view->core->holder_at);
}

static void put_stranger(struct json_object *status, const struct status_view *view) {
	const struct status_stranger *from = &view->stranger;
	put_bool(status, "stranger_stands", view->core->stranger);
	if (from->at == MONO_NEVER) {
		json_object_object_add(status, "stranger", NULL);
		return;
	}
	struct json_object *stranger = put_object(status, "stranger");
	put_text(stranger, "address", from->ip);
	put_text(stranger, "mac", from->mac);
	put_text(stranger, "interface", from->interface);
	put_age(stranger, "age_ms", view, from->at);
	put_count(stranger, "count", from->count);
}

/* Are both nodes told the same? */
static const char *comparison(const struct core_status *core) {
	if (core->peer_digest == 0)
		return "unknown";
	return core->digest_differs ? "differs" : "identical";
}

static void put_loaded(struct json_object *object, const char *key, uint64_t seconds) {
	/* What a peer says may be anything. */
	if (seconds == 0 || seconds > YEAR_9999)
		json_object_object_add(object, key, NULL);
	else
		put_wall(object, key, (int64_t)seconds * 1000);
}

static void put_configuration(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *configuration = put_object(status, "configuration");
	put_text(configuration, "compared", comparison(core));
	put_digest(configuration, "digest", core->digest);
	put_loaded(configuration, "loaded", core->loaded);
	put_digest(configuration, "peer_digest", core->peer_digest);
	put_loaded(configuration, "peer_loaded", core->peer_loaded);
	put_text(configuration, "restart_needed", *view->waits ? view->waits : NULL);
}

/* What a takeover has to reckon with, beside silence and tests. */
static void put_proof(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	put_holder(status, view);
	put_stranger(status, view);
	struct json_object *fence = put_object(status, "fence");
	put_text(fence, "mode", fence_mode_name(view->conf->fence));
	put_text(fence, "state", fence_state_name(core->fence));
	put_bool(status, "vetoed", core->vetoed);
	put_text(status, "service", view->conf->command[RUN_HEALTH][0] ? health_name(core->health) : NULL);
	struct json_object *hold_down = put_object(status, "hold_down");
	put_count(hold_down, "failovers", core->failovers);
	put_span(hold_down, "delay_ms", core->hold_down);
	put_span(status, "countdown_ms", view->conf->countdown);
	put_bool(status, "aborted", core->aborted);
	put_time(status, "failback_at", view, core->failback_at);
	put_left(status, "failback_in_ms", view, core->failback_at);
}

static void put_counters(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *counters = put_object(status, "counters");
	put_count(counters, "sent", core->sent);
	put_count(counters, "received", core->received);
	put_count(counters, "duplicates", core->duplicates);
	put_count(counters, "sends_failed", view->sends_failed);
	put_count(counters, "stamps_discarded", view->stamps_discarded);
	put_count(counters, "notes_dropped", view->notes_dropped);
	struct json_object *rejected = put_object(counters, "rejected");
	for (unsigned reason = HEARTBEAT_OK + 1; reason < REJECT__COUNT; reason++)
		put_count(rejected, heartbeat_reject_name(reason), view->rejected[reason]);
}

static void put_process(struct json_object *status, const struct status_view *view) {
	struct json_object *loop = put_object(status, "loop");
	put_span(loop, "worst_late_ms", view->core->worst_late);
	put_span(loop, "worst_gap_ms", view->core->worst_gap);
	put_time(loop, "worst_gap_at", view, view->core->worst_gap_at);
	put_span(loop, "bearable_ms", status_bearable(view));
	put_bool(status, "realtime", view->realtime);
	put_bool(status, "locked", view->locked);
	put_count(status, "pid", (uint64_t)view->pid);
	put_time(status, "started", view, view->started);
	put_age(status, "uptime_ms", view, view->started);
	put_count(status, "generation", view->generation);
}

struct json_object *status_json(const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *status = json_object_new_object();
	if (!status)
		return NULL;
	assert(view->conf->self < CONF_NODES && core->links <= CORE_LINKS);
	json_object_object_add(status, "schema", json_object_new_int(STATUS_SCHEMA));
	put_text(status, "version", HAMON_VERSION);
	put_time(status, "time", view, view->now);
	put_text(status, "cluster", view->conf->cluster);
	put_text(status, "node", status_node_name(view));
	put_text(status, "state", state_name(core->state));
	put_time(status, "since", view, core->since);
	put_age(status, "since_age_ms", view, core->since);
	put_text(status, "cause", cause_name(core->cause));
	put_bool(status, "alone", core->alone);
	put_bool(status, "conflict", core->conflict);
	put_count(status, "epoch", core->hold ? core->epoch : core->seen);
	put_count(status, "boot", core->boot);
	put_left(status, "takeover_in_ms", view, core->dead_at);
	put_peer(status, view);
	put_links(status, view);
	put_ips(status, view);
	put_lease(status, view);
	put_tests(status, view);
	put_timers(status, view->timers);
	put_operator(status, view);
	put_configuration(status, view);
	put_proof(status, view);
	facts_put(status, view);
	put_counters(status, view);
	put_process(status, view);
	put_text(status, "health", health(view, warnings_put(status, view)));
	return status;
}
