/* The configuration as the supervisor holds it: read from its file, checked as a whole with this kernel's timers, and
 * sealed for the other processes. */
#ifndef HAMON_CONF_CONFIGURATION_H
#define HAMON_CONF_CONFIGURATION_H

#include <stdint.h>

#include "hamon/conf/conf.h"

struct configuration {
	struct conf conf;
	uint64_t generation; /* counts from 1 */
	int sealed;          /* memfd with the file's text */
};

/* What must be read, and what it must say. */
struct configuration_ask {
	const char *path;
	const char *node;    /* NULL: the host's name */
	const char *cluster; /* NULL: any */
};

/* Reads and checks the file. `before`: the one that runs, whose cluster and node cannot change; NULL at the start. 0, and
 * *next is the next generation; or -EINVAL, with every error in *errors and *next untouched. */
int configuration_read(const struct configuration_ask *ask, const struct configuration *before, struct configuration *next,
		       struct conf_errors *errors);

/* Frees what *running held, and moves *next into it. */
void configuration_adopt(struct configuration *running, const struct configuration *next);

#endif
