/* What stands for and against a takeover by this node now, and for a primary's going on, fact by fact in words: for `hamon
 * explain now`, for dry runs, and for the status object. The verdicts are the core's; this module owns their sentences. */
#ifndef HAMON_FACTS_H
#define HAMON_FACTS_H

#include <json-c/json.h>

#include "hamon/status.h"

/* Adds "facts" and "renewal" to the object: arrays of { "name", "holds", …, "text" }, as docs/status.schema.json says.
 * "renewal" is what a primary's lease rests on; empty on a node that holds none. */
void facts_put(struct json_object *object, const struct status_view *view);

/* Adds "details" to the answer to a dry run: the facts that a change of the role asks for by plan, or by force, as lines;
 * those that stand against it first. None, where it asks for nothing. */
void facts_details(struct json_object *reply, const struct status_view *view, bool force);

/* The answer to `explain now`: the verdict as a sentence, the arrays, and as details the same in lines: by itself, with how
 * well this node could serve, then by plan. NULL when memory ran out. */
struct json_object *facts_json(const struct status_view *view);

#endif
