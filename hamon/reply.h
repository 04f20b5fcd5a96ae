/* What an answer of the daemon looks like, for whoever builds one: {"ok":true,"text":…} or {"ok":false,"code":…,"error":…,
 * "hint":…}. The codes are the exit statuses of the command line, so that a refusal means the same to both. */
#ifndef HAMON_REPLY_H
#define HAMON_REPLY_H

#include <json-c/json.h>

enum exit_code {
	EXIT_OK,           /* done, or: yes */
	EXIT_FAILED,       /* tried, and failed; or: no */
	EXIT_USAGE,        /* the command line, the request or the configuration is wrong */
	EXIT_UNREACHABLE,  /* no daemon answers */
	EXIT_REFUSED,      /* a safety check said no: the error says which, the hint what overrides it */
	EXIT_TIMED_OUT,    /* no answer in time: the outcome is unknown */
	EXIT_NOT_PERMITTED /* neither root nor a member of the group that may */
};

/* {"ok":true,"text":"…"}: a sentence for people. More members may be added. NULL when memory ran out. */
struct json_object *reply_ok(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* {"ok":false,"code":code,"error":"…","hint":"…"}: what is wrong, and what to do about it (hint may be NULL). NULL when
 * memory ran out. */
struct json_object *reply_error(enum exit_code code, const char *hint, const char *error, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds "details": [line, …] from text whose lines end in \n: shown below the sentence. */
void reply_details(struct json_object *reply, const char *text);

#endif
