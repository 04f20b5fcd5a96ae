/* The warnings of a status, as sentences: troubles, which are wrong now, before cautions, which may be some day. */
#include "hamon/warnings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "hamon/put.h"

enum { WARNING_MAX = 256 };

/* For so long after the newest frame with another key it is worth a warning, and after others changed the lease's table. */
#define STRANGER_SHOWN (60 * SEC)
#define CHANGE_SHOWN   (3600 * SEC)

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
		warn(warnings, "%s has not been heard yet", status_peer_name(view));
	else if (!status_heard(view))
		warn(warnings, "%s is not heard", status_peer_name(view));
	else if (core->peer_leaving)
		warn(warnings, "%s is ending", status_peer_name(view));
	else if (core->peer_fitness == 0 && !core->peer_deaf)
		warn(warnings, "%s could not serve: its connectivity tests fail, or it has a fault",
		     status_peer_name(view));
	if (core->peer_known && !core->peer_covered)
		warn(warnings,
		     "%s may take %.0f ms to fall silent, more than our dead interval of %.0f ms covers: no takeover by "
		     "silence",
		     status_peer_name(view), ms(core->peer_cover), ms(view->timers->dead));
	if (view->wrong_key_at != MONO_NEVER && view->now - view->wrong_key_at <= STRANGER_SHOWN)
		warn(warnings, "a hamon node of cluster %s is there, but its key differs", view->conf->cluster);
	if (view->twin_at != MONO_NEVER && view->now - view->twin_at <= STRANGER_SHOWN)
		warn(warnings, "another node of cluster %s runs under this node's name too", view->conf->cluster);
}

static void warn_of_stranger(struct json_object *warnings, const struct status_view *view) {
	const struct status_stranger *stranger = &view->stranger;
	if (stranger->at == MONO_NEVER)
		warn(warnings, "another host, neither %s nor %s, claims a shared IP", status_node_name(view),
		     status_peer_name(view));
	else
		warn(warnings, "%s is at %s on %s, neither %s nor %s: another host claims it", stranger->ip, stranger->mac,
		     stranger->interface, status_node_name(view), status_peer_name(view));
}

/* Who claims the shared IPs, and are both nodes told the same? */
static void warn_of_conflict(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (core->stranger)
		warn_of_stranger(warnings, view);
	if (status_peer_lives(view))
		warn(warnings, "somebody answers for %s, though %s is not heard: it lives, and is not replaced",
		     view->holder_ip ? view->holder_ip : "a shared IP", status_peer_name(view));
	if (core->digest_differs)
		warn(warnings,
		     "the configurations of %s (%016" PRIx64 ") and %s (%016" PRIx64 ") differ: no takeover by itself",
		     status_node_name(view), core->digest, status_peer_name(view), core->peer_digest);
}

/* What keeps this node from taking over, or would make it a bad primary. */
static void warn_of_service(struct json_object *warnings, const struct status_view *view) {
	const struct core_status *core = view->core;
	if (core->health == HEALTH_ILL)
		warn(warnings, "the service on %s is ill: its health command says so", status_node_name(view));
	if (core->fence == FENCE_FAILED)
		warn(warnings, "%s could not be fenced%s", status_peer_name(view),
		     view->conf->fence == FENCE_REQUIRED ? ": no takeover without" : "");
	if (core->vetoed)
		warn(warnings, "the before-primary command said no: it is asked again in a while");
	if (core->aborted)
		warn(warnings, "an operator stopped the countdown: no takeover by itself until %s is heard again",
		     status_peer_name(view));
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
		else if (view->silent[i])
			warn(warnings, "link %s is up, and brings nothing of %s", view->conf->links[i].name,
			     status_peer_name(view));
	for (size_t i = 0; i < view->conf->ips_n; i++)
		if (view->slot_of[i] >= 0 && view->disabled[view->slot_of[i]]) {
			char ip[INET6_ADDRSTRLEN];
			warn(warnings, "%s is switched off on this node: `hamon ip enable` ends it",
			     conf_address_text(&view->conf->ips[i].address, ip));
		}
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
	if (view->core->worst_gap > status_bearable(view))
		warn(warnings,
		     "this machine stood still for %.0f ms; with failover within %.0f ms, a primary bears %.0f ms",
		     ms(view->core->worst_gap), ms(view->timers->within), ms(status_bearable(view)));
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
		     status_peer_name(view));
}

static void caution_of_configuration(struct json_object *warnings, const struct status_view *view) {
	if (*view->waits)
		warn(warnings, "a restart is needed: until then these keep their old values: %s", view->waits);
	if (view->core->tests == 0)
		warn(warnings, "there is neither a test IP nor a default gateway: a partition can make two owners");
	if (view->conf->policy == POLICY_ANY && view->core->tests > 1)
		warn(warnings, "policy \"any\": when a switch splits, each node may reach another test IP, and both serve");
	if (view->conf->alone == ALONE_ALWAYS)
		warn(warnings, "alone = \"always\": a primary that is cut off goes on, and both may serve");
}

size_t warnings_put(struct json_object *status, const struct status_view *view) {
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
