/* What `hamon status` warns of. */
#ifndef HAMON_WARNINGS_H
#define HAMON_WARNINGS_H

#include <json-c/json.h>
#include <stddef.h>

#include "hamon/status.h"

/* Puts "warnings", an array of sentences, into the status. Returns how many of them are troubles, and no mere cautions. */
size_t warnings_put(struct json_object *status, const struct status_view *view);

#endif
