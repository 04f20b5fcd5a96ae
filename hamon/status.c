/* Builds the status object, part by part, and the sentences of its warnings. Times are UTC: the monitor must not read a time
 * zone's file; whoever shows them to people makes them local. */
#include "hamon/status.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hamon/facts.h"

enum { STATUS_SCHEMA = 1, WARNING_MAX = 256 };

/* For so long after the newest frame with another key it is worth a warning, and after others changed the lease's table. */
#define STRANGER_SHOWN (60 * SEC)
#define CHANGE_SHOWN   (3600 * SEC)
/* The last second that RFC 3339 can write. */
#define YEAR_9999 UINT64_C(253402300799)

/* NULL: null. */
static void put_text(struct json_object *object, const char *key, const char *text) {
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

static void put_bool(struct json_object *object, const char *key, bool value) {
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void put_count(struct json_object *object, const char *key, uint64_t value) {
	json_object_object_add(object, key, json_object_new_uint64(value));
}

/* A length of time in ms, with three decimals. */
static void put_span(struct json_object *object, const char *key, span_t span) {
	struct json_object *value = json_object_new_double((double)span / MSEC);
	if (value)
		json_object_set_serializer(value, json_object_double_to_json_string, "%.3f", NULL);
	json_object_object_add(object, key, value);
}

/* How long ago, in ms; null: it never happened. */
static void put_age(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_NEVER)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, view->now - at);
}

/* A length of time that may not be known: -1, null. */
static void put_known_span(struct json_object *object, const char *key, span_t span) {
	if (span < 0)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, span);
}

/* What is left until then, in ms; null: never. */
static void put_left(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_FAR)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, at - view->now);
}

/* Per cent, with two decimals; null: of nothing. */
static void put_percent(struct json_object *object, const char *key, uint64_t part, uint64_t whole) {
	struct json_object *value = whole ? json_object_new_double(100.0 * (double)part / (double)whole) : NULL;
	if (value)
		json_object_set_serializer(value, json_object_double_to_json_string, "%.2f", NULL);
	json_object_object_add(object, key, value);
}

/* Sixteen hexadecimal digits; null: not told. */
static void put_digest(struct json_object *object, const char *key, uint64_t digest) {
	char text[17];
	snprintf(text, sizeof text, "%016" PRIx64, digest);
	put_text(object, key, digest ? text : NULL);
}

/* A wall clock's reading as RFC 3339, UTC, with milliseconds. */
static void put_real_time(struct json_object *object, const char *key, int64_t ms) {
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char date[32], text[48];
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof text, "%s.%03dZ", date, (int)(ms % 1000));
	put_text(object, key, text);
}

/* The same, of a point in our own time; null: never, or without end. */
static void put_time(struct json_object *object, const char *key, const struct status_view *view, mono_t at) {
	if (at == MONO_NEVER || at == MONO_FAR)
		json_object_object_add(object, key, NULL);
	else
		put_real_time(object, key, (view->real_ns + (at - view->now)) / MSEC);
}

static struct json_object *put_object(struct json_object *parent, const char *key) {
	struct json_object *object = json_object_new_object();
	json_object_object_add(parent, key, object);
	return object;
}

static struct json_object *put_array(struct json_object *parent, const char *key, size_t size) {
	struct json_object *array = json_object_new_array_ext((int)size);
	json_object_object_add(parent, key, array);
	return array;
}

static struct json_object *append_object(struct json_object *array) {
	struct json_object *object = json_object_new_object();
	json_object_array_add(array, object);
	return object;
}

static const char *node_name(const struct status_view *view) {
	return view->conf->nodes[view->conf->self].name;
}

static const char *peer_name(const struct status_view *view) {
	return view->conf->nodes[1 - view->conf->self].name;
}

static bool peer_heard(const struct status_view *view) {
	return view->core->peer_known && view->now - view->core->peer_rx <= view->timers->unheard;
}

/* Silent, and yet somebody answers for a shared IP: the kernel lets nobody do so without a lease. */
static bool peer_lives(const struct status_view *view) {
	return !view->core->hold && !peer_heard(view) && !(view->facts->hold >> FACT_NO_HOLDER & 1);
}

/* ---- the parts ---- */

/* What this node knows of the peer; "unheard" whatever it said before. */
static const char *peer_state(const struct status_view *view) {
	const struct core_status *core = view->core;
	if (!peer_heard(view))
		return "unheard";
	if (core->peer_lease)
		return "primary";
	if (core->peer_leaving)
		return "leaving";
	return core->peer_deaf ? "deaf" : "backup";
}

/* The pair in one word, which what is wrong now makes worse, but not what could go wrong some day. */
static const char *health(const struct status_view *view, size_t troubles) {
	const struct core_status *core = view->core;
	bool peer_serves = (peer_heard(view) && core->peer_lease) || peer_lives(view);
	if (core->conflict || (core->hold && peer_serves))
		return "conflict";
	if (!core->hold && !peer_serves)
		return "unserved";
	bool well = peer_heard(view) && core->faults == 0 && core->automatic && !core->paused && core->backup_operations &&
		    troubles == 0;
	return well ? "healthy" : "degraded";
}

static void put_peer(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *peer = put_object(status, "peer");
	put_text(peer, "name", peer_name(view));
	put_text(peer, "state", peer_state(view));
	put_bool(peer, "heard", peer_heard(view));
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
		struct json_object *link = append_object(links);
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
		struct json_object *ip = append_object(ips);
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
		struct json_object *test = append_object(tests);
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
		put_real_time(object, key, (int64_t)seconds * 1000);
}

static void put_configuration(struct json_object *status, const struct status_view *view) {
	const struct core_status *core = view->core;
	struct json_object *configuration = put_object(status, "configuration");
	put_text(configuration, "compared", comparison(core));
	put_digest(configuration, "digest", core->digest);
	put_loaded(configuration, "loaded", core->loaded);
	put_digest(configuration, "peer_digest", core->peer_digest);
	put_loaded(configuration, "peer_loaded", core->peer_loaded);
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

/* A primary bears a freeze of so much without losing its lease. */
static span_t bearable(const struct status_view *view) {
	return view->timers->lease - view->timers->heartbeat;
}

static void put_process(struct json_object *status, const struct status_view *view) {
	struct json_object *loop = put_object(status, "loop");
	put_span(loop, "worst_late_ms", view->core->worst_late);
	put_span(loop, "worst_gap_ms", view->core->worst_gap);
	put_time(loop, "worst_gap_at", view, view->core->worst_gap_at);
	put_span(loop, "bearable_ms", bearable(view));
	put_bool(status, "realtime", view->realtime);
	put_bool(status, "locked", view->locked);
	put_count(status, "pid", (uint64_t)view->pid);
	put_time(status, "started", view, view->started);
	put_age(status, "uptime_ms", view, view->started);
	put_count(status, "generation", view->generation);
}

/* ---- the warnings, as sentences: troubles, which are wrong now, before cautions, which may be some day ---- */

__attribute__((format(printf, 2, 3))) static void warn(struct json_object *warnings, const char *format, ...) {
	char text[WARNING_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	json_object_array_add(warnings, json_object_new_string(text));
}

static double ms(span_t span) {
	return (double)span / MSEC;
}

static void warn_of_peer(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (!core->peer_known)
		warn(warnings, "%s has not been heard yet", peer_name(view));
	else if (!peer_heard(view))
		warn(warnings, "%s is not heard", peer_name(view));
	else if (core->peer_leaving)
		warn(warnings, "%s is ending", peer_name(view));
	else if (core->peer_fitness == 0 && !core->peer_deaf)
		warn(warnings, "%s could not serve: its connectivity tests fail, or it has a fault", peer_name(view));
	if (core->peer_known && !core->peer_covered)
		warn(warnings,
		     "%s may take %.0f ms to fall silent, more than our dead interval of %.0f ms covers: no takeover by "
		     "silence",
		     peer_name(view), ms(core->peer_cover), ms(view->timers->dead));
	if (view->wrong_key_at != MONO_NEVER && view->now - view->wrong_key_at <= STRANGER_SHOWN)
		warn(warnings, "a hamon node of cluster %s is there, but its key differs", view->conf->cluster);
	if (view->twin_at != MONO_NEVER && view->now - view->twin_at <= STRANGER_SHOWN)
		warn(warnings, "another node of cluster %s runs under this node's name too", view->conf->cluster);
}

static void warn_of_stranger(struct json_object *warnings, const struct status_view *view) {
	const struct status_stranger *stranger = &view->stranger;
	if (stranger->at == MONO_NEVER)
		warn(warnings, "another host, neither %s nor %s, claims a shared IP", node_name(view), peer_name(view));
	else
		warn(warnings, "%s is at %s on %s, neither %s nor %s: another host claims it", stranger->ip, stranger->mac,
		     stranger->interface, node_name(view), peer_name(view));
}

/* Who claims the shared IPs, and are both nodes told the same? */
static void warn_of_conflict(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (core->stranger)
		warn_of_stranger(warnings, view);
	if (peer_lives(view))
		warn(warnings, "somebody answers for %s, though %s is not heard: it lives, and is not replaced",
		     view->holder_ip ? view->holder_ip : "a shared IP", peer_name(view));
	if (core->digest_differs)
		warn(warnings,
		     "the configurations of %s (%016" PRIx64 ") and %s (%016" PRIx64 ") differ: no takeover by itself",
		     node_name(view), core->digest, peer_name(view), core->peer_digest);
}

/* What keeps this node from taking over, or would make it a bad primary. */
static void warn_of_service(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (core->health == HEALTH_ILL)
		warn(warnings, "the service on %s is ill: its health command says so", node_name(view));
	if (core->fence == FENCE_FAILED)
		warn(warnings, "%s could not be fenced%s", peer_name(view),
		     view->conf->fence == FENCE_REQUIRED ? ": no takeover without" : "");
	if (core->vetoed)
		warn(warnings, "the before-primary command said no: it is asked again in a while");
	if (core->aborted)
		warn(warnings, "an operator stopped the countdown: no takeover by itself until %s is heard again",
		     peer_name(view));
}

static void warn_of_tests(struct json_object *warnings, const struct status_view *view) {
	char text[INET6_ADDRSTRLEN];
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		const struct status_test *test = &view->test[i];
		if (!view->core->test[i].used)
			continue;
		const char *address = conf_address_text(&view->tests[i], text);
		if (test->own)
			warn(warnings, "test IP %s is an address of this node: it proves nothing, and is not asked",
			     address);
		else if (test->too_slow)
			warn(warnings,
			     "test IP %s answers after %.1f ms, too late for failover within %.0f ms: choose a nearer one, "
			     "or a longer `within`",
			     address, ms(test->rtt), ms(view->timers->within));
		else if (!view->core->test[i].slow)
			warn(warnings, "test IP %s does not answer", address);
	}
}

static void warn_of_outside(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	for (unsigned i = 0; i < core->links; i++)
		if (!core->link[i].up && !core->link[i].reflect)
			warn(warnings, "link %s is down", view->conf->links[i].name);
	if (view->lease_unguarded)
		warn(warnings, "the kernel refuses the lease's table: this node sends nothing, and cannot serve");
	if (core->reserve_fails)
		warn(warnings, "the state directory cannot be written: %llu epochs are left for claims",
		     (unsigned long long)(core->reserved > core->seen ? core->reserved - core->seen : 0));
	struct ip_set missing = ip_set_less(core->serving, view->held);
	if (!ip_set_empty(&missing))
		warn(warnings, "%u of the shared IPs that this node serves are not on their interface",
		     ip_set_count(&missing));
}

static void caution_of_machine(struct json_object *warnings, const struct status_view *view) {
	if (view->core->worst_gap > bearable(view))
		warn(warnings,
		     "this machine stood still for %.0f ms; with failover within %.0f ms, a primary bears %.0f ms",
		     ms(view->core->worst_gap), ms(view->timers->within), ms(bearable(view)));
	if (!view->realtime)
		warn(warnings, "the system refused real-time scheduling: when it is busy, heartbeats are late");
	if (!view->locked)
		warn(warnings, "the system refused to lock our memory: when it pages, heartbeats are late");
	if (view->lease_changes > 0 && view->now - view->lease_changed_at <= CHANGE_SHOWN)
		warn(warnings, "others changed the lease's table %.0f s ago: %s",
		     ms(view->now - view->lease_changed_at) / 1e3, view->lease_change);
	if (!view->lease_in_kernel)
		warn(warnings, CONF_LEASE_OFF);
	if (view->notes_dropped > 0)
		warn(warnings, "%llu notes did not reach the log", (unsigned long long)view->notes_dropped);
}

static void caution_of_takeover(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (core->hold_down > 0)
		warn(warnings,
		     "hold-down: after %u failovers the next takeover by silence waits %.1f s longer; `hamon clear` ends "
		     "it",
		     core->failovers, ms(core->hold_down) / 1e3);
	if (core->reflect_off)
		warn(warnings,
		     "heartbeats that the test IPs reflect never reach %s: something on the way drops them, and one link "
		     "less tells a cut from a dead node",
		     peer_name(view));
}

static void caution_of_configuration(struct json_object *warnings, const struct status_view *view) {
	if (view->core->tests == 0)
		warn(warnings, "there is neither a test IP nor a default gateway: a partition can make two owners");
	if (view->conf->policy == POLICY_ANY && view->core->tests > 1)
		warn(warnings, "policy \"any\": when a switch splits, each node may reach another test IP, and both serve");
	if (view->conf->alone == ALONE_ALWAYS)
		warn(warnings, "alone = \"always\": a primary that is cut off goes on, and both may serve");
}

/* Returns how many of them are troubles. */
static size_t put_warnings(struct json_object *status, const struct status_view *view) {
	struct json_object *warnings = put_array(status, "warnings", 8);
	warn_of_peer(warnings, view);
	warn_of_outside(warnings, view);
	warn_of_tests(warnings, view);
	warn_of_conflict(warnings, view);
	warn_of_service(warnings, view);
	size_t troubles = json_object_array_length(warnings);
	caution_of_machine(warnings, view);
	caution_of_takeover(warnings, view);
	caution_of_configuration(warnings, view);
	return troubles;
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
	put_text(status, "node", node_name(view));
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
	put_text(status, "health", health(view, put_warnings(status, view)));
	return status;
}
