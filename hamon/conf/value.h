/* The kinds of value that the configuration knows, each with a reader: it checks, and either fills the field or complains
 * where the value stands. Private to the reading of configurations; the tables of keys are read.c's. */
#ifndef HAMON_CONF_VALUE_H
#define HAMON_CONF_VALUE_H

#include "hamon/conf/draft.h"

struct key;
typedef void value_fn(struct draft *d, const struct key *key, const config_setting_t *setting, void *field);

struct key {
	const char *name;
	const char *example; /* how a right value looks in the file */
	value_fn *read;
	size_t offset; /* of the field in what the group is read into */
	bool needed;
};

static inline unsigned draft_line(const config_setting_t *setting) {
	return config_setting_source_line(setting);
}

/* Is the setting of this CONFIG_TYPE_? If not, it was complained about: it must be `what`. */
bool value_is(struct draft *d, const struct key *key, const config_setting_t *setting, int type, const char *what);

value_fn value_name;      /* char[CONF_NAME]: safe in names of files */
value_fn value_path;      /* char[CONF_PATH]: absolute */
value_fn value_interface; /* char[IF_NAMESIZE] */
value_fn value_flag;      /* bool */
value_fn value_choice;    /* int: 0 or 1, for flags that have a third value where they are not set */
value_fn value_duration;  /* span_t: 1 ms to an hour */
value_fn value_interval;  /* span_t: 1 ms to a second */
value_fn value_wait;      /* span_t: 0 to an hour */
value_fn value_deadline;  /* span_t: 100 ms to an hour */
value_fn value_failback;  /* span_t: "after" 1 s to 30 days; 0: "never" */
value_fn value_lease;     /* struct conf: 1 ms to an hour, or off */
value_fn value_policy;    /* enum policy */
value_fn value_alone;     /* enum alone */
value_fn value_transport; /* enum transport: one that a link can be told */
value_fn value_start;     /* bool: does a cold start wait for the peer? */
value_fn value_claim;     /* bool: does a foreign claim make this node stand down? */
value_fn value_fence;     /* enum fence_mode, but off */
value_fn value_command;   /* char[CONF_COMMAND]: for the shell */
value_fn value_weight;    /* int: 0 to 1000 */
value_fn value_count;     /* unsigned: 1 to 100 */
value_fn value_port;      /* uint16_t: 1 to 65535 */
value_fn value_prefixed;  /* struct conf_ip: address and prefix, as a host can have them */
value_fn value_address;   /* struct ip_address: one that means the same on any interface */
value_fn value_own;       /* struct draft_address: the same, of a node's own */

#endif
