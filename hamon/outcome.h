/* How an operator's request ended, in words: the core's outcome as an answer of the control socket, with what overrides it
 * where something does. */
#ifndef HAMON_OUTCOME_H
#define HAMON_OUTCOME_H

#include "hamon/core/core.h"
#include "hamon/reply.h"

/* What the sentence may speak of. */
struct outcome_view {
	const char *node, *peer;  /* names */
	span_t took;              /* from request to outcome */
	uint64_t epoch;           /* as it is now */
	bool serves, peer_serves; /* who holds the lease now */
	span_t pause;             /* VERB_PAUSE: for so long; 0: until resume */
	uint16_t faults;          /* OUTCOME_FAULT: bits of enum fault */
	bool forced;              /* the request said so: the way to override is not offered again */
};

/* The answer: "ok", "text" or "code", "error", "hint"; and "outcome" (outcome_name), "took_ms". The caller puts it; NULL
 * when memory ran out. */
struct json_object *outcome_json(enum verb verb, enum outcome outcome, const struct outcome_view *view);

#endif
