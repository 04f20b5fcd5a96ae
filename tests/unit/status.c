/* The status object: true to its schema, sound in its times and its health, and its warnings each raised by what they
 * name. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/control.h"
#include "hamon/status.h"

/* A healthy primary, which each test makes worse in its own way. */
static struct conf conf;
static struct timers timers;
static struct core_status core;
static struct ip_set held;
static bool disabled[CORE_IPS], silent[CORE_LINKS];
static int slot_of[CORE_IPS];
static struct ip_address tests[CORE_TESTS];
static struct core_facts facts;
static struct status_test counted[CORE_TESTS];
static uint64_t rejected[REJECT__COUNT];
static struct status_view view;

static struct ip_address address(const char *text) {
	struct ip_address out = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	cr_assert_eq(inet_pton(out.family, text, out.bytes), 1);
	return out;
}

static void set_up_conf(void) {
	conf = (struct conf){
		.cluster = "edge",
		.nodes = {{.name = "ha1"}, {.name = "ha2"}},
		.ips_n = 2,
		.links_n = 2,
		.ips = {{address("192.0.2.10"), 24, "eth0"}, {address("2001:db8::10"), 64, "eth0"}},
		.links = {{.name = "office", .interface = "eth0"}, {.name = "reflect", .transport = TRANSPORT_REFLECT}}};
	const struct timers_ask ask = {.within = 500 * MSEC, .tick = 4 * MSEC, .jiffies_lag = 4 * MSEC, .addresses = 2};
	cr_assert_eq(timers_derive(&ask, &timers), 0);
}

static void set_up_tests(void) {
	tests[0] = address("192.0.2.1");
	for (int i = 0; i < CORE_TESTS; i++)
		counted[i] = (struct status_test){.rtt = -1, .rtt_average = -1, .rtt_most = -1};
	counted[0] =
		(struct status_test){.rtt = MSEC / 2, .rtt_average = MSEC, .rtt_most = 2 * MSEC, .asked = 9, .answered = 8};
}

static void set_up(void) {
	const mono_t now = 1000 * SEC;
	set_up_conf();
	set_up_tests();
	for (int i = 0; i < CORE_IPS; i++)
		slot_of[i] = i;
	ip_set_add(&held, 0);
	ip_set_add(&held, 1);
	facts = (struct core_facts){.hold = (1U << FACT__COUNT) - 1};
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
		.holder_at = MONO_NEVER,
		.stranger_at = MONO_NEVER,
		.failback_at = MONO_FAR,
		.digest = 0x1a2b3c4d5e6f7081,
		.loaded = 1784999000,
		.peer_digest = 0x1a2b3c4d5e6f7081,
		.peer_loaded = 1784999001,
		.links = 2,
		.tests = 1,
		.link = {{.up = true, .rx = now - MSEC, .received = 99, .lost = 1, .rtt = 300 * USEC, .jitter = 20 * USEC},
			 {.up = true, .reflect = true, .rx = now - SEC / 2, .received = 9, .rtt = -1, .jitter = -1}},
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
		.silent = silent,
		.tests = tests,
		.facts = &facts,
		.test = counted,
		.stranger.at = MONO_NEVER,
		.rejected = rejected,
		.wrong_key_at = MONO_NEVER,
		.twin_at = MONO_NEVER,
		.realtime = true,
		.locked = true,
		.lease_in_kernel = true,
		.lease_table = "hamon_1a2b3c4d",
		.generation = 1,
		.waits = "",
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

/* NULL is JSON's null. */
static bool same(const char *a, const char *b) {
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool listed(struct json_object *list, const char *word) {
	if (json_object_is_type(list, json_type_string))
		return same(json_object_get_string(list), word);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (same(json_object_get_string(json_object_array_get_idx(list, i)), word))
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
	if (!value)
		return;
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
				    .holder_at = MONO_NEVER,
				    .stranger_at = MONO_NEVER,
				    .failback_at = view.now + SEC,
				    .links = 1,
				    .tests = 1,
				    .link = {{.rx = MONO_NEVER, .rtt = -1, .jitter = -1}},
				    .test = {{.used = true, .answered = MONO_NEVER, .unbroken = MONO_NEVER}}};
	counted[0] = (struct status_test){.rtt = -1, .rtt_average = -1, .rtt_most = -1};
	facts.hold = 1U << FACT_NO_HOLDER;
	conforms(built(), schema(), "status");
	cr_expect_str_eq(at("health"), "unserved");
	cr_expect_str_eq(at("takeover_in_ms"), "1000.000");
	cr_expect_str_eq(at("peer.heard_age_ms"), "null");
}

static const char *state_at(unsigned i) {
	return state_name((enum state)i);
}
static const char *fault_at(unsigned i) {
	return fault_name((enum fault)(1U << i));
}
static const char *transport_at(unsigned i) {
	return transport_name((enum transport)i);
}
static const char *mode_at(unsigned i) {
	return fence_mode_name((enum fence_mode)i);
}
static const char *fence_at(unsigned i) {
	return fence_state_name((enum fence_state)i);
}
static const char *service_at(unsigned i) {
	return i < HEALTH__COUNT ? health_name((enum health)i) : NULL; /* null: there is no command */
}
static const char *fact_at(unsigned i) {
	return fact_name((enum fact)i);
}

Test(status, schema_knows_every_name) {
	static const struct {
		const char *path; /* through the schema, to the list */
		unsigned n;
		const char *(*name)(unsigned i);
	} lists[] = {
		{"/properties/state/enum", STATE__COUNT, state_at},
		{"/properties/faults/items/enum", FAULTS, fault_at},
		{"/properties/links/items/properties/transport/enum", TRANSPORT__COUNT, transport_at},
		{"/properties/fence/properties/mode/enum", FENCE__COUNT, mode_at},
		{"/properties/fence/properties/state/enum", FENCE_STATE__COUNT, fence_at},
		{"/properties/service/enum", HEALTH__COUNT + 1, service_at},
		{"/properties/facts/items/properties/name/enum", FACT__COUNT, fact_at},
	};
	schema();
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct json_object *list;
		cr_assert_eq(json_pointer_get(schema_file, lists[i].path, &list), 0, "%s", lists[i].path);
		cr_expect_eq(json_object_array_length(list), lists[i].n, "%s", lists[i].path);
		for (unsigned j = 0; j < lists[i].n; j++)
			cr_expect(listed(list, lists[i].name(j)), "%s: %s", lists[i].path, lists[i].name(j));
	}
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

/* ---- links, tests, configuration, proof ---- */

/* The member at "/a/0/b", as text. */
static const char *deep(const char *path) {
	struct json_object *object;
	cr_assert_eq(json_pointer_get(built(), path, &object), 0, "%s", path);
	return object ? json_object_get_string(object) : "null";
}

static void expect_at(const char *path, const char *text) {
	cr_expect_str_eq(deep(path), text, "%s: %s instead of %s", path, deep(path), text);
}

Test(status, of_links) {
	expect_at("/links/0/transport", "ethernet");
	expect_at("/links/0/rate", "null");
	expect_at("/links/0/loss_percent", "1.00");
	expect_at("/links/0/rtt_ms", "0.300");
	expect_at("/links/0/jitter_ms", "0.020");
	expect_at("/links/1/transport", "reflect");
	expect_at("/links/1/rate", "slow");
	expect_at("/links/1/loss_percent", "null");
	expect_at("/links/1/rtt_ms", "null");
	core.reflecting = true;
	expect_at("/links/1/rate", "full");
	core.reflecting = false;
	core.reflect_off = true;
	expect_at("/links/1/rate", "off");
	core.link[0].received = core.link[0].lost = 0;
	expect_at("/links/0/loss_percent", "null");
	conforms(built(), schema(), "status");
}

Test(status, of_test_ips) {
	counted[0].loss = 12;
	expect_at("/tests/0/rtt_ms", "0.500");
	expect_at("/tests/0/rtt_average_ms", "1.000");
	expect_at("/tests/0/rtt_max_ms", "2.000");
	expect_at("/tests/0/asked", "9");
	expect_at("/tests/0/answered", "8");
	expect_at("/tests/0/loss_percent", "12.00");
	counted[0].asked = 0;
	expect_at("/tests/0/loss_percent", "null");
}

Test(status, of_the_configurations) {
	expect_at("/configuration/compared", "identical");
	expect_at("/configuration/digest", "1a2b3c4d5e6f7081");
	expect_at("/configuration/loaded", "2026-07-25T17:03:20.000Z");
	core.peer_digest++;
	core.digest_differs = true;
	core.peer_loaded = UINT64_MAX;
	expect_at("/configuration/compared", "differs");
	expect_at("/configuration/peer_digest", "1a2b3c4d5e6f7082");
	expect_at("/configuration/peer_loaded", "null");
	core.peer_digest = core.peer_loaded = 0;
	core.digest_differs = false;
	expect_at("/configuration/compared", "unknown");
	expect_at("/configuration/peer_digest", "null");
	conforms(built(), schema(), "status");
}

Test(status, of_settings_that_need_a_restart) {
	expect_at("/configuration/restart_needed", "null");
	view.waits = "links, failover.within";
	expect_at("/configuration/restart_needed", "links, failover.within");
	conforms(built(), schema(), "status");
}

Test(status, of_what_a_takeover_has_to_reckon_with) {
	expect_at("/holder", "null");
	expect_at("/stranger", "null");
	expect_at("/service", "null");
	expect_at("/fence/mode", "off");
	expect_at("/failback_at", "null");
	strcpy(conf.command[RUN_HEALTH], "/bin/true");
	conf.fence = FENCE_REQUIRED;
	conf.countdown = 60 * SEC;
	core.health = HEALTH_ILL;
	core.fence = FENCE_RUNNING;
	core.failovers = 5;
	core.hold_down = 2 * SEC;
	core.failback_at = view.now + SEC;
	core.holder_at = view.now - SEC;
	view.holder_ip = "192.0.2.10";
	view.stranger = (struct status_stranger){view.now - 2 * SEC, "192.0.2.10", "52:54:00:12:34:56", "eth0", 3};
	expect_at("/holder/address", "192.0.2.10");
	expect_at("/holder/age_ms", "1000.000");
	expect_at("/stranger/address", "192.0.2.10");
	expect_at("/stranger/mac", "52:54:00:12:34:56");
	expect_at("/stranger/interface", "eth0");
	expect_at("/stranger/age_ms", "2000.000");
	expect_at("/stranger/count", "3");
	expect_at("/service", "ill");
	expect_at("/fence/mode", "required");
	expect_at("/fence/state", "running");
	expect_at("/hold_down/failovers", "5");
	expect_at("/hold_down/delay_ms", "2000.000");
	expect_at("/countdown_ms", "60000.000");
	expect_at("/failback_at", "2026-07-25T17:20:01.204Z");
	expect_at("/failback_in_ms", "1000.000");
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

Test(status, warns_of_a_link_that_is_up_and_silent) {
	silent[0] = true;
	worse("link office is up, and brings nothing of ha2", "degraded");
	core.link[0].up = false;
	worse("link office is down", "degraded");
}

Test(status, warns_of_an_ip_that_is_switched_off) {
	disabled[1] = true;
	worse("2001:db8::10 is switched off on this node: `hamon ip enable` ends it", "degraded");
	slot_of[1] = -1;
	cr_expect_eq(warnings(""), 0, "the slot is another one's");
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

Test(status, warns_of_a_stranger_by_its_mac) {
	core.stranger = true;
	worse("another host, neither ha1 nor ha2, claims a shared IP", "degraded");
	view.stranger = (struct status_stranger){view.now - SEC, "192.0.2.10", "52:54:00:12:34:56", "eth0", 1};
	worse("192.0.2.10 is at 52:54:00:12:34:56 on eth0, neither ha1 nor ha2", "degraded");
	core.stranger = false;
	cr_expect_eq(warnings(""), 0, "he is gone");
}

Test(status, warns_of_a_silent_peer_that_lives) {
	core.hold = false;
	core.serving = held = (struct ip_set){0};
	core.peer_rx = view.now - timers.unheard - 1;
	cr_expect_eq(warnings("somebody answers"), 0);
	cr_expect_str_eq(at("health"), "unserved");
	facts.hold &= ~(1U << FACT_NO_HOLDER);
	cr_expect_eq(warnings("somebody answers for a shared IP, though ha2 is not heard"), 1);
	cr_expect_str_eq(at("health"), "degraded", "somebody serves");
	view.holder_ip = "192.0.2.10";
	cr_expect_eq(warnings("somebody answers for 192.0.2.10"), 1);
	core.peer_rx = view.now;
	cr_expect_eq(warnings("somebody answers"), 0, "of a peer that is heard it is no news");
}

Test(status, warns_of_configurations_that_differ) {
	core.peer_digest = 0xff;
	core.digest_differs = true;
	worse("ha1 (1a2b3c4d5e6f7081) and ha2 (00000000000000ff) differ", "degraded");
}

Test(status, warns_of_a_service_that_is_ill) {
	core.health = HEALTH_ILL;
	worse("the service on ha1 is ill", "degraded");
}

Test(status, warns_of_a_fence_that_failed) {
	core.fence = FENCE_FAILED;
	worse("ha2 could not be fenced", "degraded");
	cr_expect_eq(warnings("no takeover without"), 0);
	conf.fence = FENCE_REQUIRED;
	worse("no takeover without", "degraded");
}

Test(status, warns_of_a_veto) {
	core.vetoed = true;
	worse("the before-primary command said no", "degraded");
}

Test(status, warns_of_a_countdown_that_was_stopped) {
	core.aborted = true;
	worse("an operator stopped the countdown", "degraded");
}

Test(status, warns_of_a_test_ip_that_cannot_count) {
	counted[0].too_slow = true;
	counted[0].rtt = 92100 * USEC;
	worse("test IP 192.0.2.1 answers after 92.1 ms, too late for failover within 500 ms", "degraded");
	counted[0].own = true;
	core.test[0].slow = false;
	worse("test IP 192.0.2.1 is an address of this node", "degraded");
}

Test(status, a_reflecting_link_that_is_down_is_what_its_tests_are) {
	core.link[1].up = false;
	cr_expect_eq(warnings(""), 0);
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
	core.failovers = 5;
	core.hold_down = 2 * SEC;
	worse("after 5 failovers the next takeover by silence waits 2.0 s longer", "healthy");
	core.hold_down = 0;
	core.reflect_off = true;
	worse("never reach ha2", "healthy");
	core.reflect_off = false;
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

Test(status, warns_of_settings_that_need_a_restart) {
	view.waits = "links, failover.within";
	worse("a restart is needed: until then these keep their old values: links, failover.within", "healthy");
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
