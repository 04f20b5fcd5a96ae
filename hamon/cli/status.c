/* hamon status: the pair at a glance, from the status object (hamon/status.c) that the daemon sends. One line a subject, a
 * bar between its parts; what is worse than it should be comes last, as sentences. */
#include <assert.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "hamon/cli/cli.h"

#define STATUS_PATIENCE (5 * SEC)

/* So many shared IPs are listed; of more, those that are not as the others. -v lists all. */
enum { IPS_LISTED = 8 };

enum colour { PLAIN, BOLD, GREEN, YELLOW, RED, COLOURS };
static const char *const colour_codes[] = {"", "\x1b[1m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[1;31m"};
static_assert(sizeof colour_codes / sizeof *colour_codes == COLOURS, "every colour has a code");

struct view {
	struct json_object *status;
	bool colour, verbose;
};

/* ---- reading the object ---- */

static struct json_object *member(struct json_object *object, const char *key) {
	return json_object_object_get(object, key);
}

static const char *text(struct json_object *object, const char *key) {
	const char *value = json_object_get_string(member(object, key));
	return value ? value : "?";
}

static bool flag(struct json_object *object, const char *key) {
	return json_object_get_boolean(member(object, key));
}

static double number(struct json_object *object, const char *key) {
	return json_object_get_double(member(object, key));
}

static bool known(struct json_object *object, const char *key) {
	return member(object, key) != NULL;
}

static size_t length(struct json_object *array) {
	return array ? json_object_array_length(array) : 0;
}

/* ---- printing its kinds ---- */

static void paint(const struct view *view, enum colour colour, const char *what) {
	if (view->colour && colour != PLAIN)
		printf("%s%s\x1b[0m", colour_codes[colour], what);
	else
		fputs(what, stdout);
}

static void print_upper(const struct view *view, enum colour colour, const char *word) {
	char upper[32];
	size_t i = 0;
	for (; i < sizeof upper - 1 && word[i]; i++)
		upper[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
	upper[i] = '\0';
	paint(view, colour, upper);
}

/* A length of time for people: "0.04 ms", "6 ms", "3.2 s", "7 min", "5 h", "3 days". */
static void print_span(double ms) {
	if (ms < 1)
		printf("%.2f ms", ms);
	else if (ms < 10)
		printf("%.1f ms", ms);
	else if (ms < 1000)
		printf("%.0f ms", ms);
	else if (ms < 120e3)
		printf("%.1f s", ms / 1e3);
	else if (ms < 7200e3)
		printf("%.0f min", ms / 60e3);
	else if (ms < 48 * 3600e3)
		printf("%.0f h", ms / 3600e3);
	else
		printf("%.0f days", ms / (24 * 3600e3));
}

/* "08-19 02:00:11", local, of an RFC 3339 time. */
static void print_time(const char *rfc3339) {
	struct tm tm = {0};
	char local[32] = "?";
	if (strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm)) {
		time_t seconds = timegm(&tm);
		if (localtime_r(&seconds, &tm))
			strftime(local, sizeof local, "%m-%d %H:%M:%S", &tm);
	}
	fputs(local, stdout);
}

static const char *part(size_t i) {
	return i ? " | " : "";
}

static void subject(const char *name) {
	printf("%-8s", name);
}

/* ---- the lines ---- */

static enum colour health_colour(const char *health) {
	if (strcmp(health, "healthy") == 0)
		return GREEN;
	return strcmp(health, "degraded") == 0 ? YELLOW : RED;
}

static void print_head(const struct view *view) {
	struct json_object *s = view->status;
	printf("%s ", text(s, "cluster"));
	print_upper(view, health_colour(text(s, "health")), text(s, "health"));
	printf("  %s = ", text(s, "node"));
	print_upper(view, BOLD, text(s, "state"));
	printf(" (this node) since ");
	print_time(text(s, "since"));
	printf(", epoch %.0f", number(s, "epoch"));
	if (flag(s, "alone"))
		paint(view, YELLOW, ", alone");
	if (flag(s, "conflict"))
		paint(view, RED, ", conflict");
	if (known(s, "takeover_in_ms") && number(s, "takeover_in_ms") > 0) {
		printf(", takeover in ");
		print_span(number(s, "takeover_in_ms"));
	}
	putchar('\n');
}

static void print_peer(const struct view *view) {
	struct json_object *peer = member(view->status, "peer");
	struct json_object *configuration = member(view->status, "configuration");
	subject("peer");
	printf("%s ", text(peer, "name"));
	paint(view, flag(peer, "heard") ? PLAIN : RED, text(peer, "state"));
	if (known(peer, "heard_age_ms")) {
		printf(", heard ");
		print_span(number(peer, "heard_age_ms"));
		printf(" ago, fitness %.0f", number(peer, "fitness"));
	}
	if (known(configuration, "compared")) {
		bool differs = strcmp(text(configuration, "compared"), "differs") == 0;
		printf(", configuration ");
		paint(view, differs ? RED : PLAIN, text(configuration, "compared"));
	}
	putchar('\n');
}

/* "ha1 5f0c…, loaded 08-19 02:00:11" */
static void print_told(struct json_object *configuration, const char *node, const char *digest, const char *loaded) {
	printf("%s %s", node, text(configuration, digest));
	if (known(configuration, loaded)) {
		printf(", loaded ");
		print_time(text(configuration, loaded));
	}
}

/* Who was told what, where that differs; -v: in any case. */
static void print_configuration(const struct view *view) {
	struct json_object *s = view->status, *configuration = member(s, "configuration");
	bool differs = strcmp(text(configuration, "compared"), "differs") == 0;
	if (!configuration || !(differs || view->verbose))
		return;
	subject("config");
	print_told(configuration, text(s, "node"), "digest", "loaded");
	fputs(part(1), stdout);
	print_told(configuration, text(member(s, "peer"), "name"), "peer_digest", "peer_loaded");
	putchar('\n');
}

/* "eth0 up", "eth1 udp up", "reflect up (slow rate)" */
static void print_link_state(const struct view *view, struct json_object *link) {
	const char *transport = text(link, "transport"), *rate = text(link, "rate");
	printf("%s ", text(link, "name"));
	if (strcmp(transport, "udp") == 0)
		printf("%s ", transport);
	if (strcmp(rate, "off") == 0)
		paint(view, YELLOW, "switched off");
	else
		paint(view, flag(link, "up") ? PLAIN : RED, flag(link, "up") ? "up" : "down");
	if (known(link, "rate") && strcmp(rate, "off") != 0)
		printf(" (%s rate)", rate);
}

static void print_figures(const struct view *view, struct json_object *link) {
	if (known(link, "rtt_ms")) {
		printf(", rtt ");
		print_span(number(link, "rtt_ms"));
	}
	if (view->verbose && known(link, "jitter_ms")) {
		printf(", jitter ");
		print_span(number(link, "jitter_ms"));
	}
	if (known(link, "loss_percent"))
		printf(", loss %.3g %%", number(link, "loss_percent"));
	printf(", longest gap ");
	print_span(number(link, "gap_max_ms"));
}

static void print_links(const struct view *view) {
	struct json_object *links = member(view->status, "links");
	subject("links");
	for (size_t i = 0; i < length(links); i++) {
		struct json_object *link = json_object_array_get_idx(links, i);
		fputs(part(i), stdout);
		print_link_state(view, link);
		if (known(link, "heard_age_ms")) {
			printf(", heard ");
			print_span(number(link, "heard_age_ms"));
			printf(" ago");
			print_figures(view, link);
		} else {
			printf(", never heard");
		}
	}
	putchar('\n');
}

static const char *ip_word(struct json_object *ip) {
	if (!flag(ip, "enabled"))
		return "off";
	if (flag(ip, "held"))
		return flag(ip, "wanted") ? "held" : "leftover";
	return flag(ip, "wanted") ? "missing" : "not here";
}

static bool ip_odd(struct json_object *ip) {
	return flag(ip, "held") != flag(ip, "wanted") || !flag(ip, "enabled");
}

static void print_ip(const struct view *view, struct json_object *ip, const char *before) {
	printf("%s%s %s ", before, text(ip, "address"), text(ip, "interface"));
	paint(view, flag(ip, "held") == flag(ip, "wanted") ? PLAIN : RED, ip_word(ip));
}

static void print_ips(const struct view *view) {
	struct json_object *ips = member(view->status, "ips");
	size_t n = length(ips), held = 0, shown = 0, odd = 0;
	subject("IPs");
	for (size_t i = 0; i < n; i++)
		held += flag(json_object_array_get_idx(ips, i), "held");
	if (n > IPS_LISTED)
		printf("%zu of %zu held", held, n);
	for (size_t i = 0; i < n; i++) {
		struct json_object *ip = json_object_array_get_idx(ips, i);
		odd += ip_odd(ip);
		if (view->verbose && n > IPS_LISTED)
			print_ip(view, ip, "\n        ");
		else if (n <= IPS_LISTED || (ip_odd(ip) && shown < IPS_LISTED))
			print_ip(view, ip, shown++ || n > IPS_LISTED ? " | " : "");
	}
	if (n > IPS_LISTED && odd > shown && !view->verbose)
		printf(" | and %zu more", odd - shown);
	putchar('\n');
}

static void print_lease(const struct view *view) {
	struct json_object *lease = member(view->status, "lease");
	bool off = !flag(lease, "in_kernel");
	subject("lease");
	if (off)
		paint(view, YELLOW, "off: ");
	if (flag(lease, "held")) {
		printf("%s, ", off ? "held by the daemon's own count" : "armed");
		print_span(number(lease, "length_ms"));
		if (known(lease, "renewed_age_ms")) {
			printf(", renewed ");
			print_span(number(lease, "renewed_age_ms"));
			printf(" ago");
		}
		printf(", lowest ");
		print_span(number(lease, "lowest_ms"));
		if (!flag(lease, "announced"))
			printf(", not announced yet");
	} else {
		printf("not held");
	}
	if (view->verbose && known(lease, "table"))
		printf(" | table %s", text(lease, "table"));
	putchar('\n');
}

/* "0.31 ms", and of one that loses answers how many */
static void print_test(const struct view *view, struct json_object *test) {
	printf("%s%s ", text(test, "address"), flag(test, "gateway") ? " (gateway)" : "");
	if (flag(test, "own"))
		paint(view, RED, "this node's own");
	else if (flag(test, "too_slow"))
		paint(view, RED, "too slow, ");
	else if (!flag(test, "ok"))
		paint(view, RED, "no answer");
	if (flag(test, "ok") && !known(test, "rtt_ms"))
		printf("answers");
	if (known(test, "rtt_ms") && (flag(test, "ok") || flag(test, "too_slow")))
		print_span(number(test, "rtt_ms"));
	if (view->verbose && known(test, "rtt_average_ms")) {
		printf(", average ");
		print_span(number(test, "rtt_average_ms"));
		printf(", longest ");
		print_span(number(test, "rtt_max_ms"));
	}
	if (number(test, "loss_percent") > 0 || (view->verbose && known(test, "loss_percent")))
		printf(", loss %.3g %%", number(test, "loss_percent"));
}

static void print_tests(const struct view *view) {
	struct json_object *tests = member(view->status, "tests");
	size_t ok = 0;
	subject("tests");
	for (size_t i = 0; i < length(tests); i++)
		ok += flag(json_object_array_get_idx(tests, i), "ok");
	printf("%zu of %zu, policy %s", ok, length(tests), text(view->status, "policy"));
	for (size_t i = 0; i < length(tests); i++) {
		fputs(part(1), stdout);
		print_test(view, json_object_array_get_idx(tests, i));
	}
	putchar('\n');
}

/* What stands in the way of a takeover by itself, beside what operators switched off. */
static void print_waiting(const struct view *view) {
	struct json_object *s = view->status, *hold_down = member(s, "hold_down");
	if (number(s, "countdown_ms") > 0) {
		printf(" | countdown ");
		print_span(number(s, "countdown_ms"));
		if (known(s, "takeover_in_ms"))
			printf(" runs, `hamon abort` stops it");
	}
	if (flag(s, "aborted"))
		paint(view, YELLOW, " | aborted by an operator");
	if (number(hold_down, "delay_ms") > 0) {
		printf(" | hold-down ");
		print_span(number(hold_down, "delay_ms"));
		printf(" after %.0f failovers", number(hold_down, "failovers"));
	}
	if (known(s, "failback_in_ms")) {
		printf(" | failback in ");
		print_span(number(s, "failback_in_ms"));
	}
}

/* The commands that may be asked: fence, before-primary, health; nothing where there is none. */
static void print_commands(const struct view *view) {
	struct json_object *s = view->status, *fence = member(s, "fence");
	bool fenced = known(fence, "mode") && strcmp(text(fence, "mode"), "off") != 0;
	size_t shown = 0;
	if (!fenced && !known(s, "service") && !flag(s, "vetoed"))
		return;
	subject("checks");
	if (known(s, "service")) {
		printf("%sservice ", part(shown++));
		paint(view, strcmp(text(s, "service"), "ill") == 0 ? RED : PLAIN, text(s, "service"));
	}
	if (fenced) {
		printf("%sfence %s, ", part(shown++), text(fence, "mode"));
		paint(view, strcmp(text(fence, "state"), "failed") == 0 ? RED : PLAIN, text(fence, "state"));
	}
	if (flag(s, "vetoed")) {
		fputs(part(shown), stdout);
		paint(view, RED, "before-primary said no");
	}
	putchar('\n');
}

static void print_automatic(const struct view *view) {
	struct json_object *s = view->status, *timers = member(s, "timers"), *faults = member(s, "faults");
	subject("auto");
	paint(view, flag(s, "automatic") ? PLAIN : YELLOW, flag(s, "automatic") ? "on" : "off");
	printf(", failover within %.0f ms", number(timers, "within_ms"));
	if (!flag(s, "backup_operations"))
		paint(view, YELLOW, " | backup operations off");
	if (flag(s, "paused")) {
		paint(view, YELLOW, " | paused ");
		if (known(s, "paused_until")) {
			printf("until ");
			print_time(text(s, "paused_until"));
		} else {
			printf("until resume");
		}
	}
	print_waiting(view);
	for (size_t i = 0; i < length(faults); i++) {
		paint(view, RED, i ? ", " : " | fault: ");
		paint(view, RED, json_object_get_string(json_object_array_get_idx(faults, i)));
	}
	putchar('\n');
}

/* A member's name as words: "test_fresh_ms" → "test fresh". */
static void print_key(const char *key) {
	size_t shown = strlen(key);
	if (shown > 3 && strcmp(key + shown - 3, "_ms") == 0)
		shown -= 3;
	for (size_t i = 0; i < shown; i++)
		putchar(key[i] == '_' ? ' ' : key[i]);
	putchar(' ');
}

/* Every plain member of an object; its fractions are all ms. */
static void print_members(const char *name, struct json_object *object) {
	size_t i = 0;
	if (!object)
		return;
	subject(name);
	json_object_object_foreach(object, key, value) {
		if (json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array))
			continue;
		fputs(part(i++), stdout);
		print_key(key);
		if (json_object_is_type(value, json_type_double))
			printf("%.1f ms", json_object_get_double(value));
		else if (json_object_is_type(value, json_type_string))
			print_time(json_object_get_string(value));
		else
			fputs(value ? json_object_get_string(value) : "-", stdout);
	}
	putchar('\n');
}

static void print_details(const struct view *view) {
	struct json_object *s = view->status;
	print_members("timers", member(s, "timers"));
	print_members("counted", member(s, "counters"));
	print_members("refused", member(member(s, "counters"), "rejected"));
	print_members("loop", member(s, "loop"));
	subject("daemon");
	printf("hamon %s, process %.0f, up ", text(s, "version"), number(s, "pid"));
	print_span(number(s, "uptime_ms"));
	printf(", configuration %.0f, boot number %.0f, real time %s, memory %s\n", number(s, "generation"),
	       number(s, "boot"), flag(s, "realtime") ? "granted" : "refused", flag(s, "locked") ? "locked" : "not locked");
}

static void print_status(const struct cli *cli, struct json_object *status) {
	struct view view = {.status = status, .colour = cli_color(cli), .verbose = cli->verbose};
	struct json_object *warnings = member(status, "warnings");
	print_head(&view);
	if (cli->quiet)
		return;
	print_peer(&view);
	print_configuration(&view);
	print_links(&view);
	print_ips(&view);
	print_lease(&view);
	print_tests(&view);
	print_automatic(&view);
	print_commands(&view);
	if (cli->verbose)
		print_details(&view);
	for (size_t i = 0; i < length(warnings); i++) {
		paint(&view, YELLOW, "warning ");
		puts(json_object_get_string(json_object_array_get_idx(warnings, i)));
	}
}

int cli_status(const struct cli *cli) {
	struct json_object *reply = NULL;
	int code = cli_ask(cli, cli_request(REQUEST_STATUS), STATUS_PATIENCE, &reply);
	if (code != EXIT_OK)
		return code;
	if (!known(reply, "schema"))
		code = cli_show(cli, reply);
	else if (cli->json)
		puts(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_status(cli, reply);
	json_object_put(reply);
	return code;
}
