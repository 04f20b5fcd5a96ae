/* Reads the configuration's text into a draft: one table of keys for each group, one reader for each kind of value. Every
 * unknown key and every bad value is complained about where it stands; what settings mean together is conf_check.c's. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/conf_draft.h"
#include "hamon/suggest.h"

struct key {
	const char *name;
	const char *example; /* how a right value looks in the file */
	void (*read)(struct draft *d, const struct key *key, const config_setting_t *setting, void *field);
	size_t offset; /* of the field in what the group is read into */
	bool needed;
};

struct group {
	const char *name; /* as people call it in an error */
	const struct key *keys;
	size_t keys_n;
};
#define GROUP(group_name, table)                                                                                           \
	{ .name = (group_name), .keys = (table), .keys_n = sizeof(table) / sizeof(table)[0] }

static unsigned line_of(const config_setting_t *setting) {
	return config_setting_source_line(setting);
}

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
		draft_complain(d, line_of(setting), "unknown key \"%.64s\" in %s; did you mean \"%s\"?", name, group->name,
			       nearest.best);
		return;
	}
	char known[160] = "";
	for (size_t i = 0, n = 0; i < group->keys_n && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", group->keys[i].name);
	draft_complain(d, line_of(setting), "unknown key \"%.64s\" in %s, which knows %s", name, group->name, known);
}

static bool is_type(struct draft *d, const struct key *key, const config_setting_t *setting, int type, const char *what) {
	if (config_setting_type(setting) == type)
		return true;
	draft_complain(d, line_of(setting), "%s must be %s, such as %s", key->name, what, key->example);
	return false;
}

/* Reads every setting of a group into `into`. Were there no errors? */
static bool read_group(struct draft *d, const struct group *group, const config_setting_t *setting, void *into) {
	unsigned before = d->errors->n + d->errors->more;
	if (config_setting_type(setting) != CONFIG_TYPE_GROUP) {
		draft_complain(d, line_of(setting), "%s must be a group: { key = value, ... }", group->name);
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
			draft_complain(d, line_of(setting), "%s is missing in %s; write %s = %s", group->keys[i].name,
				       group->name, group->keys[i].name, group->keys[i].example);
	return d->errors->n + d->errors->more == before;
}

/* The length of a list, or -1: it is none, has none, or has more than `most`; then it was complained about. */
static int list_length(struct draft *d, const struct key *key, const config_setting_t *setting, int most) {
	int type = config_setting_type(setting), n = config_setting_length(setting);
	if (type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY)
		draft_complain(d, line_of(setting), "%s must be a list, such as %s", key->name, key->example);
	else if (n == 0)
		draft_complain(d, line_of(setting), "%s is empty; write %s", key->name, key->example);
	else if (n > most)
		draft_complain(d, line_of(setting), "%s has %d entries; %d is the most", key->name, n, most);
	else
		return n;
	return -1;
}

/* ---- values ---- */

void draft_copy(char *field, size_t size, const char *text) {
	size_t length = strnlen(text, size);
	memset(field, 0, size);
	memcpy(field, text, length < size ? length : size - 1);
}

/* The string, or NULL: it is none, and it was complained about. */
static const char *text_of(struct draft *d, const struct key *key, const config_setting_t *setting) {
	return is_type(d, key, setting, CONFIG_TYPE_STRING, "a string") ? config_setting_get_string(setting) : NULL;
}

/* Names of clusters and nodes become names of files and folders; groups obey the same rule. */
static void read_name(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (!isalnum((unsigned char)*text) || text[strspn(text, allowed)])
		draft_complain(d, line_of(setting),
			       "%s \"%.64s\": a name is letters, digits, \".\", \"-\" and \"_\", a letter or digit first",
			       key->name, text);
	else if (strlen(text) >= CONF_NAME)
		draft_complain(d, line_of(setting), "%s \"%.64s...\" is too long: %d characters are the most", key->name,
			       text, CONF_NAME - 1);
	else
		draft_copy(field, CONF_NAME, text);
}

static bool has_control(const char *text) {
	while (*text && !iscntrl((unsigned char)*text))
		text++;
	return *text;
}

static void read_path(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (*text != '/' || has_control(text))
		draft_complain(d, line_of(setting), "%s \"%.64s\" must begin with \"/\" and be printable, such as %s",
			       key->name, text, key->example);
	else if (strlen(text) >= CONF_PATH)
		draft_complain(d, line_of(setting), "%s is too long: %d characters are the most", key->name, CONF_PATH - 1);
	else
		draft_copy(field, CONF_PATH, text);
}

/* What the kernel takes as an interface's name (dev_valid_name(), net/core/dev.c), less what no terminal should print. */
static void read_interface(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (strlen(text) >= IF_NAMESIZE)
		draft_complain(d, line_of(setting), "%s \"%.64s\" is too long: %d characters are the most", key->name, text,
			       IF_NAMESIZE - 1);
	else if (!*text || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || text[strcspn(text, "/: ")] ||
		 has_control(text))
		draft_complain(d, line_of(setting), "%s \"%s\" cannot be an interface's name", key->name, text);
	else
		draft_copy(field, IF_NAMESIZE, text);
}

static void read_flag(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	if (is_type(d, key, setting, CONFIG_TYPE_BOOL, "true or false"))
		*(bool *)field = config_setting_get_bool(setting);
}

/* A flag that may be left to what is found out, or said elsewhere. */
static void read_choice(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	if (is_type(d, key, setting, CONFIG_TYPE_BOOL, "true or false"))
		*(int *)field = config_setting_get_bool(setting);
}

static void read_span(struct draft *d, const struct key *key, const config_setting_t *setting, span_t most, span_t *field) {
	if (!is_type(d, key, setting, CONFIG_TYPE_STRING, "a duration with its unit"))
		return;
	const char *text = config_setting_get_string(setting);
	span_t span = 0;
	char most_text[CONF_DURATION];
	int error = conf_duration(text, &span);
	if (error == -EINVAL)
		draft_complain(d, line_of(setting),
			       "%s \"%.32s\": a duration is a number and its unit (us, ms, s, min, h, d), such as %s",
			       key->name, text, key->example);
	else if (error || span < MSEC || span > most)
		draft_complain(d, line_of(setting), "%s \"%.32s\" is out of range: from 1ms to %s", key->name, text,
			       conf_duration_text(most, most_text));
	else
		*field = span;
}

static void read_duration(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, TIMERS_LONGEST, field);
}

static void read_interval(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, TIMERS_HEARTBEAT_MOST, field);
}

/* One word of a closed set: its index, or -1, and it was complained about. */
static int read_word(struct draft *d, const struct key *key, const config_setting_t *setting, const char *(*name)(int),
		     int count) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return -1;
	char known[96] = "";
	for (int i = 0, n = 0; i < count && n < (int)sizeof known; i++) {
		if (strcmp(text, name(i)) == 0)
			return i;
		n += snprintf(known + n, sizeof known - (size_t)n, "%s\"%s\"", i ? " or " : "", name(i));
	}
	draft_complain(d, line_of(setting), "%s \"%.32s\" is unknown; it is %s", key->name, text, known);
	return -1;
}

static const char *policy_word(int i) {
	return policy_name((enum policy)i);
}

static void read_policy(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int policy = read_word(d, key, setting, policy_word, POLICY__COUNT);
	if (policy >= 0)
		*(enum policy *)field = (enum policy)policy;
}

static const char *alone_word(int i) {
	return alone_name((enum alone)i);
}

static void read_alone(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int alone = read_word(d, key, setting, alone_word, ALONE__COUNT);
	if (alone >= 0)
		*(enum alone *)field = (enum alone)alone;
}

static const char *transport_word(int i) {
	static const char *const names[] = {"ethernet"};
	return names[i];
}

static void read_transport(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	(void)field; /* with one transport there is nothing to remember */
	read_word(d, key, setting, transport_word, 1);
}

/* ---- addresses ---- */

/* Why no host can have this address; NULL: one can. */
static const char *unusable(const struct ip_address *a) {
	struct in6_addr v6;
	if (a->family == AF_INET) {
		bool everyone = a->bytes[0] == 255 && a->bytes[1] == 255 && a->bytes[2] == 255 && a->bytes[3] == 255;
		return a->bytes[0] == 0            ? "is unspecified"
		       : a->bytes[0] == 127        ? "is a loopback address"
		       : (a->bytes[0] >> 4) == 0xe ? "is a multicast address"
		       : everyone                  ? "is the broadcast address"
						   : NULL;
	}
	memcpy(&v6, a->bytes, sizeof v6);
	return IN6_IS_ADDR_UNSPECIFIED(&v6) ? "is unspecified"
	       : IN6_IS_ADDR_LOOPBACK(&v6)  ? "is a loopback address"
	       : IN6_IS_ADDR_MULTICAST(&v6) ? "is a multicast address"
	       : IN6_IS_ADDR_V4MAPPED(&v6)  ? "is an IPv4 address in IPv6's dress; write it as IPv4"
					    : NULL;
}

/* The bits behind the prefix: all zero is the network itself (RFC 4291, 2.6.1: its routers), all one an IPv4 network's
 * broadcast address. Where a network has room for two hosts or one, both are hosts (RFC 3021, RFC 6164). */
static const char *unusable_in_network(const struct ip_address *a, int prefix) {
	int bits = a->family == AF_INET ? 32 : 128;
	bool zeros = true, ones = true;
	for (int i = prefix; i < bits; i++) {
		bool bit = (a->bytes[i / 8] >> (7 - i % 8)) & 1;
		zeros &= !bit;
		ones &= bit;
	}
	if (bits - prefix < 2)
		return NULL;
	return zeros ? "is its network's own address" : ones && bits == 32 ? "is its network's broadcast address" : NULL;
}

static void read_prefixed(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	char host[INET6_ADDRSTRLEN] = "";
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	if (length < sizeof host)
		memcpy(host, text, length);
	struct conf_ip ip = {0};
	if (conf_address(host, &ip.address)) {
		draft_complain(d, line_of(setting), "%s \"%.64s\" is no IP address with its prefix, such as %s", key->name,
			       text, key->example);
		return;
	}
	int most = ip.address.family == AF_INET ? 32 : 128;
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
	int prefix = digits && digits < 4 && !slash[1 + digits] ? atoi(slash + 1) : 0;
	const char *why = unusable(&ip.address);
	if (!why && (prefix < 1 || prefix > most)) {
		draft_complain(d, line_of(setting), "%s \"%.64s\" needs a prefix from /1 to /%d, such as %s", key->name,
			       text, most, key->example);
		return;
	}
	if (!why)
		why = unusable_in_network(&ip.address, prefix);
	if (why) {
		draft_complain(d, line_of(setting), "%s \"%.64s\" %s", key->name, text, why);
		return;
	}
	((struct conf_ip *)field)->address = ip.address;
	((struct conf_ip *)field)->prefix = (uint8_t)prefix;
}

static void read_test_ips(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	struct conf *conf = field;
	int n = list_length(d, key, setting, CORE_TESTS);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		const char *text = text_of(d, key, entry);
		struct ip_address address;
		if (!text)
			continue;
		bool read = conf_address(text, &address) == 0;
		const char *why = !read ? "is no IP address" : unusable(&address);
		if (!why && address.family == AF_INET6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80)
			why = "is link-local, which means nothing without an interface";
		if (why) {
			draft_complain(d, line_of(entry), "%s: \"%.64s\" %s", key->name, text, why);
			continue;
		}
		d->test_line[conf->tests_n] = line_of(entry);
		conf->tests[conf->tests_n++] = address;
	}
}

/* ---- the grammar's groups ---- */

static void read_renames(struct draft *d, const struct group *group, const struct key *key, const config_setting_t *setting,
			 struct draft_rename *renames, unsigned *renames_n, int most) {
	int n = list_length(d, key, setting, most);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct draft_rename rename = {.line = line_of(entry)};
		if (!read_group(d, group, entry, &rename))
			continue;
		if (!*rename.name)
			draft_copy(rename.name, sizeof rename.name, rename.interface);
		renames[(*renames_n)++] = rename;
	}
}

static void read_node_links(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", read_interface, offsetof(struct draft_rename, name), false},
		{"interface", "\"enp1s0\"", read_interface, offsetof(struct draft_rename, interface), true},
	};
	static const struct group group = GROUP("links of a node", keys);
	struct draft_node *node = field;
	read_renames(d, &group, key, setting, node->links, &node->links_n, CORE_LINKS);
}

static void read_node_interfaces(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", read_interface, offsetof(struct draft_rename, name), true},
		{"interface", "\"enp1s0\"", read_interface, offsetof(struct draft_rename, interface), true},
	};
	static const struct group group = GROUP("interfaces", keys);
	struct draft_node *node = field;
	read_renames(d, &group, key, setting, node->interfaces, &node->interfaces_n, DRAFT_RENAMES);
}

static void read_nodes(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"ha1\"", read_name, offsetof(struct draft_node, name), true},
		{"links", "( { name = \"eth0\"  interface = \"enp1s0\" } )", read_node_links, 0, false},
		{"interfaces", "( { name = \"eth0\"  interface = \"enp1s0\" } )", read_node_interfaces, 0, false},
		{"backup-operations", "true", read_flag, offsetof(struct draft_node, backup_operations), false},
		{"automatic", "true", read_choice, offsetof(struct draft_node, automatic), false},
	};
	static const struct group group = GROUP("nodes", keys);
	(void)field;
	if (!is_type(d, key, setting, CONFIG_TYPE_LIST, "a list of groups"))
		return;
	int n = config_setting_length(setting);
	if (n != CONF_NODES) {
		draft_complain(d, line_of(setting), "nodes must be %d, and here %s %d; such as %s", CONF_NODES,
			       n == 1 ? "is" : "are", n, key->example);
		return;
	}
	d->nodes_line = line_of(setting);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct draft_node node = {.backup_operations = true, .automatic = -1, .line = line_of(entry)};
		if (read_group(d, &group, entry, &node))
			d->nodes[d->nodes_n++] = node;
	}
}

static void read_shared_ips(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"address", "\"192.0.2.10/24\"", read_prefixed, 0, true},
		{"interface", "\"eth0\"", read_interface, offsetof(struct conf_ip, interface), true},
	};
	static const struct group group = GROUP("shared-ips", keys);
	struct conf *conf = field;
	int n = list_length(d, key, setting, CORE_IPS);
	for (int i = 0; i < n; i++) {
		const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
		struct conf_ip *ip = &conf->ips[conf->ips_n];
		memset(ip, 0, sizeof *ip);
		if (read_group(d, &group, entry, ip))
			d->ip_line[conf->ips_n++] = line_of(entry);
	}
}

static void read_links(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"name", "\"eth0\"", read_interface, offsetof(struct conf_link, name), true},
		{"transport", "\"ethernet\"", read_transport, 0, false},
		{"interface", "\"eth0\"", read_interface, offsetof(struct conf_link, interface), false},
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
		d->link_line[conf->links_n++] = line_of(entry);
	}
}

static void read_failover(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"within", "\"500ms\"", read_duration, offsetof(struct draft, conf.within), false},
		{"automatic", "true", read_flag, offsetof(struct draft, automatic), false},
		{"heartbeat-interval", "\"30ms\"", read_interval, offsetof(struct draft, conf.heartbeat), false},
		{"dead-interval", "\"450ms\"", read_duration, offsetof(struct draft, conf.dead), false},
		{"lease", "\"120ms\"", read_duration, offsetof(struct draft, conf.lease), false},
		{"alone", "\"tested\"", read_alone, offsetof(struct draft, conf.alone), false},
		{"dedicated-cpus", "true", read_choice, offsetof(struct draft, conf.dedicated_cpus), false},
	};
	static const struct group group = GROUP("failover", keys);
	(void)key;
	d->errors->failover_line = line_of(setting);
	read_group(d, &group, setting, field);
}

static void read_connectivity(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const struct key keys[] = {
		{"ips", "[ \"192.0.2.1\" ]", read_test_ips, 0, false},
		{"policy", "\"majority\"", read_policy, offsetof(struct conf, policy), false},
	};
	static const struct group group = GROUP("connectivity-test", keys);
	(void)key;
	read_group(d, &group, setting, field);
}

static void read_file(struct draft *d, const config_setting_t *root) {
	static const struct key keys[] = {
		{"cluster", "\"edge\"", read_name, offsetof(struct draft, conf.cluster), true},
		{"psk-file", "\"/etc/hamon/psk\"", read_path, offsetof(struct draft, conf.psk_file), true},
		{"nodes", "( { name = \"ha1\" }, { name = \"ha2\" } )", read_nodes, 0, true},
		{"shared-ips", "( { address = \"192.0.2.10/24\"  interface = \"eth0\" } )", read_shared_ips,
		 offsetof(struct draft, conf), true},
		{"links", "( { name = \"eth0\" } )", read_links, offsetof(struct draft, conf), false},
		{"failover", "{ within = \"500ms\" }", read_failover, 0, false},
		{"connectivity-test", "{ ips = [ \"192.0.2.1\" ] }", read_connectivity, offsetof(struct draft, conf),
		 false},
		{"operators", "\"netadmin\"", read_name, offsetof(struct draft, conf.operators), false},
		{"observers", "\"adm\"", read_name, offsetof(struct draft, conf.observers), false},
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

int conf_read(const char *text, const char *name, const char *node, struct conf *conf, struct conf_errors *errors) {
	memset(errors, 0, sizeof *errors);
	config_t config;
	config_init(&config);
	/* A configuration is one sealed text. libconfig would look for an @include below this "folder", and never find it. */
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
	d->automatic = true;
	d->conf.within = 500 * MSEC;
	d->conf.dedicated_cpus = -1;
	read_file(d, config_root_setting(&config));
	config_destroy(&config);
	draft_check(d);
	draft_resolve(d, node);
	if (!errors->n)
		memcpy(conf, &d->conf, sizeof *conf); /* by bytes: equal configurations stay equal bytes */
	free(d);
	return errors->n ? -EINVAL : 0;
}
