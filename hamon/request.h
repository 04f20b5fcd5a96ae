/* The requests of the control socket: one JSON object a line. This module owns their names and shapes, and believes nothing
 * that it has not checked; pure, but for json-c's memory. */
#ifndef HAMON_REQUEST_H
#define HAMON_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "hamon/conf/conf.h"
#include "hamon/mono.h"

enum { REQUEST_MAX = 4096, REQUEST_REASON = 120 };

enum request_type {
	REQUEST_STATUS,
	REQUEST_TAKEOVER,
	REQUEST_STANDDOWN,
	REQUEST_PAUSE,
	REQUEST_RESUME,
	REQUEST_IP,
	REQUEST_RELOAD,
	REQUEST_TEST_IPS,
	REQUEST_RESOLVE,
	REQUEST_ABORT,
	REQUEST_CLEAR,
	REQUEST_EXPLAIN, /* now */
	REQUEST_WATCH,   /* answered again and again, until the client goes */
	REQUEST__COUNT,
};

/* Its verb on the socket, such as "test-ips". */
const char *request_name(enum request_type type);

/* Does it change or send anything? Then it needs root or the operators' group. */
bool request_operates(enum request_type type);

struct control_request {
	enum request_type type;
	bool force, dry_run;             /* takeover, standdown */
	char reason[REQUEST_REASON + 1]; /* the same: printable text for the log, or empty */
	span_t pause;                    /* pause: for so long; 0: until resume */
	struct ip_address address;       /* ip */
	bool enable;                     /* ip */
	char keep[CONF_NAME];            /* resolve: a node's name, or empty */
	bool frames;                     /* watch: heartbeats and claims of addresses, not the status */
};

struct json_object;

/* Reads one line of at most REQUEST_MAX bytes (without its \n). 0; or -EINVAL, and *error is the answer that says why,
 * which the caller puts (unchanged when memory ran out: set it to NULL before). *request is untouched then. */
int request_parse(const char *line, size_t length, struct control_request *request, struct json_object **error);

#endif
