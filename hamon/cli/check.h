/* What the files of `hamon check-config` tell one another: check_config.c examines the file and reports on its timers,
 * check_policy.c says in words what else it asks for, check_host.c whether this host has it. */
#ifndef HAMON_CLI_CHECK_H
#define HAMON_CLI_CHECK_H

#include <stdint.h>

#include "hamon/conf/conf.h"

struct json_object;

/* Links, connectivity test, takeover, commands and digest: for people, on stdout. */
void check_policy_print(const struct conf *conf, const struct timers *timers);

/* The same for machines, as members of root. */
void check_policy_json(const struct conf *conf, const struct timers *timers, struct json_object *root);

/* How much silence of the peer an automatic takeover follows. */
struct check_silence {
	span_t fastest; /* every command ends at once, and no hold-down runs */
	span_t latest;  /* the longest hold-down, and every command ends at its deadline */
};
struct check_silence check_silence(const struct conf *conf, const struct timers *timers);

/* Looks at what the node's own part names: its key, and where this host is that node (by its name) interfaces, addresses and
 * commands. Appends warnings; 0, or -EINVAL with an error: a daemon would not start here. */
int check_host(const struct conf *conf, struct conf_errors *errors);

/* Adds a member, whose value it takes; without memory the process ends. */
void check_put(struct json_object *object, const char *key, struct json_object *value);

#endif
