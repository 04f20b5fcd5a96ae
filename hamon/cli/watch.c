/* hamon watch: what the pair does, as it does it: a line for each change; with --frames one for each heartbeat, and each
 * claim of a shared IP, with its verdict. */
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "hamon/cli/cli.h"

#define WATCH_PATIENCE (5 * SEC)

static const char *text(struct json_object *object, const char *key) {
	const char *value = json_object_get_string(json_object_object_get(object, key));
	return value ? value : "?";
}

static bool flag(struct json_object *object, const char *key) {
	return json_object_get_boolean(json_object_object_get(object, key));
}

static unsigned long long count(struct json_object *object, const char *key) {
	return json_object_get_uint64(json_object_object_get(object, key));
}

/* "02:00:11.204", local, of an RFC 3339 time; as it is, when it is none. */
static void print_time(const char *rfc3339) {
	struct tm tm = {0};
	char local[16] = "";
	const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds = timegm(&tm);
	if (rest && localtime_r(&seconds, &tm))
		strftime(local, sizeof local, "%H:%M:%S", &tm);
	if (*local)
		printf("%s%.4s ", local, rest);
	else
		printf("%s ", rfc3339);
}

static void print_names(struct json_object *names) {
	for (size_t i = 0; names && i < json_object_array_length(names); i++)
		printf(", %s", json_object_get_string(json_object_array_get_idx(names, i)));
}

/* ---- the pair ---- */

static void print_link(struct json_object *link) {
	const char *word = flag(link, "heard") ? "up" : "silent";
	printf(" | %s %s", text(link, "name"), flag(link, "up") ? word : "down");
}

static void print_pair(struct json_object *line) {
	static const char *const conditions[] = {"alone", "conflict", "paused"};
	struct json_object *links = json_object_object_get(line, "links");
	printf("%s = %s (%s), epoch %llu, %s", text(line, "node"), text(line, "state"), text(line, "cause"),
	       count(line, "epoch"), flag(line, "lease") ? "lease held" : "no lease");
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (flag(line, conditions[i]))
			printf(", %s", conditions[i]);
	print_names(json_object_object_get(line, "faults"));
	printf(" | %s %s", text(line, "peer"), text(line, "peer_state"));
	for (size_t i = 0; links && i < json_object_array_length(links); i++)
		print_link(json_object_array_get_idx(links, i));
	putchar('\n');
}

/* ---- frames ---- */

static void print_heartbeat(struct json_object *line) {
	const char *mark = text(line, "mark");
	printf("%-3s %s ", text(line, "direction"), text(line, "link"));
	if (!json_object_object_get(line, "from")) {
		printf("heartbeat of nobody who is known: %s\n", text(line, "verdict"));
		return;
	}
	printf("heartbeat %llu of %s, epoch %llu", count(line, "seq"), text(line, "from"), count(line, "seen"));
	if (flag(line, "lease"))
		printf(", lease");
	if (flag(line, "deaf"))
		printf(", deaf");
	if (strcmp(mark, "plain") != 0)
		printf(", %s", mark);
	printf(", echo %llu, fitness %llu", count(line, "echo_seq"), count(line, "fitness"));
	print_names(json_object_object_get(line, "flags"));
	printf(": %s\n", text(line, "verdict"));
}

static void print_claim(struct json_object *line) {
	printf("%-3s %s %s %s is at %s%s: %s\n", text(line, "direction"), text(line, "interface"), text(line, "kind"),
	       text(line, "address"), text(line, "mac"), flag(line, "gratuitous") ? ", gratuitous" : "",
	       text(line, "verdict"));
}

static void print_line(struct json_object *line) {
	const char *kind = text(line, "kind");
	print_time(text(line, "at"));
	if (strcmp(kind, "pair") == 0)
		print_pair(line);
	else if (strcmp(kind, "heartbeat") == 0)
		print_heartbeat(line);
	else
		print_claim(line);
}

/* The greeting has a sentence and no kind; what has neither is a refusal. */
static bool follow(const struct cli *cli, struct json_object *line) {
	bool greeting = flag(line, "ok");
	if (!greeting && !json_object_object_get(line, "kind"))
		return false;
	if (cli->json) {
		puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		return true;
	}
	if (json_object_object_get(line, "dropped"))
		printf("… and %llu more before this one, for which the reader was too slow\n", count(line, "dropped"));
	if (!greeting)
		print_line(line);
	else if (!cli->quiet)
		puts(text(line, "text"));
	return true;
}

int cli_watch(const struct cli *cli) {
	struct json_object *request = cli_request(REQUEST_WATCH);
	json_object_object_add(request, "frames", json_object_new_boolean(cli->frames));
	return cli_follow(cli, request, WATCH_PATIENCE, follow);
}
