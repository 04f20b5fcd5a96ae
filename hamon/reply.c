/* Builds the answers of the control socket. */
#include "hamon/reply.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { REPLY_TEXT = 512 };

static void add_text(struct json_object *reply, const char *key, const char *format, va_list args) {
	char text[REPLY_TEXT];
	vsnprintf(text, sizeof text, format, args);
	json_object_object_add(reply, key, json_object_new_string(text));
}

struct json_object *reply_ok(const char *text, ...) {
	struct json_object *reply = json_object_new_object();
	if (!reply)
		return NULL;
	json_object_object_add(reply, "ok", json_object_new_boolean(true));
	va_list args;
	va_start(args, text);
	add_text(reply, "text", text, args);
	va_end(args);
	return reply;
}

struct json_object *reply_error(enum exit_code code, const char *hint, const char *error, ...) {
	struct json_object *reply = json_object_new_object();
	if (!reply)
		return NULL;
	json_object_object_add(reply, "ok", json_object_new_boolean(false));
	json_object_object_add(reply, "code", json_object_new_int(code));
	va_list args;
	va_start(args, error);
	add_text(reply, "error", error, args);
	va_end(args);
	if (hint)
		json_object_object_add(reply, "hint", json_object_new_string(hint));
	return reply;
}

void reply_details(struct json_object *reply, const char *text) {
	struct json_object *details = json_object_new_array();
	if (!details)
		return;
	while (*text) {
		size_t length = strcspn(text, "\n");
		if (length > 0)
			json_object_array_add(details, json_object_new_string_len(text, (int)length));
		text += length + (text[length] == '\n');
	}
	json_object_object_add(reply, "details", details);
}
