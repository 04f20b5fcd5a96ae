/* A test's scene: see scene.h. */
#include "tests/netns/scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"

void scene_open(struct scene *scene, const struct pair_conf *conf) {
	struct pair_conf own = conf ? *conf : (struct pair_conf){0};
	if (own.within == 0)
		own.within = scene->within;
	scene->within = own.within;
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	janitor_start(NULL);
	net_build(&scene->net, true);
	pair_init(&scene->pair, &scene->net, scene->hamon, scene->dir, &own);
	scene->sniff = sniff_start(&scene->net);
	scene->begin = clock_now();
	scene->probe = probe_start(&scene->net, PAIR_SHARED, probe_interval(own.within));
}

void scene_start(struct scene *scene, enum net_host primary) {
	pair_start(&scene->pair, primary);
	scene_wait(scene, primary, "/state", "primary");
	pair_start(&scene->pair, pair_other(primary));
	nanos since = clock_now();
	scene_check(scene, scene_settle(scene) == primary, "%s gave the role away to a node that just started",
		    net_host_name(primary));
	scene_check(scene, probe_wait_owner(scene->probe, primary, since, scene_patience(scene)),
		    "%s is primary, and does not serve the client", net_host_name(primary));
}

nanos scene_patience(const struct scene *scene) {
	return clock_now() + 20 * scene->within + 15 * NANOS_SEC;
}

/* ---- verdicts ---- */

static void check_owners(struct scene *scene) {
	if (scene->expects_overlap)
		return;
	unsigned owners = scene->expects_stranger ? probe_nodes_max(scene->probe, scene->sniff, scene->begin, clock_now())
						  : probe_owners_max(scene->probe, scene->sniff, scene->begin, clock_now());
	if (owners > 1) {
		printf("two owners: %u MACs answered one probe\n", owners);
		exit(SCENE_FAILED);
	}
}

static void judge(struct scene *scene, bool excused, const char *format, va_list args) {
	vprintf(format, args);
	putchar('\n');
	if (excused) {
		/* A freeze never excuses two owners or a dead daemon. */
		check_owners(scene);
		pair_expect_alive(&scene->pair);
		puts("the machine stood still meanwhile: to be run again");
	}
	exit(excused ? SCENE_RERUN : SCENE_FAILED);
}

void scene_safe(struct scene *scene, bool holds, const char *format, ...) {
	if (holds)
		return;
	va_list args;
	va_start(args, format);
	judge(scene, false, format, args);
	va_end(args);
}

void scene_check(struct scene *scene, bool holds, const char *format, ...) {
	if (holds)
		return;
	va_list args;
	va_start(args, format);
	judge(scene, scene->probe && freeze_may_lapse(scene->freeze, scene->within, scene->begin, clock_now()), format,
	      args);
	va_end(args);
}

void scene_bound(struct scene *scene, bool holds, nanos fault, nanos recovery, const char *format, ...) {
	if (holds)
		return;
	va_list args;
	va_start(args, format);
	judge(scene, freeze_excuses(scene->freeze, scene->within, fault, recovery), format, args);
	va_end(args);
}

/* What a daemon writes when it goes wrong for good: sanitizers, assert(), the stack protector. */
static const char *const last_words[] = {"AddressSanitizer", "runtime error:", "LeakSanitizer", "Assertion",
					 "stack smashing"};

static void check_logs(struct scene *scene, enum net_host host) {
	for (size_t i = 0; i < sizeof(last_words) / sizeof(*last_words); i++)
		scene_safe(scene, !pair_logged(&scene->pair, host, last_words[i]), "%s's log says \"%s\"",
			   net_host_name(host), last_words[i]);
}

void scene_close(struct scene *scene) {
	if (!scene->probe)
		return;
	/* A witness that died saw nothing, and nothing wrong. */
	probe_settle(scene->probe);
	sniff_settle(scene->sniff);
	check_owners(scene);
	pair_expect_alive(&scene->pair);
	check_logs(scene, NET_HA1);
	check_logs(scene, NET_HA2);
	printf("the prober missed %llu of its probes\n",
	       (unsigned long long)probe_missed(scene->probe, scene->begin, clock_now()));
	printf("faults %u\n", fault_counted());
}

/* ---- common ground ---- */

enum net_host scene_settle(struct scene *scene) {
	int primary = pair_wait_settled(&scene->pair, scene_patience(scene));
	scene_check(scene, primary >= 0, "the pair does not come to rest as one primary and one backup");
	return (enum net_host)primary;
}

void scene_wait(struct scene *scene, enum net_host host, const char *pointer, const char *value) {
	bool came = pair_wait(&scene->pair, host, pointer, value, scene_patience(scene));
	char now[256] = "not to be had";
	if (!came)
		pair_get(&scene->pair, host, pointer, now, sizeof(now));
	scene_check(scene, came, "%s: %s of the status should become %s, and is %s", net_host_name(host), pointer, value,
		    now);
}

/* When the host served the client again. */
static nanos await(struct scene *scene, enum net_host host, nanos fault) {
	scene_check(scene, probe_wait_owner(scene->probe, host, fault, scene_patience(scene)), "%s never served the client",
		    net_host_name(host));
	nanos recovery = clock_now();
	probe_settle(scene->probe);
	return recovery;
}

static nanos judge_outage(struct scene *scene, nanos fault, nanos recovery, nanos bound, bool less_frozen) {
	struct probe_gap gap = probe_outage(scene->probe, fault, recovery);
	nanos frozen = freeze_overlap(scene->freeze, gap.from, gap.to);
	printf("outage %.1f ms, at most %.1f ms are allowed; the machine stood still for %.1f ms of it\n",
	       clock_ms(gap.to - gap.from), clock_ms(bound), clock_ms(frozen));
	scene_bound(scene, gap.to - gap.from <= bound + (less_frozen ? frozen : 0), fault, recovery,
		    "the client was not served for %.1f ms: longer than %.1f ms", clock_ms(gap.to - gap.from),
		    clock_ms(bound));
	return gap.to - gap.from;
}

nanos scene_served(struct scene *scene, enum net_host host, nanos fault, nanos bound, bool less_frozen) {
	return judge_outage(scene, fault, await(scene, host, fault), bound, less_frozen);
}

nanos scene_moved(struct scene *scene, enum net_host from, enum net_host to, nanos fault, nanos bound) {
	const struct frame_ip shared = frame_ip(PAIR_SHARED);
	nanos recovery = await(scene, to, fault);
	nanos overlap = sniff_overlap(scene->sniff, &shared, from, to, fault, clock_now());
	printf("overlap %.3f ms\n", clock_ms(overlap));
	/* First, because no freeze excuses it. */
	scene_safe(scene, overlap == 0 || scene->expects_overlap, "%s was heard %.3f ms after %s began to serve",
		   net_host_name(from), clock_ms(overlap), net_host_name(to));
	return judge_outage(scene, fault, recovery, bound, false);
}

void scene_watch(struct scene *scene, int host, nanos since, nanos length) {
	clock_sleep_until(clock_now() + length);
	probe_settle(scene->probe);
	nanos now = clock_now();
	for (unsigned other = 0; other < NET_NODES; other++)
		scene_bound(scene, (int)other == host || probe_served(scene->probe, other, since, now) == 0, since, now,
			    "%s served the client, and should not have", net_host_name(other));
	scene_bound(scene, host < 0 || probe_owner(scene->probe, now - length / 2) == host, since, now,
		    "%s does not serve the client any more", host < 0 ? "nobody" : net_host_name((enum net_host)host));
}

void scene_verb(struct scene *scene, enum net_host host, const char *words) {
	struct pair_result result = pair_verb(&scene->pair, host, words);
	scene_check(scene, result.status == 0, "`hamon %s` on %s ended with %d: %s", words, net_host_name(host),
		    result.status, result.output);
	free(result.output);
}

void scene_verb_says(struct scene *scene, enum net_host host, const char *words, int status, const char *text) {
	struct pair_result result = pair_verb(&scene->pair, host, words);
	scene_check(scene, result.status == status, "`hamon %s` on %s ended with %d, not %d: %s", words,
		    net_host_name(host), result.status, status, result.output);
	scene_check(scene, strstr(result.output, text), "`hamon %s` on %s does not say \"%s\": %s", words,
		    net_host_name(host), text, result.output);
	free(result.output);
}

bool scene_sanitized(const struct scene *scene) {
	static const char symbol[] = "__asan_init";
	char *bytes = NULL;
	size_t size = 0;
	bool found = false;
	FILE *file = fopen(scene->hamon, "re");
	/* Pieces that end in NUL, as the tables of symbols have them. */
	while (file && !found && getdelim(&bytes, &size, '\0', file) > 0)
		found = strcmp(bytes, symbol) == 0;
	free(bytes);
	if (file)
		fclose(file);
	return found;
}
