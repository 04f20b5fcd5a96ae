/* Requests, good and bad, as a table. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "hamon/request.h"

TestSuite(request);

Test(request, good) {
	static const struct {
		const char *line;
		enum request_type type;
		span_t pause;
		bool force, dry_run, enable, frames;
		uint8_t family;
		const char *keep; /* NULL: none */
	} good[] = {
		{.line = "{\"verb\":\"status\"}", .type = REQUEST_STATUS},
		{.line = " { \"verb\" : \"reload\" } ", .type = REQUEST_RELOAD},
		{.line = "{\"verb\":\"test-ips\"}", .type = REQUEST_TEST_IPS},
		{.line = "{\"verb\":\"pause\"}", .type = REQUEST_PAUSE},
		{.line = "{\"verb\":\"pause\",\"for_ms\":7200000}", .type = REQUEST_PAUSE, .pause = 7200 * SEC},
		{.line = "{\"dry_run\":true,\"verb\":\"standdown\"}", .type = REQUEST_STANDDOWN, .dry_run = true},
		{.line = "{\"verb\":\"takeover\",\"force\":true,\"reason\":\"\xc3\xa4\"}",
		 .type = REQUEST_TAKEOVER,
		 .force = true},
		{.line = "{\"verb\":\"ip\",\"address\":\"192.0.2.10\",\"enable\":true}",
		 .type = REQUEST_IP,
		 .enable = true,
		 .family = AF_INET},
		{.line = "{\"verb\":\"ip\",\"address\":\"2001:db8::10\",\"enable\":false}",
		 .type = REQUEST_IP,
		 .family = AF_INET6},
		{.line = "{\"verb\":\"resolve\"}", .type = REQUEST_RESOLVE},
		{.line = "{\"verb\":\"resolve\",\"keep\":\"ha1\"}", .type = REQUEST_RESOLVE, .keep = "ha1"},
		{.line = "{\"verb\":\"abort\"}", .type = REQUEST_ABORT},
		{.line = "{\"verb\":\"clear\"}", .type = REQUEST_CLEAR},
		{.line = "{\"verb\":\"explain\"}", .type = REQUEST_EXPLAIN},
		{.line = "{\"verb\":\"watch\"}", .type = REQUEST_WATCH},
		{.line = "{\"verb\":\"watch\",\"frames\":false}", .type = REQUEST_WATCH},
		{.line = "{\"verb\":\"watch\",\"frames\":true}", .type = REQUEST_WATCH, .frames = true},
	};
	for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
		struct control_request request;
		struct json_object *error = NULL;
		cr_assert_eq(request_parse(good[i].line, strlen(good[i].line), &request, &error), 0, "%s: %s", good[i].line,
			     json_object_to_json_string(error));
		cr_expect_eq(request.type, good[i].type, "%s", good[i].line);
		cr_expect_eq(request.pause, good[i].pause, "%s", good[i].line);
		cr_expect_eq(request.force, good[i].force, "%s", good[i].line);
		cr_expect_eq(request.dry_run, good[i].dry_run, "%s", good[i].line);
		cr_expect_eq(request.enable, good[i].enable, "%s", good[i].line);
		cr_expect_eq(request.address.family, good[i].family, "%s", good[i].line);
		cr_expect_str_eq(request.keep, good[i].keep ? good[i].keep : "", "%s", good[i].line);
		cr_expect_eq(request.frames, good[i].frames, "%s", good[i].line);
	}
}

Test(request, bad) {
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"", "not JSON"},
		{"{", "not JSON"},
		{"status", "not JSON"},
		{"[\"status\"]", "JSON object with a \"verb\""},
		{"null", "not JSON"},
		{"{}", "JSON object with a \"verb\""},
		{"{\"verb\":1}", "JSON object with a \"verb\""},
		{"{\"verb\":\"reboot\"}", "unknown verb \"reboot\""},
		{"{\"verb\":\"status\"} x", "not JSON"},
		{"{\"verb\":\"status\",\"a\":{\"b\":{}}}", "not JSON"},
		{"{\"verb\":\"takeover\",\"dryrun\":true}", "takeover takes no \"dryrun\""},
		{"{\"verb\":\"status\",\"force\":true}", "status takes no \"force\""},
		{"{\"verb\":\"takeover\",\"force\":\"yes\"}", "\"force\" must be a JSON boolean"},
		{"{\"verb\":\"takeover\",\"reason\":\"a\\nb\"}", "\"reason\" holds a control character"},
		{"{\"verb\":\"takeover\",\"reason\":\"a\\u0000b\"}", "\"reason\" holds a control character"},
		{"{\"verb\":\"takeover\",\"reason\":\"\xff\"}", "not JSON"},
		{"{\"verb\":\"pause\",\"for_ms\":-1}", "\"for_ms\" is negative"},
		{"{\"verb\":\"pause\",\"for_ms\":99999999999999999999}", "\"for_ms\" is negative, or longer"},
		{"{\"verb\":\"pause\",\"for_ms\":1.5}", "\"for_ms\" must be a JSON int"},
		{"{\"verb\":\"ip\",\"enable\":true}", "ip needs \"address\""},
		{"{\"verb\":\"ip\",\"address\":\"192.0.2.10\"}", "ip needs \"enable\""},
		{"{\"verb\":\"ip\",\"address\":\"192.0.2.10/24\",\"enable\":true}", "no IPv4 or IPv6 address"},
		{"{\"verb\":\"resolve\",\"keep\":\"\"}", "\"keep\" is no node's name"},
		{"{\"verb\":\"resolve\",\"keep\":\"ha1\\u0000x\"}", "\"keep\" is no node's name"},
		{"{\"verb\":\"resolve\",\"keep\":1}", "\"keep\" must be a JSON string"},
		{"{\"verb\":\"takeover\",\"keep\":\"ha1\"}", "takeover takes no \"keep\""},
		{"{\"verb\":\"watch\",\"frames\":\"yes\"}", "\"frames\" must be a JSON boolean"},
		{"{\"verb\":\"abort\",\"force\":true}", "abort takes no \"force\""},
	};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct control_request request = {.type = REQUEST_RELOAD};
		struct json_object *error = NULL;
		cr_assert_eq(request_parse(bad[i].line, strlen(bad[i].line), &request, &error), -EINVAL, "%s", bad[i].line);
		const char *text = json_object_get_string(json_object_object_get(error, "error"));
		cr_expect(strstr(text, bad[i].says), "%s: %s", bad[i].line, text);
		cr_expect_eq(request.type, REQUEST_RELOAD, "untouched: %s", bad[i].line);
		json_object_put(error);
	}
}

Test(request, a_reason_has_a_bound) {
	char line[REQUEST_REASON + 64], reason[REQUEST_REASON + 2];
	for (int longer = 0; longer <= 1; longer++) {
		struct control_request request;
		struct json_object *error = NULL;
		memset(reason, 'r', sizeof reason);
		reason[REQUEST_REASON + longer] = '\0';
		int n = snprintf(line, sizeof line, "{\"verb\":\"takeover\",\"reason\":\"%s\"}", reason);
		cr_assert_eq(request_parse(line, (size_t)n, &request, &error), longer ? -EINVAL : 0);
		json_object_put(error);
	}
}

Test(request, a_node_s_name_has_a_bound) {
	char line[CONF_NAME + 64], name[CONF_NAME + 1];
	for (int longer = 0; longer <= 1; longer++) {
		struct control_request request;
		struct json_object *error = NULL;
		memset(name, 'n', sizeof name);
		name[CONF_NAME - 1 + longer] = '\0';
		int n = snprintf(line, sizeof line, "{\"verb\":\"resolve\",\"keep\":\"%s\"}", name);
		cr_assert_eq(request_parse(line, (size_t)n, &request, &error), longer ? -EINVAL : 0);
		json_object_put(error);
	}
}

Test(request, a_zero_byte_ends_nothing) {
	static const char line[] = "{\"verb\":\"status\"}\0x";
	struct control_request request;
	struct json_object *error = NULL;
	cr_assert_eq(request_parse(line, sizeof line - 1, &request, &error), -EINVAL);
	json_object_put(error);
}
