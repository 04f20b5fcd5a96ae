/* How a request ended: its sentence, its exit code, and what to do then. */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "hamon/outcome.h"

TestSuite(outcome);

/* What each verb's end means to a script. */
static enum exit_code code_of(enum outcome outcome) {
	switch (outcome) {
	case OUTCOME_DONE:
	case OUTCOME_ALREADY:
	case OUTCOME_WOULD:
	case OUTCOME_SETTLED:
		return EXIT_OK;
	case OUTCOME_DIFFERS:
	case OUTCOME_VETOED:
	case OUTCOME_PEER_UNHEARD:
	case OUTCOME_PEER_UNFIT:
	case OUTCOME_UNFIT:
	case OUTCOME_FAULT:
	case OUTCOME_BUSY:
	case OUTCOME_LEAVING:
	case OUTCOME_EPOCHS:
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

/* Only what takes the option is told of it. */
Test(outcome, force_is_offered_where_it_is_known) {
	const struct outcome_view asked = {.node = "ha1", .peer = "ha2"};
	for (unsigned verb = 0; verb < VERB__COUNT; verb++) {
		struct json_object *reply = outcome_json(verb, OUTCOME_PEER_UNHEARD, &asked);
		const char *hint = json_object_get_string(json_object_object_get(reply, "hint"));
		cr_expect_eq(hint && strstr(hint, "--force"), verb == VERB_TAKEOVER || verb == VERB_STANDDOWN, "%s",
			     verb_name(verb));
		json_object_put(reply);
	}
}

Test(outcome, a_conflict_that_is_settled_says_who_serves) {
	static const struct {
		bool self, peer;
		const char *who;
	} cases[] = {
		{true, false, "ha1 is primary"},
		{false, true, "ha2 is primary"},
		{true, true, "ha1 and ha2 are both primary"},
		{false, false, "neither ha1 nor ha2 is primary"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct outcome_view asked = {
			.node = "ha1", .peer = "ha2", .serves = cases[i].self, .peer_serves = cases[i].peer};
		struct json_object *reply = outcome_json(VERB_RESOLVE, OUTCOME_DONE, &asked);
		const char *text = json_object_get_string(json_object_object_get(reply, "text"));
		cr_expect(strstr(text, cases[i].who), "%s instead of %s", text, cases[i].who);
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
