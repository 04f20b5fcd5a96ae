/* The digest of a configuration: the nodes tell it each other, and so see whether both were told the same.
 *
 * It is the beginning of the SHA-256 of a canonical text of what the file sets for both nodes:
 *   group    {key=value;...}; one that sets nothing is left out, and so are defaults that are not written
 *   list     [value;...]
 *   string   in double quotes, with a backslash before these and before backslashes; a duration in ns (behind "after "
 *            too), an address as inet_ntop() writes it, its prefix in decimal
 *   flag     true or false; a number in decimal
 * What is in a group or a list is sorted by its bytes: the order of shared IPs or links means nothing to the other node. Of
 * an even number of test IPs the first stays first, however, for it has the casting vote. Of the nodes the names alone are
 * in it, as what else stands in a node's block is that node's own; psk-file is not, for the key's place may differ.
 *
 * A string is taken for a duration or an address by what it looks like, whatever its key: a new key needs nothing here. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/conf/draft.h"

/* ---- single values ---- */

/* 500ms → 500000000, 2001:DB8:0::1/064 → 2001:db8::1/64. False, and nothing is written: it looks like neither. */
static bool write_spelt(const char *text, FILE *out) {
	char host[INET6_ADDRSTRLEN];
	struct ip_address address;
	span_t span;
	if (conf_duration(text, &span) == 0) {
		fprintf(out, "%lld", (long long)span);
		return true;
	}
	size_t length = strcspn(text, "/");
	const char *prefix = text[length] ? text + length + 1 : NULL;
	if (length >= sizeof host || (prefix && (!*prefix || prefix[strspn(prefix, "0123456789")])))
		return false;
	snprintf(host, sizeof host, "%.*s", (int)length, text);
	if (conf_address(host, &address))
		return false;
	fputs(conf_address_text(&address, host), out);
	if (prefix)
		fprintf(out, "/%lu", strtoul(prefix, NULL, 10));
	return true;
}

static void write_string(const char *text, FILE *out) {
	static const char after[] = "after ";
	fputc('"', out);
	if (strncmp(text, after, strlen(after)) == 0) {
		fputs(after, out);
		text += strlen(after);
	}
	if (!write_spelt(text, out))
		for (; *text; text++)
			fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	fputc('"', out);
}

static void write_scalar(const config_setting_t *setting, FILE *out) {
	if (config_setting_type(setting) == CONFIG_TYPE_STRING)
		write_string(config_setting_get_string(setting), out);
	else if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		fputs(config_setting_get_bool(setting) ? "true" : "false", out);
	else
		fprintf(out, "%lld", config_setting_get_int64(setting));
}

/* ---- groups and lists ---- */

static bool is_called(const config_setting_t *setting, const char *key) {
	return config_setting_name(setting) && strcmp(config_setting_name(setting), key) == 0;
}

/* Is it no setting of both nodes? The file itself has no group around it. */
static bool is_left_out(const config_setting_t *setting) {
	const config_setting_t *group = config_setting_parent(setting);
	const config_setting_t *list = group ? config_setting_parent(group) : NULL;
	return is_called(setting, "psk-file") || (list && is_called(list, "nodes") && !is_called(setting, "name"));
}

/* How many at the beginning of a list keep their places. */
static int pinned(const config_setting_t *list) {
	return is_called(list, "ips") && config_setting_length(list) % 2 == 0;
}

static int by_bytes(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int canonical(const config_setting_t *setting, char **text);

static int write_members(const config_setting_t *setting, int n, char **members, FILE *out) {
	for (int i = 0; i < n; i++) {
		int error = canonical(config_setting_get_elem(setting, (unsigned)i), &members[i]);
		if (error)
			return error;
	}
	qsort(members + pinned(setting), (size_t)(n - pinned(setting)), sizeof *members, by_bytes);
	for (int i = 0; i < n; i++)
		fprintf(out, "%s", members[i]);
	return 0;
}

/* The group or the list between its brackets; nothing, where nothing is in it. 0 or -ENOMEM. */
static int write_sorted(const config_setting_t *setting, FILE *out) {
	bool group = config_setting_is_group(setting);
	int n = config_setting_length(setting);
	char **members = calloc((size_t)n + 1, sizeof *members);
	if (!members)
		return -ENOMEM;
	fputc(group ? '{' : '[', out);
	int error = write_members(setting, n, members, out);
	fputc(group ? '}' : ']', out);
	for (int i = 0; i < n; i++)
		free(members[i]);
	free(members);
	return error;
}

/* "key=value;", "value;" in a list. Empty where it sets nothing for both nodes. The caller frees it. 0 or -ENOMEM. */
static int canonical(const config_setting_t *setting, char **text) {
	char *canon = NULL;
	size_t size;
	FILE *out = open_memstream(&canon, &size);
	if (!out)
		return -ENOMEM;
	int error = 0;
	bool empty = config_setting_is_group(setting) && config_setting_length(setting) == 0;
	if (!empty && !is_left_out(setting)) {
		if (config_setting_name(setting))
			fprintf(out, "%s=", config_setting_name(setting));
		if (config_setting_is_aggregate(setting))
			error = write_sorted(setting, out);
		else
			write_scalar(setting, out);
		fputc(';', out);
	}
	if (fclose(out) && !error)
		error = -ENOMEM;
	if (error)
		free(canon);
	else
		*text = canon;
	return error;
}

int draft_digest(const config_setting_t *root, uint64_t *digest) {
	uint8_t hash[SHA256_DIGEST_LENGTH];
	uint64_t first = 0;
	char *text;
	int error = canonical(root, &text);
	if (error)
		return error;
	SHA256((const uint8_t *)text, strlen(text), hash);
	free(text);
	for (size_t i = 0; i < sizeof first; i++)
		first = first << 8 | hash[i];
	*digest = first ? first : 1; /* 0 says on the wire that there is none */
	return 0;
}
