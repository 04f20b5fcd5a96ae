/* The status object: true to its schema, sound in its times and its health, and its warnings each raised by what they name. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/control.h"
#include "hamon/outcome.h"
#include "hamon/status.h"

/* A healthy primary, which each test makes worse in its own way. */
static struct conf conf;
static struct timers timers;
static struct core_status core;
static struct ip_set held;
static bool disabled[CORE_IPS];
static int slot_of[CORE_IPS];
static struct ip_address tests[CORE_TESTS];
static span_t rtt[CORE_TESTS];
static uint64_t rejected[REJECT__COUNT];
static struct status_view view;

static struct ip_address address(const char *text) {
	struct ip_address out = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	cr_assert_eq(inet_pton(out.family, text, out.bytes), 1);
	return out;
}

static void set_up_conf(void) {
	conf = (struct conf){.cluster = "edge",
			     .nodes = {{.name = "ha1"}, {.name = "ha2"}},
			     .ips_n = 2,
			     .links_n = 1,
			     .ips = {{address("192.0.2.10"), 24, "eth0"}, {address("2001:db8::10"), 64, "eth0"}},
			     .links = {{"office", "eth0"}}};
	const struct timers_ask ask = {.within = 500 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 4 * MSEC, .addresses = 2};
	cr_assert_eq(timers_derive(&ask, &timers), 0);
}

static void set_up(void) {
	const mono_t now = 1000 * SEC;
	set_up_conf();
	for (int i = 0; i < CORE_IPS; i++)
		slot_of[i] = i;
	ip_set_add(&held, 0);
	ip_set_add(&held, 1);
	tests[0] = address("192.0.2.1");
	rtt[0] = MSEC / 2;
	core = (struct core_status){
		.state = STATE_PRIMARY,
		.since = now - SEC,
		.cause = CAUSE_SERVING,
		.hold = true,
		.automatic = true,
		.backup_operations = true,
		.epoch = 42,
		.seen = 42,
		.fitness = 100,
		.lease_until = now + timers.lease,
		.lease_renewed = now - 2 * MSEC,
		.lease_lowest = timers.lease,
		.dead_at = MONO_FAR,
		.serving = held,
		.wanted = held,
		.announced = true,
		.peer_known = true,
		.peer_rx = now - MSEC,
		.peer_fitness = 100,
		.peer_covered = true,
		.echo = now - 2 * MSEC,
		.worst_gap_at = MONO_NEVER,
		.links = 1,
		.tests = 1,
		.link = {{.up = true, .rx = now - MSEC}},
		.test = {{.used = true, .answered = now - MSEC, .unbroken = now - SEC, .fresh = true, .slow = true}},
	};
	view = (struct status_view){
		.now = now,
		.real_ns = INT64_C(1785000000) * SEC + 204 * MSEC,
		.conf = &conf,
		.timers = &timers,
		.core = &core,
		.slot_of = slot_of,
		.held = &held,
		.disabled = disabled,
		.tests = tests,
		.test_rtt = rtt,
		.rejected = rejected,
		.wrong_key_at = MONO_NEVER,
		.twin_at = MONO_NEVER,
		.realtime = true,
		.locked = true,
		.lease_in_kernel = true,
		.lease_table = "hamon_1a2b3c4d",
		.generation = 1,
		.started = now - 2 * SEC,
	};
}

/* Both put at the end, or when there is a newer one. */
static struct json_object *status, *schema_file;

static void tear_down(void) {
	json_object_put(status);
	json_object_put(schema_file);
}

TestSuite(status, .init = set_up, .fini = tear_down);

static struct json_object *built(void) {
	json_object_put(status);
	status = status_json(&view);
	cr_assert(status);
	return status;
}

/* The member at "a.b", as text. */
static const char *at(const char *path) {
	struct json_object *object = built();
	char copy[64];
	snprintf(copy, sizeof copy, "%s", path);
	for (const char *key = strtok(copy, "."); key; key = strtok(NULL, "."))
		cr_assert(json_object_object_get_ex(object, key, &object), "%s", path);
	return object ? json_object_get_string(object) : "null";
}

/* ---- the schema ---- */

static bool listed(struct json_object *list, const char *word) {
	if (json_object_is_type(list, json_type_string))
		return strcmp(json_object_get_string(list), word) == 0;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), word) == 0)
			return true;
	return false;
}

static const char *type_of(struct json_object *value) {
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "boolean";
	case json_type_double:
		return "number";
	case json_type_int:
		return "integer";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	}
	return "?";
}

/* So much of JSON Schema as ours uses. */
static void conforms(struct json_object *value, struct json_object *schema, const char *name) {
	struct json_object *types = json_object_object_get(schema, "type"), *part;
	cr_expect(listed(types, type_of(value)), "%s is a %s", name, type_of(value));
	if (json_object_object_get_ex(schema, "enum", &part))
		cr_expect(listed(part, json_object_get_string(value)), "%s: %s", name, json_object_get_string(value));
	if (json_object_object_get_ex(schema, "items", &part))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			conforms(json_object_array_get_idx(value, i), part, name);
	if (json_object_object_get_ex(schema, "properties", &part)) {
		json_object_object_foreach(value, key, inner) {
			struct json_object *told = json_object_object_get(part, key);
			cr_expect(told, "%s.%s is not in the schema", name, key);
			if (told)
				conforms(inner, told, key);
		}
	}
	if (json_object_object_get_ex(schema, "required", &part))
		for (size_t i = 0; i < json_object_array_length(part); i++)
			cr_expect(json_object_object_get_ex(
					  value, json_object_get_string(json_object_array_get_idx(part, i)), NULL),
				  "%s lacks %s", name, json_object_get_string(json_object_array_get_idx(part, i)));
}

static struct json_object *schema(void) {
	schema_file = json_object_from_file("docs/status.schema.json");
	cr_assert(schema_file, "%s", json_util_get_last_err());
	return schema_file;
}

Test(status, is_as_its_schema_says) {
	conforms(built(), schema(), "status");
}

Test(status, of_a_backup_that_knows_nothing_yet_is_too) {
	core = (struct core_status){.state = STATE_INIT,
				    .since = view.now,
				    .dead_at = view.now + SEC,
				    .lease_renewed = MONO_NEVER,
				    .peer_rx = MONO_NEVER,
				    .echo = MONO_NEVER,
				    .faults = FAULT_CARRIER | FAULT_STANDDOWN,
				    .paused = true,
				    .paused_until = view.now + SEC,
				    .links = 1,
				    .tests = 1,
				    .link = {{.rx = MONO_NEVER}},
				    .test = {{.used = true, .answered = MONO_NEVER, .unbroken = MONO_NEVER}}};
	rtt[0] = -1;
	conforms(built(), schema(), "status");
	cr_expect_str_eq(at("health"), "unserved");
	cr_expect_str_eq(at("takeover_in_ms"), "1000.000");
	cr_expect_str_eq(at("peer.heard_age_ms"), "null");
}

Test(status, schema_knows_every_name) {
	struct json_object *properties = json_object_object_get(schema(), "properties");
	struct json_object *states = json_object_object_get(json_object_object_get(properties, "state"), "enum");
	struct json_object *faults = json_object_object_get(
		json_object_object_get(json_object_object_get(properties, "faults"), "items"), "enum");
	cr_expect_eq(json_object_array_length(states), STATE__COUNT);
	for (unsigned state = 0; state < STATE__COUNT; state++)
		cr_expect(listed(states, state_name(state)), "%s", state_name(state));
	cr_expect_eq(json_object_array_length(faults), FAULTS);
	for (unsigned bit = 0; bit < FAULTS; bit++)
		cr_expect(listed(faults, fault_name(1U << bit)), "%s", fault_name(1U << bit));
}

/* ---- times ---- */

Test(status, times_are_utc_with_milliseconds_and_ages_are_ms) {
	cr_expect_str_eq(at("time"), "2026-07-25T17:20:00.204Z");
	cr_expect_str_eq(at("since"), "2026-07-25T17:19:59.204Z");
	cr_expect_str_eq(at("since_age_ms"), "1000.000");
	cr_expect_str_eq(at("peer.heard_age_ms"), "1.000");
	cr_expect_str_eq(at("takeover_in_ms"), "null");
	cr_expect_str_eq(at("loop.worst_gap_at"), "null");
	core.paused = true;
	core.paused_until = MONO_FAR;
	cr_expect_str_eq(at("paused_until"), "null");
	core.paused_until = view.now + 2 * SEC;
	cr_expect_str_eq(at("paused_until"), "2026-07-25T17:20:02.204Z");
}

/* ---- the lease ---- */

Test(status, the_lease_of_a_primary) {
	core.lease_lowest = timers.lease / 2;
	cr_expect_str_eq(at("lease.armed"), "true");
	cr_expect_str_eq(at("lease.renewed_age_ms"), "2.000");
	cr_expect_str_eq(at("lease.table"), "hamon_1a2b3c4d");
	cr_expect_float_eq(strtod(at("lease.length_ms"), NULL), (double)timers.lease / MSEC, 0.001);
	cr_expect_float_eq(strtod(at("lease.left_ms"), NULL), (double)timers.lease / MSEC, 0.001);
	cr_expect_float_eq(strtod(at("lease.lowest_ms"), NULL), (double)timers.lease / 2 / MSEC, 0.001);
}

Test(status, the_lease_of_a_backup) {
	core.hold = false;
	core.lease_until = core.lease_renewed = MONO_NEVER;
	cr_expect_str_eq(at("lease.armed"), "false");
	cr_expect_str_eq(at("lease.renewed_age_ms"), "null");
	cr_expect_str_eq(at("lease.table"), "hamon_1a2b3c4d", "it guards a backup too");
}

Test(status, a_lease_that_is_off_is_held_and_never_armed) {
	view.lease_in_kernel = false;
	view.lease_table = NULL;
	cr_expect_str_eq(at("lease.held"), "true");
	cr_expect_str_eq(at("lease.armed"), "false");
	cr_expect_str_eq(at("lease.table"), "null");
	conforms(built(), schema(), "status");
}

Test(status, what_others_did_to_the_table) {
	cr_expect_str_eq(at("lease.changes"), "0");
	cr_expect_str_eq(at("lease.changed_age_ms"), "null");
	cr_expect_str_eq(at("lease.change"), "null");
	view.lease_changes = 2;
	view.lease_changed_at = view.now - 3 * SEC;
	view.lease_change = "the table was removed, by nft (process 123)";
	cr_expect_str_eq(at("lease.changes"), "2");
	cr_expect_str_eq(at("lease.changed_age_ms"), "3000.000");
	cr_expect_str_eq(at("lease.change"), view.lease_change);
	conforms(built(), schema(), "status");
}

/* ---- health and warnings ---- */

static size_t warnings(const char *about) {
	struct json_object *list = json_object_object_get(built(), "warnings");
	size_t found = 0;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		found += strstr(json_object_get_string(json_object_array_get_idx(list, i)), about) != NULL;
	return found;
}

/* Exactly one warning more, and it is about this. */
static void worse(const char *about, const char *health) {
	cr_expect_eq(warnings(about), 1, "no warning about %s", about);
	cr_expect_eq(warnings(""), 1, "others beside %s", about);
	cr_expect_str_eq(at("health"), health, "%s", about);
}

Test(status, a_healthy_pair_has_no_warnings) {
	cr_expect_eq(warnings(""), 0);
	cr_expect_str_eq(at("health"), "healthy");
}

Test(status, a_healthy_backup_is_healthy_too) {
	core.state = STATE_BACKUP;
	core.hold = false;
	core.peer_lease = true;
	core.serving = held = (struct ip_set){0};
	cr_expect_eq(warnings(""), 0);
	cr_expect_str_eq(at("health"), "healthy");
	cr_expect_str_eq(at("lease.left_ms"), "null");
	cr_expect_str_eq(at("peer.state"), "primary");
	core.peer_lease = false;
	cr_expect_str_eq(at("health"), "unserved");
}

Test(status, warns_of_a_lost_peer) {
	core.peer_rx = view.now - timers.unheard - 1;
	worse("ha2 is not heard", "degraded");
	cr_expect_str_eq(at("peer.state"), "unheard");
}

Test(status, warns_of_a_peer_that_says_farewell) {
	core.peer_leaving = true;
	worse("ha2 is ending", "degraded");
	cr_expect_str_eq(at("peer.state"), "leaving");
}

Test(status, warns_of_uncovered_timers) {
	core.peer_covered = false;
	worse("no takeover by silence", "degraded");
}

Test(status, warns_of_a_peer_that_could_not_serve) {
	core.peer_fitness = 0;
	worse("could not serve", "degraded");
}

Test(status, warns_of_another_key) {
	view.wrong_key_at = view.now;
	worse("its key differs", "degraded");
	view.wrong_key_at = view.now - 3600 * SEC;
	cr_expect_eq(warnings(""), 0);
}

Test(status, warns_of_a_link_that_is_down) {
	core.link[0].up = false;
	worse("link office is down", "degraded");
}

Test(status, warns_of_a_silent_test_ip) {
	core.test[0].slow = false;
	worse("192.0.2.1 does not answer", "degraded");
}

Test(status, warns_of_a_state_directory_that_cannot_be_written) {
	core.reserve_fails = true;
	worse("the state directory cannot be written", "degraded");
}

Test(status, warns_of_a_kernel_that_makes_no_table) {
	view.lease_unguarded = true;
	worse("refuses the lease's table", "degraded");
}

Test(status, warns_of_others_who_changed_the_table) {
	view.lease_changes = 1;
	view.lease_changed_at = view.now - 3 * SEC;
	view.lease_change = "the table was removed, by nft (process 123)";
	worse("table 3 s ago: the table was removed, by nft (process 123)", "healthy");
	view.now += 86400 * SEC;
	cr_expect_eq(warnings("others changed"), 0);
}

Test(status, warns_of_a_twin) {
	view.twin_at = view.now;
	worse("runs under this node's name", "degraded");
}

Test(status, warns_of_a_missing_address) {
	ip_set_remove(&held, 1);
	worse("1 of the shared IPs", "degraded");
}

/* After a reload the slots are in another order than the configuration, or not there yet. */
Test(status, an_address_is_told_by_its_slot) {
	static const bool expected[] = {false, true};
	slot_of[0] = -1;
	slot_of[1] = 0;
	disabled[0] = false;
	disabled[1] = true;
	struct json_object *ips = json_object_object_get(built(), "ips");
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		struct json_object *ip = json_object_array_get_idx(ips, i);
		cr_expect_eq(json_object_get_boolean(json_object_object_get(ip, "held")), expected[i]);
		cr_expect_eq(json_object_get_boolean(json_object_object_get(ip, "wanted")), expected[i]);
		cr_expect(json_object_get_boolean(json_object_object_get(ip, "enabled")));
	}
}

Test(status, warns_of_a_freeze_longer_than_a_primary_bears) {
	core.worst_gap = timers.lease - timers.heartbeat;
	cr_expect_eq(warnings(""), 0);
	core.worst_gap++;
	worse("stood still", "healthy");
}

Test(status, cautions_leave_the_pair_healthy) {
	view.realtime = false;
	worse("real-time", "healthy");
	view.realtime = true;
	view.locked = false;
	worse("lock our memory", "healthy");
	view.locked = true;
	view.lease_in_kernel = false;
	worse(CONF_LEASE_OFF, "healthy");
	view.lease_in_kernel = true;
	view.notes_dropped = 1;
	worse("did not reach the log", "healthy");
	view.notes_dropped = 0;
	conf.alone = ALONE_ALWAYS;
	worse("cut off", "healthy");
	conf.alone = ALONE_TESTED;
	core.tests = 0;
	core.test[0].used = false;
	worse("neither a test IP", "healthy");
}

Test(status, warns_of_policy_any_where_it_matters) {
	conf.policy = POLICY_ANY;
	cr_expect_eq(warnings(""), 0, "one test IP is the same for both nodes");
	core.tests = 2;
	core.test[1] = core.test[0];
	tests[1] = address("2001:db8::1");
	worse("policy \"any\"", "healthy");
}

Test(status, conflict_and_what_operators_set_are_in_the_health) {
	core.paused = true;
	cr_expect_str_eq(at("health"), "degraded");
	core.paused = false;
	core.faults = FAULT_EPOCHS;
	cr_expect_str_eq(at("health"), "degraded");
	core.peer_lease = true;
	cr_expect_str_eq(at("health"), "conflict");
}

Test(status, of_the_largest_pair_fits_into_an_answer) {
	conf.ips_n = CORE_IPS;
	for (unsigned i = 0; i < CORE_IPS; i++)
		conf.ips[i] = (struct conf_ip){address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), 128, "fifteen-letters"};
	cr_expect_lt(strlen(json_object_to_json_string_ext(built(), JSON_C_TO_STRING_PLAIN)), CONTROL_REPLY_MAX);
}

/* ---- outcomes ---- */

TestSuite(outcome);

/* What each verb's end means to a script. */
static enum exit_code code_of(enum outcome outcome) {
	switch (outcome) {
	case OUTCOME_DONE:
	case OUTCOME_ALREADY:
	case OUTCOME_WOULD:
		return EXIT_OK;
	case OUTCOME_PEER_UNHEARD:
	case OUTCOME_PEER_UNFIT:
	case OUTCOME_UNFIT:
	case OUTCOME_FAULT:
	case OUTCOME_BUSY:
	case OUTCOME_LEAVING:
		return EXIT_REFUSED;
	case OUTCOME_TIMEOUT:
		return EXIT_TIMED_OUT;
	case OUTCOME_ROLLED_BACK:
	case OUTCOME__COUNT:
		break;
	}
	return EXIT_FAILED;
}

Test(outcome, every_one_has_a_sentence_and_its_code) {
	const struct outcome_view plain = {.node = "ha1", .peer = "ha2", .took = MSEC, .faults = FAULT_CARRIER};
	for (unsigned verb = 0; verb < VERB__COUNT; verb++)
		for (unsigned outcome = 0; outcome < OUTCOME__COUNT; outcome++) {
			struct json_object *reply = outcome_json(verb, outcome, &plain);
			bool ok = json_object_get_boolean(json_object_object_get(reply, "ok"));
			int code = json_object_get_int(json_object_object_get(reply, "code"));
			const char *text = json_object_get_string(json_object_object_get(reply, ok ? "text" : "error"));
			cr_expect_eq((int)code_of(outcome), code, "%s, %s", verb_name(verb), outcome_name(outcome));
			cr_expect(strstr(text, "ha") || outcome == OUTCOME_BUSY, "%s", text);
			cr_expect_str_eq(json_object_get_string(json_object_object_get(reply, "outcome")),
					 outcome_name(outcome));
			cr_expect_str_eq(json_object_get_string(json_object_object_get(reply, "took_ms")), "1.000");
			json_object_put(reply);
		}
}

Test(outcome, force_is_offered_once) {
	struct outcome_view asked = {.node = "ha1", .peer = "ha2"};
	for (int forced = 0; forced <= 1; forced++) {
		asked.forced = forced;
		struct json_object *reply = outcome_json(VERB_TAKEOVER, OUTCOME_PEER_UNHEARD, &asked);
		const char *hint = json_object_get_string(json_object_object_get(reply, "hint"));
		cr_expect_eq(hint && strstr(hint, "--force"), !forced);
		json_object_put(reply);
	}
}

Test(outcome, a_fault_is_named) {
	const struct outcome_view broken = {.node = "ha1", .peer = "ha2", .faults = FAULT_CARRIER | FAULT_EPOCHS};
	struct json_object *reply = outcome_json(VERB_TAKEOVER, OUTCOME_FAULT, &broken);
	const char *text = json_object_get_string(json_object_object_get(reply, "error"));
	cr_expect(strstr(text, fault_name(FAULT_CARRIER)) && strstr(text, fault_name(FAULT_EPOCHS)), "%s", text);
	json_object_put(reply);
}
