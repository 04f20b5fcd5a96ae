/* Reads one request: a table of fields says which verb takes which, and what each must hold. What is unknown or of the
 * wrong kind is refused by name: a mistyped "dry_run" must not become a real takeover. */
#include "hamon/request.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "hamon/reply.h"

enum {
	REQUEST_DEPTH = 2, /* one object of plain values */
	PAUSE_DAYS = 366,  /* whoever wants it longer resumes by hand */
};
#define PAUSE_MAX_MS (INT64_C(86400000) * PAUSE_DAYS)

static const struct {
	const char *name;
	bool operates;
} verbs[] = {
	[REQUEST_STATUS] = {"status", false},      [REQUEST_TAKEOVER] = {"takeover", true},
	[REQUEST_STANDDOWN] = {"standdown", true}, [REQUEST_PAUSE] = {"pause", true},
	[REQUEST_RESUME] = {"resume", true},       [REQUEST_IP] = {"ip", true},
	[REQUEST_RELOAD] = {"reload", true},       [REQUEST_TEST_IPS] = {"test-ips", true},
	[REQUEST_RESOLVE] = {"resolve", true},     [REQUEST_ABORT] = {"abort", true},
	[REQUEST_CLEAR] = {"clear", true},         [REQUEST_EXPLAIN] = {"explain", false},
	[REQUEST_WATCH] = {"watch", false},
};
static_assert(sizeof verbs / sizeof *verbs == REQUEST__COUNT, "every request has a name");

const char *request_name(enum request_type type) {
	assert(type < REQUEST__COUNT);
	return verbs[type].name;
}

bool request_operates(enum request_type type) {
	assert(type < REQUEST__COUNT);
	return verbs[type].operates;
}

/* ---- the fields: each reader gets a value of the right kind, and returns what is wrong with it, or NULL ---- */

static const char *read_force(struct json_object *value, struct control_request *request) {
	request->force = json_object_get_boolean(value);
	return NULL;
}

static const char *read_dry_run(struct json_object *value, struct control_request *request) {
	request->dry_run = json_object_get_boolean(value);
	return NULL;
}

static const char *read_enable(struct json_object *value, struct control_request *request) {
	request->enable = json_object_get_boolean(value);
	return NULL;
}

/* The reason goes into the log: no control characters, so that nobody forges a line. */
static const char *read_reason(struct json_object *value, struct control_request *request) {
	size_t length = (size_t)json_object_get_string_len(value);
	const char *text = json_object_get_string(value);
	if (length > REQUEST_REASON)
		return "is longer than 120 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			return "holds a control character";
	memcpy(request->reason, text, length);
	request->reason[length] = '\0';
	return NULL;
}
static_assert(REQUEST_REASON == 120, "read_reason() says so");

static const char *read_pause(struct json_object *value, struct control_request *request) {
	int64_t ms = json_object_get_int64(value);
	if (ms < 0 || ms > PAUSE_MAX_MS)
		return "is negative, or longer than a year";
	request->pause = ms * MSEC;
	return NULL;
}

static const char *read_address(struct json_object *value, struct control_request *request) {
	const char *text = json_object_get_string(value);
	struct ip_address address = {0};
	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.family = AF_INET;
	else if (inet_pton(AF_INET6, text, address.bytes) == 1)
		address.family = AF_INET6;
	else
		return "is no IPv4 or IPv6 address";
	request->address = address;
	return NULL;
}

/* A name that no node bears is for the handler to refuse, which knows the nodes. */
static const char *read_keep(struct json_object *value, struct control_request *request) {
	size_t length = (size_t)json_object_get_string_len(value);
	const char *text = json_object_get_string(value);
	if (length == 0 || length >= sizeof request->keep || strlen(text) != length)
		return "is no node's name";
	memcpy(request->keep, text, length + 1);
	return NULL;
}

static const char *read_frames(struct json_object *value, struct control_request *request) {
	request->frames = json_object_get_boolean(value);
	return NULL;
}

enum {
	HANDOVER = 1 << REQUEST_TAKEOVER | 1 << REQUEST_STANDDOWN,
	ONLY_IP = 1 << REQUEST_IP,
	ONLY_PAUSE = 1 << REQUEST_PAUSE,
	ONLY_RESOLVE = 1 << REQUEST_RESOLVE,
	ONLY_WATCH = 1 << REQUEST_WATCH,
};

static const struct field {
	const char *name;
	json_type kind;
	unsigned optional, required; /* masks of enum request_type */
	const char *(*read)(struct json_object *value, struct control_request *request);
} fields[] = {
	{"force", json_type_boolean, HANDOVER, 0, read_force},   {"dry_run", json_type_boolean, HANDOVER, 0, read_dry_run},
	{"reason", json_type_string, HANDOVER, 0, read_reason},  {"for_ms", json_type_int, ONLY_PAUSE, 0, read_pause},
	{"address", json_type_string, 0, ONLY_IP, read_address}, {"enable", json_type_boolean, 0, ONLY_IP, read_enable},
	{"keep", json_type_string, ONLY_RESOLVE, 0, read_keep},  {"frames", json_type_boolean, ONLY_WATCH, 0, read_frames},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static int read_field(const char *name, struct json_object *value, struct control_request *request, unsigned *given,
		      struct json_object **error) {
	const char *verb = request_name(request->type);
	for (unsigned i = 0; i < FIELDS; i++) {
		const struct field *field = &fields[i];
		if (strcmp(field->name, name) != 0 || !((field->optional | field->required) & 1U << request->type))
			continue;
		*given |= 1U << i;
		if (!json_object_is_type(value, field->kind)) {
			*error = reply_error(EXIT_USAGE, NULL, "%s: \"%s\" must be a JSON %s", verb, name,
					     json_type_to_name(field->kind));
			return -EINVAL;
		}
		const char *wrong = field->read(value, request);
		if (!wrong)
			return 0;
		*error = reply_error(EXIT_USAGE, NULL, "%s: \"%s\" %s", verb, name, wrong);
		return -EINVAL;
	}
	*error = reply_error(EXIT_USAGE, NULL, "%s takes no \"%.40s\"", verb, name);
	return -EINVAL;
}

static int read_fields(struct json_object *object, struct control_request *request, struct json_object **error) {
	unsigned given = 0;
	json_object_object_foreach(object, name, value) {
		if (strcmp(name, "verb") != 0 && read_field(name, value, request, &given, error) < 0)
			return -EINVAL;
	}
	for (unsigned i = 0; i < FIELDS; i++)
		if (fields[i].required & 1U << request->type && !(given & 1U << i)) {
			*error = reply_error(EXIT_USAGE, NULL, "%s needs \"%s\"", request_name(request->type),
					     fields[i].name);
			return -EINVAL;
		}
	return 0;
}

static int read_request(struct json_object *object, struct control_request *request, struct json_object **error) {
	struct json_object *verb = NULL;
	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, "verb", &verb) ||
	    !json_object_is_type(verb, json_type_string)) {
		*error = reply_error(EXIT_USAGE, NULL, "a request is a JSON object with a \"verb\"");
		return -EINVAL;
	}
	for (unsigned type = 0; type < REQUEST__COUNT; type++)
		if (strcmp(json_object_get_string(verb), verbs[type].name) == 0) {
			request->type = type;
			return read_fields(object, request, error);
		}
	*error = reply_error(EXIT_USAGE, NULL, "unknown verb \"%.40s\"", json_object_get_string(verb));
	return -EINVAL;
}

/* The whole line as one JSON value. */
static int tokenize(const char *line, size_t length, struct json_object **object, struct json_object **error) {
	struct json_tokener *tokener = json_tokener_new_ex(REQUEST_DEPTH);
	if (!tokener)
		return -EINVAL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*object = json_tokener_parse_ex(tokener, line, (int)length);
	enum json_tokener_error state = json_tokener_get_error(tokener);
	/* A zero byte ends the parse early, and without complaint. */
	bool whole = state == json_tokener_success && json_tokener_get_parse_end(tokener) == length;
	json_tokener_free(tokener);
	if (whole)
		return 0;
	const char *why = state == json_tokener_success || state == json_tokener_continue ? "it is cut short"
											  : json_tokener_error_desc(state);
	*error = reply_error(EXIT_USAGE, NULL, "the request is not JSON: %s", why);
	return -EINVAL;
}

int request_parse(const char *line, size_t length, struct control_request *request, struct json_object **error) {
	assert(length <= REQUEST_MAX);
	struct control_request read = {.type = REQUEST_STATUS};
	struct json_object *object = NULL;
	int result = tokenize(line, length, &object, error);
	if (result == 0)
		result = read_request(object, &read, error);
	json_object_put(object);
	if (result == 0)
		*request = read;
	return result;
}
