/* Members of JSON objects, as put.h says. */
#include "hamon/put.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void put_text(struct json_object *object, const char *key, const char *text) {
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

void put_bool(struct json_object *object, const char *key, bool value) {
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void put_count(struct json_object *object, const char *key, uint64_t value) {
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void put_span(struct json_object *object, const char *key, span_t span) {
	struct json_object *value = json_object_new_double((double)span / MSEC);
	if (value)
		json_object_set_serializer(value, json_object_double_to_json_string, "%.3f", NULL);
	json_object_object_add(object, key, value);
}

void put_known_span(struct json_object *object, const char *key, span_t span) {
	if (span < 0)
		json_object_object_add(object, key, NULL);
	else
		put_span(object, key, span);
}

void put_percent(struct json_object *object, const char *key, uint64_t part, uint64_t whole) {
	struct json_object *value = whole ? json_object_new_double(100.0 * (double)part / (double)whole) : NULL;
	if (value)
		json_object_set_serializer(value, json_object_double_to_json_string, "%.2f", NULL);
	json_object_object_add(object, key, value);
}

void put_digest(struct json_object *object, const char *key, uint64_t digest) {
	char text[17];
	snprintf(text, sizeof text, "%016" PRIx64, digest);
	put_text(object, key, digest ? text : NULL);
}

void put_wall(struct json_object *object, const char *key, int64_t ms) {
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char date[32], text[48];
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof text, "%s.%03dZ", date, (int)(ms % 1000));
	put_text(object, key, text);
}

struct json_object *put_object(struct json_object *parent, const char *key) {
	struct json_object *object = json_object_new_object();
	json_object_object_add(parent, key, object);
	return object;
}

struct json_object *put_array(struct json_object *parent, const char *key, size_t size) {
	struct json_object *array = json_object_new_array_ext((int)size);
	json_object_object_add(parent, key, array);
	return array;
}

struct json_object *put_next(struct json_object *array) {
	struct json_object *object = json_object_new_object();
	json_object_array_add(array, object);
	return object;
}
