/* Reads single values of the configuration: each reader checks one kind, complains, or fills its field. */
#include "hamon/conf/value.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FAILBACK_LEAST SEC
#define FAILBACK_MOST  (30 * (86400 * SEC))

void draft_copy(char *field, size_t size, const char *text) {
	size_t length = strlen(text);
	assert(length < size);
	memset(field, 0, size);
	memcpy(field, text, length + 1);
}

bool value_is(struct draft *d, const struct key *key, const config_setting_t *setting, int type, const char *what) {
	if (config_setting_type(setting) == type)
		return true;
	draft_complain(d, draft_line(setting), "%s must be %s, such as %s", key->name, what, key->example);
	return false;
}

/* The setting's string, as long as the parsed file lives. NULL: it is none, and it was complained about. */
static const char *text_of(struct draft *d, const struct key *key, const config_setting_t *setting) {
	return value_is(d, key, setting, CONFIG_TYPE_STRING, "a string") ? config_setting_get_string(setting) : NULL;
}

/* Names of clusters and nodes become names of files and folders; groups obey the same rule. */
void value_name(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (!isalnum((unsigned char)*text) || text[strspn(text, allowed)])
		draft_complain(d, draft_line(setting),
			       "%s \"%.64s\": a name is letters, digits, \".\", \"-\" and \"_\", a letter or digit first",
			       key->name, text);
	else if (strlen(text) >= CONF_NAME)
		draft_complain(d, draft_line(setting), "%s \"%.64s...\" is too long: %d characters are the most", key->name,
			       text, CONF_NAME - 1);
	else
		draft_copy(field, CONF_NAME, text);
}

static bool has_control(const char *text) {
	while (*text && !iscntrl((unsigned char)*text))
		text++;
	return *text;
}

void value_path(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (*text != '/' || has_control(text))
		draft_complain(d, draft_line(setting), "%s \"%.64s\" must begin with \"/\" and be printable, such as %s",
			       key->name, text, key->example);
	else if (strlen(text) >= CONF_PATH)
		draft_complain(d, draft_line(setting), "%s is too long: %d characters are the most", key->name,
			       CONF_PATH - 1);
	else
		draft_copy(field, CONF_PATH, text);
}

/* What the kernel takes as an interface's name (dev_valid_name(), net/core/dev.c), less what no terminal should print. */
void value_interface(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (strlen(text) >= IF_NAMESIZE)
		draft_complain(d, draft_line(setting), "%s \"%.64s\" is too long: %d characters are the most", key->name,
			       text, IF_NAMESIZE - 1);
	else if (!*text || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 || text[strcspn(text, "/: ")] ||
		 has_control(text))
		draft_complain(d, draft_line(setting), "%s \"%s\" cannot be an interface's name", key->name, text);
	else
		draft_copy(field, IF_NAMESIZE, text);
}

void value_flag(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	if (value_is(d, key, setting, CONFIG_TYPE_BOOL, "true or false"))
		*(bool *)field = config_setting_get_bool(setting);
}

/* A flag that may be left to what is found out, or said elsewhere. */
void value_choice(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	if (value_is(d, key, setting, CONFIG_TYPE_BOOL, "true or false"))
		*(int *)field = config_setting_get_bool(setting);
}

/* What a duration may be. */
struct range {
	span_t least, most;
	const char *besides; /* how the errors name what else the setting may say */
};

static void read_span(struct draft *d, const struct key *key, const config_setting_t *setting, const struct range *range,
		      span_t *field) {
	const char *text = config_setting_get_string(setting), *besides = range->besides ? range->besides : "";
	span_t span = 0;
	char least[CONF_DURATION], most[CONF_DURATION];
	if (!text) {
		draft_complain(d, draft_line(setting), "%s must be a duration with its unit, such as %s%s", key->name,
			       key->example, besides);
		return;
	}
	int error = conf_duration(text, &span);
	if (error == -EINVAL)
		draft_complain(d, draft_line(setting),
			       "%s \"%.32s\": a duration is a number and its unit (us, ms, s, min, h, d), such as %s%s",
			       key->name, text, key->example, besides);
	else if (error || span < range->least || span > range->most)
		draft_complain(d, draft_line(setting), "%s \"%.32s\" is out of range: from %s to %s%s", key->name, text,
			       conf_duration_text(range->least, least), conf_duration_text(range->most, most), besides);
	else
		*field = span;
}

void value_duration(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, &(struct range){.least = MSEC, .most = TIMERS_LONGEST}, field);
}

void value_interval(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, &(struct range){.least = MSEC, .most = TIMERS_HEARTBEAT_MOST}, field);
}

void value_wait(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, &(struct range){.least = 0, .most = TIMERS_LONGEST}, field);
}

void value_deadline(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	read_span(d, key, setting, &(struct range){.least = 100 * MSEC, .most = TIMERS_LONGEST}, field);
}

void value_failback(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	static const char after[] = "after ";
	const char *text = config_setting_get_string(setting);
	char least[CONF_DURATION], most[CONF_DURATION];
	span_t span;
	if (text && strcmp(text, "never") == 0)
		*(span_t *)field = 0;
	else if (!text || strncmp(text, after, strlen(after)) != 0 || conf_duration(text + strlen(after), &span))
		draft_complain(d, draft_line(setting), "%s must be \"never\", or a duration behind the word \"after\": %s",
			       key->name, key->example);
	else if (span < FAILBACK_LEAST || span > FAILBACK_MOST)
		draft_complain(d, draft_line(setting), "%s \"%.32s\" is out of range: from %s to %s", key->name, text,
			       conf_duration_text(FAILBACK_LEAST, least), conf_duration_text(FAILBACK_MOST, most));
	else
		*(span_t *)field = span;
}

void value_lease(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	struct conf *conf = field;
	const char *text = config_setting_get_string(setting);
	if (text && strcmp(text, "off") == 0)
		conf->lease_off = true;
	else
		read_span(d, key, setting,
			  &(struct range){.least = MSEC, .most = TIMERS_LONGEST, .besides = ", or \"off\""}, &conf->lease);
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
	draft_complain(d, draft_line(setting), "%s \"%.32s\" is unknown; it is %s", key->name, text, known);
	return -1;
}

static const char *policy_word(int i) {
	return policy_name((enum policy)i);
}

void value_policy(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int policy = read_word(d, key, setting, policy_word, POLICY__COUNT);
	if (policy >= 0)
		*(enum policy *)field = (enum policy)policy;
}

static const char *alone_word(int i) {
	return alone_name((enum alone)i);
}

void value_alone(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int alone = read_word(d, key, setting, alone_word, ALONE__COUNT);
	if (alone >= 0)
		*(enum alone *)field = (enum alone)alone;
}

static const char *transport_word(int i) {
	return transport_name((enum transport)i);
}

/* Reflected heartbeats are no link of their own to be told: connectivity-test has a flag for them. */
void value_transport(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int transport = read_word(d, key, setting, transport_word, TRANSPORT_REFLECT);
	if (transport >= 0)
		*(enum transport *)field = (enum transport)transport;
}

static const char *start_word(int i) {
	return i ? "wait-for-peer" : "alone";
}

void value_start(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int wait = read_word(d, key, setting, start_word, 2);
	if (wait >= 0)
		*(bool *)field = wait;
}

static const char *claim_word(int i) {
	return i ? "stand-down" : "defend";
}

void value_claim(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int stand_down = read_word(d, key, setting, claim_word, 2);
	if (stand_down >= 0)
		*(bool *)field = stand_down;
}

static const char *fence_word(int i) {
	return fence_mode_name((enum fence_mode)(FENCE_OFF + 1 + i));
}

void value_fence(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int mode = read_word(d, key, setting, fence_word, FENCE__COUNT - 1);
	if (mode >= 0)
		*(enum fence_mode *)field = (enum fence_mode)(FENCE_OFF + 1 + mode);
}

/* ---- commands and numbers ---- */

/* Whether it can be run is seen when it is. */
void value_command(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (!text[strspn(text, " ")])
		draft_complain(d, draft_line(setting), "%s is empty: it is a command, such as %s; leave it out for none",
			       key->name, key->example);
	else if (has_control(text))
		draft_complain(d, draft_line(setting), "%s \"%.64s\" must be printable, and one line", key->name, text);
	else if (strlen(text) >= CONF_COMMAND)
		draft_complain(d, draft_line(setting), "%s is too long: %d characters are the most", key->name,
			       CONF_COMMAND - 1);
	else
		draft_copy(field, CONF_COMMAND, text);
}

/* A whole number, or -1: it is none from `least` to `most`, and it was complained about. */
static int read_number(struct draft *d, const struct key *key, const config_setting_t *setting, int least, int most) {
	int type = config_setting_type(setting);
	bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
	long long number = whole ? config_setting_get_int64(setting) : -1;
	if (number >= least && number <= most)
		return (int)number;
	draft_complain(d, draft_line(setting), "%s must be a number from %d to %d, such as %s", key->name, least, most,
		       key->example);
	return -1;
}

void value_weight(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int number = read_number(d, key, setting, 0, 1000);
	if (number >= 0)
		*(int *)field = number;
}

void value_count(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int number = read_number(d, key, setting, 1, 100);
	if (number >= 0)
		*(unsigned *)field = (unsigned)number;
}

void value_port(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	int number = read_number(d, key, setting, 1, UINT16_MAX);
	if (number >= 0)
		*(uint16_t *)field = (uint16_t)number;
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

/* "192.0.2.10/24" → the address, and the number behind the slash: 0 where there is none, or none of up to three digits. */
static int split_prefix(const char *text, struct ip_address *address, int *prefix) {
	char host[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");
	if (length >= sizeof host)
		return -EINVAL;
	snprintf(host, sizeof host, "%.*s", (int)length, text);
	const char *digits = text[length] ? text + length + 1 : "";
	size_t digits_n = strspn(digits, "0123456789");
	*prefix = 0;
	for (size_t i = 0; i < digits_n && digits_n < 4 && !digits[digits_n]; i++)
		*prefix = 10 * *prefix + digits[i] - '0';
	return conf_address(host, address);
}

void value_prefixed(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	struct conf_ip *ip = field;
	struct ip_address address;
	int prefix;
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	if (split_prefix(text, &address, &prefix)) {
		draft_complain(d, draft_line(setting), "%s \"%.64s\" is no IP address with its prefix, such as %s",
			       key->name, text, key->example);
		return;
	}
	int most = address.family == AF_INET ? 32 : 128;
	const char *why = unusable(&address);
	if (!why && prefix >= 1 && prefix <= most)
		why = unusable_in_network(&address, prefix);
	if (why) {
		draft_complain(d, draft_line(setting), "%s \"%.64s\" %s", key->name, text, why);
		return;
	}
	if (prefix < 1 || prefix > most) {
		draft_complain(d, draft_line(setting), "%s \"%.64s\" needs a prefix from /1 to /%d, such as %s", key->name,
			       text, most, key->example);
		return;
	}
	ip->address = address;
	ip->prefix = (uint8_t)prefix;
}

/* A test IP, and what a node calls its own, must mean the same on every interface. */
static const char *unusable_anywhere(const struct ip_address *a) {
	bool link_local = a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
	return link_local ? "is link-local, which means nothing without an interface" : unusable(a);
}

void value_address(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	struct ip_address address;
	const char *text = text_of(d, key, setting);
	if (!text)
		return;
	const char *why = conf_address(text, &address) ? "is no IP address" : unusable_anywhere(&address);
	if (why)
		draft_complain(d, draft_line(setting), "%s \"%.64s\" %s", key->name, text, why);
	else
		*(struct ip_address *)field = address;
}

void value_own(struct draft *d, const struct key *key, const config_setting_t *setting, void *field) {
	struct draft_address *own = field;
	own->line = draft_line(setting);
	value_address(d, key, setting, &own->address);
}
