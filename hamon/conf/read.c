/* Reads the configuration's text into a draft: one table of keys for each group. Every unknown key and every bad
 * value is complained about where it stands. Single values are value.c's, what they mean together check.c's. */
#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/conf/value.h"
#include "hamon/suggest.h"

struct group {
	const char *name; /* as people call it in an error */
	const struct key *keys;
	size_t keys_n;
};
#define GROUP(group_name, table)                                                                                           \
	{ .name = (group_name), .keys = (table), .keys_n = sizeof(table) / sizeof(table)[0] }

/* ---- groups and lists ---- */

static const struct key *find_key(const struct group *group, const char *name) {
	for (size_t i = 0; i < group->keys_n; i++)
		if (strcmp(group->keys[i].name, name) == 0)
			return &group->keys[i];
	return NULL;
}

static void complain_of_key(struct draft *d, const struct group *group, const config_setting_t *setting) {
	const char *name = config_setting_name(setting);
	struct suggest nearest;
	suggest_init(&nearest, name);
	for (size_t i = 0; i < group->keys_n; i++)
		suggest_offer(&nearest, group->keys[i].name);
	if (nearest.best) {
		draft_complain(d, draft_line(setting), "unknown key \"%.64s\" in %s; did you mean \"%s\"?", name,
			       group->name, nearest.best);
		return;
	}
	char known[192] = "";
	for (size_t i = 0, n = 0; i < group->keys_n && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", group->keys[i].name);
	draft_complain(d, draft_line(setting), "unknown key \"%.64s\" in %s, which knows %s", name, group->name, known);
}

/* Reads every setting of a group into `into`. Were there no errors? */
static bool read_group(struct draft *d, const struct group *group, const config_setting_t *setting, void *into) {
	unsigned before = d->errors->n + d->errors->more;
	if (config_setting_type(setting) != CONFIG_TYPE_GROUP) {
		draft_complain(d, draft_line(setting), "%s must be a group: { key = value, ... }", group->name);
		return false;
	}
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		const struct key *key = find_key(group, config_setting_name(member));
		if (key)
			key->read(d, key, member, (char *)into + key->offset);
		else
			complain_of_key(d, group, member);
	}
	for (size_t i = 0; i < group->keys_n; i++)
		if (group->keys[i].needed && !config_setting_get_member(setting, group->keys[i].name))
			draft_complain(d, draft_line(setting), "%s is missing in %s; write %s = %s", group->keys[i].name,
				       group->name, group->keys[i].name, group->keys[i].example);
	return d->errors->n + d->errors->more == before;
}

/* The length of a list, or -1: it is none, has none, or has more than `most`; then it was complained about. */
static int list_length(struct draft *d, const struct key *key, const config_setting_t *setting, int most) {
	int type = config_setting_type(setting), n = config_setting_length(setting);
	if (type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY)
		draft_complain(d, draft_line(setting), "%s must be a list, such as %s", key->name, key->example);
	else if (n == 0)
		draft_complain(d, draft_line(setting), "%s is empty; write %s", key->name, key->example);
	else if (n > most)
		draft_complain(d, draft_line(setting), "%s has %d entries; %d is the most", key->name, n, most);
	else
		return n;
	return -1;
}

/* ---- the grammar's groups ---- */

static void read_test_ips(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key entry_key = {.name = "a test IP", .example = "\"192.0.2.1\""};
	struct conf *conf = field;
	int n = list_length(d, key, setting, CORE_TESTS);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct ip_address address = {.family = AF_UNSPEC};
		value_address(d, &entry_key, entry, &address);
		if (address.family == AF_UNSPEC)
			continue;
		d->test_line[conf->tests_n] = draft_line(entry);
		conf->tests[conf->tests_n++] = address;
	}
}

static void read_renames(struct draft *d, const struct group *group, const struct key *key, const config_setting_t *setting,
			 struct draft_rename *renames, unsigned *renames_n, int most) {
	int n = list_length(d, key, setting, most);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct draft_rename rename = {.line = draft_line(entry)};
		if (read_group(d, group, entry, &rename))
			renames[(*renames_n)++] = rename;
	}
}

/* A link may be called like its interface; what only repeats its name says nothing. */
static void complete_node_link(struct draft *d, struct draft_rename *link) {
	if (!*link->interface && link->address.address.family == AF_UNSPEC)
		draft_complain(d, link->line,
			       "neither interface nor address is in links of a node; write interface = \"enp1s0\"");
	else if (!*link->interface && !*link->name)
		draft_complain(d, link->line, "name is missing in links of a node; write name = \"eth0\"");
	else if (!*link->name)
		draft_copy(link->name, sizeof link->name, link->interface);
}

static void read_node_links(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", value_interface, offsetof(struct draft_rename, name), false},
		{"interface", "\"enp1s0\"", value_interface, offsetof(struct draft_rename, interface), false},
		{"address", "\"198.51.100.1\"", value_own, offsetof(struct draft_rename, address), false},
	};
	static const struct group group = GROUP("links of a node", keys);
	struct draft_node *node = field;
	read_renames(d, &group, key, setting, node->links, &node->links_n, CORE_LINKS);
	for (unsigned i = 0; i < node->links_n; i++)
		complete_node_link(d, &node->links[i]);
}

static void read_node_interfaces(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", value_interface, offsetof(struct draft_rename, name), true},
		{"interface", "\"enp1s0\"", value_interface, offsetof(struct draft_rename, interface), true},
	};
	static const struct group group = GROUP("interfaces", keys);
	struct draft_node *node = field;
	read_renames(d, &group, key, setting, node->interfaces, &node->interfaces_n, DRAFT_RENAMES);
}

static void read_nodes(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"ha1\"", value_name, offsetof(struct draft_node, name), true},
		{"host", "\"192.0.2.11\"", value_own, offsetof(struct draft_node, host), false},
		{"preference", "10", value_weight, offsetof(struct draft_node, preference), false},
		{"links", "( { name = \"eth0\"  interface = \"enp1s0\" } )", read_node_links, 0, false},
		{"interfaces", "( { name = \"eth0\"  interface = \"enp1s0\" } )", read_node_interfaces, 0, false},
		{"backup-operations", "true", value_flag, offsetof(struct draft_node, backup_operations), false},
		{"automatic", "true", value_choice, offsetof(struct draft_node, automatic), false},
	};
	static const struct group group = GROUP("nodes", keys);
	(void)field;
	if (!value_is(d, key, setting, CONFIG_TYPE_LIST, "a list of groups"))
		return;
	int n = config_setting_length(setting);
	if (n != CONF_NODES) {
		draft_complain(d, draft_line(setting), "nodes must be %d, and here %s %d; such as %s", CONF_NODES,
			       n == 1 ? "is" : "are", n, key->example);
		return;
	}
	d->nodes_line = draft_line(setting);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct draft_node node = {.backup_operations = true, .automatic = -1, .line = draft_line(entry)};
		if (read_group(d, &group, entry, &node))
			d->nodes[d->nodes_n++] = node;
	}
}

static void read_shared_ips(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"address", "\"192.0.2.10/24\"", value_prefixed, 0, true},
		{"interface", "\"eth0\"", value_interface, offsetof(struct conf_ip, interface), true},
	};
	static const struct group group = GROUP("shared-ips", keys);
	struct conf *conf = field;
	int n = list_length(d, key, setting, CORE_IPS);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct conf_ip *ip = &conf->ips[conf->ips_n];
		memset(ip, 0, sizeof *ip);
		if (read_group(d, &group, entry, ip))
			d->ip_line[conf->ips_n++] = draft_line(entry);
	}
}

static void read_links(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", value_interface, offsetof(struct conf_link, name), true},
		{"transport", "\"ethernet\"", value_transport, offsetof(struct conf_link, transport), false},
		{"interface", "\"eth0\"", value_interface, offsetof(struct conf_link, interface), false},
	};
	static const struct group group = GROUP("links", keys);
	struct conf *conf = field;
	int n = list_length(d, key, setting, CORE_LINKS);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct conf_link *link = &conf->links[conf->links_n];
		memset(link, 0, sizeof *link);
		if (!read_group(d, &group, entry, link))
			continue;
		if (!*link->interface)
			draft_copy(link->interface, sizeof link->interface, link->name);
		d->link_line[conf->links_n++] = draft_line(entry);
	}
}

static void read_failover(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"within", "\"500ms\"", value_duration, offsetof(struct draft, conf.within), false},
		{"automatic", "true", value_flag, offsetof(struct draft, automatic), false},
		{"heartbeat-interval", "\"30ms\"", value_interval, offsetof(struct draft, conf.heartbeat), false},
		{"dead-interval", "\"450ms\"", value_duration, offsetof(struct draft, conf.dead), false},
		{"lease", "\"120ms\"", value_lease, offsetof(struct draft, conf), false},
		{"alone", "\"tested\"", value_alone, offsetof(struct draft, conf.alone), false},
		{"dedicated-cpus", "true", value_choice, offsetof(struct draft, conf.dedicated_cpus), false},
		{"countdown", "\"60s\"", value_wait, offsetof(struct draft, conf.countdown), false},
		{"failback", "\"after 10min\"", value_failback, offsetof(struct draft, conf.failback), false},
		{"cold-start", "\"alone\"", value_start, offsetof(struct draft, conf.wait_for_peer), false},
		{"hold-down", "\"1s\"", value_wait, offsetof(struct draft, conf.hold_down), false},
		{"hold-down-most", "\"1min\"", value_duration, offsetof(struct draft, conf.hold_down_most), false},
	};
	static const struct group group = GROUP("failover", keys);
	(void)key;
	d->errors->failover_line = draft_line(setting);
	read_group(d, &group, setting, field);
}

static void read_connectivity(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"ips", "[ \"192.0.2.1\" ]", read_test_ips, offsetof(struct draft, conf), false},
		{"policy", "\"majority\"", value_policy, offsetof(struct draft, conf.policy), false},
		{"reflect", "true", value_choice, offsetof(struct draft, reflect), false},
	};
	static const struct group group = GROUP("connectivity-test", keys);
	(void)key;
	d->connectivity_line = draft_line(setting);
	read_group(d, &group, setting, field);
}

#define COMMAND(run) offsetof(struct conf, command[run])

static void read_hooks(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"primary", "\"/etc/hamon/primary\"", value_command, COMMAND(RUN_PRIMARY), false},
		{"backup", "\"/etc/hamon/backup\"", value_command, COMMAND(RUN_BACKUP), false},
		{"fault", "\"/etc/hamon/fault\"", value_command, COMMAND(RUN_FAULT), false},
		{"quiesce", "\"/etc/hamon/quiesce\"", value_command, COMMAND(RUN_QUIESCE), false},
		{"unquiesce", "\"/etc/hamon/unquiesce\"", value_command, COMMAND(RUN_UNQUIESCE), false},
		{"before-primary", "\"/etc/hamon/may-serve\"", value_command, COMMAND(RUN_BEFORE_PRIMARY), false},
		{"timeout", "\"10s\"", value_deadline, offsetof(struct conf, hook_timeout), false},
	};
	static const struct group group = GROUP("hooks", keys);
	(void)key;
	read_group(d, &group, setting, field);
}

static void read_fence(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"command", "\"/etc/hamon/fence\"", value_command, COMMAND(RUN_FENCE), true},
		{"mode", "\"required\"", value_fence, offsetof(struct conf, fence), false},
		{"delay", "\"2s\"", value_wait, offsetof(struct conf, fence_delay), false},
		{"timeout", "\"20s\"", value_deadline, offsetof(struct conf, fence_timeout), false},
	};
	static const struct group group = GROUP("fence", keys);
	struct conf *conf = field;
	(void)key;
	conf->fence = FENCE_REQUIRED;
	read_group(d, &group, setting, field);
}

static void read_health(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"command", "\"/etc/hamon/healthy\"", value_command, COMMAND(RUN_HEALTH), true},
		{"interval", "\"2s\"", value_deadline, offsetof(struct conf, health_interval), false},
		{"fall", "3", value_count, offsetof(struct conf, health_fall), false},
		{"rise", "2", value_count, offsetof(struct conf, health_rise), false},
	};
	static const struct group group = GROUP("health", keys);
	(void)key;
	read_group(d, &group, setting, field);
}

static void read_file(struct draft *d, const config_setting_t *root) {
	static const struct key keys[] = {
		{"cluster", "\"edge\"", value_name, offsetof(struct draft, conf.cluster), true},
		{"psk-file", "\"/etc/hamon/psk\"", value_path, offsetof(struct draft, conf.psk_file), true},
		{"nodes", "( { name = \"ha1\" }, { name = \"ha2\" } )", read_nodes, 0, true},
		{"shared-ips", "( { address = \"192.0.2.10/24\"  interface = \"eth0\" } )", read_shared_ips,
		 offsetof(struct draft, conf), true},
		{"links", "( { name = \"eth0\" } )", read_links, offsetof(struct draft, conf), false},
		{"heartbeat-port", "4411", value_port, offsetof(struct draft, conf.port), false},
		{"failover", "{ within = \"500ms\" }", read_failover, 0, false},
		{"connectivity-test", "{ ips = [ \"192.0.2.1\" ] }", read_connectivity, 0, false},
		{"foreign-claim", "\"defend\"", value_claim, offsetof(struct draft, conf.stand_down), false},
		{"hooks", "{ primary = \"/etc/hamon/primary\" }", read_hooks, offsetof(struct draft, conf), false},
		{"fence", "{ command = \"/etc/hamon/fence\" }", read_fence, offsetof(struct draft, conf), false},
		{"health", "{ command = \"/etc/hamon/healthy\" }", read_health, offsetof(struct draft, conf), false},
		{"operators", "\"netadmin\"", value_name, offsetof(struct draft, conf.operators), false},
		{"observers", "\"adm\"", value_name, offsetof(struct draft, conf.observers), false},
	};
	static const struct group group = GROUP("the file", keys);
	read_group(d, &group, root, d);
}

/* ---- the whole ---- */

static void complain_of_syntax(const char *name, const config_t *config, struct conf_errors *errors) {
	static const struct {
		const char *libconfig, *ours;
	} sayings[] = {
		{"syntax error",
		 "syntax error here or just before; a setting is key = value, strings stand in quotes, a group "
		 "in { }, a list in ( ) with a comma between its entries"},
		{"duplicate setting name", "this key stands in the same group already"},
		{"cannot open include file", "@include is not possible: a configuration is one file"},
	};
	const char *what = config_error_text(config);
	for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++)
		if (strcmp(what, sayings[i].libconfig) == 0)
			what = sayings[i].ours;
	conf_complain(errors, name, (unsigned)config_error_line(config), "%s", what);
}

/* Defaults that depend on other settings are resolve.c's. */
static void set_defaults(struct draft *d) {
	struct conf *c = &d->conf;
	d->automatic = true;
	d->reflect = -1;
	c->within = 500 * MSEC;
	c->dedicated_cpus = -1;
	c->port = CONF_PORT;
	c->hold_down = SEC;
	c->hook_timeout = 10 * SEC;
	c->fence_timeout = 20 * SEC;
	c->health_interval = 2 * SEC;
	c->health_fall = 3;
	c->health_rise = 2;
}

int conf_read(const char *text, const char *name, const char *node, struct conf *conf, struct conf_errors *errors) {
	memset(errors, 0, sizeof *errors);
	config_t config;
	config_init(&config);
	/* A configuration is one sealed text. libconfig would look for an @include below this "folder", and never find
	 * it. */
	config_set_include_dir(&config, "/dev/null");
	if (!config_read_string(&config, text)) {
		complain_of_syntax(name, &config, errors);
		config_destroy(&config);
		return -EINVAL;
	}
	struct draft *d = calloc(1, sizeof *d);
	if (!d) {
		config_destroy(&config);
		return -ENOMEM;
	}
	d->file = name;
	d->errors = errors;
	set_defaults(d);
	read_file(d, config_root_setting(&config));
	int error = errors->n ? 0 : draft_digest(config_root_setting(&config), &d->conf.digest);
	config_destroy(&config);
	draft_check(d);
	draft_resolve(d, node);
	if (!error && errors->n)
		error = -EINVAL;
	if (!error)
		memcpy(conf, &d->conf, sizeof *conf); /* by bytes: equal configurations stay equal bytes */
	free(d);
	return error;
}
