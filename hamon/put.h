/* Members of JSON objects, as everything that hamon tells in JSON writes them: status, and what `hamon watch` follows.
 * Where memory runs out a member is null, or missing. */
#ifndef HAMON_PUT_H
#define HAMON_PUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/mono.h"

/* NULL: null. */
void put_text(struct json_object *object, const char *key, const char *text);
void put_bool(struct json_object *object, const char *key, bool value);
void put_count(struct json_object *object, const char *key, uint64_t value);

/* A length of time in ms, with three decimals. */
void put_span(struct json_object *object, const char *key, span_t span);
/* One that may not be known: -1, null. */
void put_known_span(struct json_object *object, const char *key, span_t span);

/* Per cent, with two decimals; null: of nothing. */
void put_percent(struct json_object *object, const char *key, uint64_t part, uint64_t whole);

/* Sixteen hexadecimal digits; null: 0, it was not told. */
void put_digest(struct json_object *object, const char *key, uint64_t digest);

/* A wall clock's reading, in ms since 1970, as RFC 3339, UTC, with milliseconds. */
void put_wall(struct json_object *object, const char *key, int64_t ms);

/* A new object or array, which belongs to its parent. */
struct json_object *put_object(struct json_object *parent, const char *key);
struct json_object *put_array(struct json_object *parent, const char *key, size_t size);
struct json_object *put_next(struct json_object *array);

#endif
