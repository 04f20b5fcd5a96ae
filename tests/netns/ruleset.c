/* The kernel's lease as nft lists it: see ruleset.h. */
#include "tests/netns/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"

enum { LISTING = 64 << 10 };

/* What `nft WORDS` prints on the node; the caller frees it. */
static char *list(struct scene *scene, enum net_host host, const char *words) {
	char *output = malloc(LISTING);
	if (!output)
		shell_die("out of memory");
	struct shell_job job = {.ns = scene->net.ns[host], .output = output, .output_size = LISTING};
	shell_must(&job, "nft %s", words);
	return output;
}

bool ruleset_table(struct scene *scene, enum net_host host, char table[static RULESET_TABLE]) {
	char *tables = list(scene, host, "list tables netdev");
	table[0] = '\0';
	for (const char *at = tables; !*table && (at = strstr(at, " hamon_")) != NULL; at++) {
		size_t length = strcspn(at + 1, " \n");
		if (length == strlen("hamon_1a2b3c4d")) /* longer is the mark that a daemon lives */
			snprintf(table, RULESET_TABLE, "%.*s", (int)length, at + 1);
	}
	free(tables);
	return *table != '\0';
}

/* The units that nft writes; ms before m, which it begins with. */
static const struct unit {
	const char *name;
	nanos length;
} units[] = {
	{"ms", NANOS_MS}, {"s", NANOS_SEC}, {"m", 60 * NANOS_SEC}, {"h", 3600 * NANOS_SEC}, {"d", 86400 * NANOS_SEC},
};

static const struct unit *unit_at(const char *text) {
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	return NULL;
}

/* A span, such as 1m2s40ms; *end is where it ends. */
static nanos read_span(const char *text, const char **end) {
	nanos span = 0;
	for (*end = text;; text = *end) {
		char *after;
		long long number = strtoll(text, &after, 10);
		const struct unit *unit = after > text ? unit_at(after) : NULL;
		if (!unit)
			return span;
		span += number * unit->length;
		*end = after + strlen(unit->name);
	}
}

/* The span behind the word, in that part of the text; fails the test when there is none. */
static nanos span_of(struct scene *scene, const char *text, const char *word) {
	const char *at = strstr(text, word), *end = NULL;
	nanos span = at ? read_span(at + strlen(word), &end) : 0;
	scene_check(scene, at && end > at + strlen(word), "there is no span after \"%s\" in %s", word, text);
	return span;
}

struct ruleset_element ruleset_element(struct scene *scene, enum net_host host, const char *set) {
	char table[RULESET_TABLE], words[96];
	struct ruleset_element element = {0};
	if (!ruleset_table(scene, host, table))
		return element;
	shell_print(words, sizeof(words), "list set netdev %s %s", table, set);
	element.asked = clock_now();
	char *text = list(scene, host, words);
	element.answered = clock_now();
	static const char begin[] = "elements = { ";
	const char *elements = strstr(text, begin);
	if (elements) {
		const char *key = elements + strlen(begin);
		element.there = true;
		shell_print(element.key, sizeof(element.key), "%.*s", (int)strcspn(key, " "), key);
		element.length = span_of(scene, elements, "timeout ");
		element.left = span_of(scene, elements, "expires ");
	}
	free(text);
	return element;
}

void ruleset_nft(struct scene *scene, enum net_host host, const char *words) {
	fault_count();
	free(list(scene, host, words));
}
