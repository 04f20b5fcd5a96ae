/* What `hamon status` says of the lease, beside what the kernel has. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/netns/ruleset.h"

enum { SAMPLES = 10 };

/* Long enough that the questions, a process each, take little of it. */
#define WITHIN (2 * NANOS_SEC)

static nanos span_of(struct scene *scene, struct json_object *object, const char *name) {
	struct json_object *value = json_object_object_get(object, name);
	scene_check(scene, value != NULL, "the status lacks %s", name);
	return (nanos)(json_object_get_double(value) * (double)NANOS_MS);
}

/* The lease's end by the status, in two bounds: the question was answered at some moment between. */
struct told {
	nanos length, lowest, earliest, latest, tolerance;
};

static struct told ask(struct scene *scene) {
	nanos asked = clock_now();
	struct json_object *status = pair_status(&scene->pair, NET_HA1);
	nanos answered = clock_now();
	scene_check(scene, status != NULL, "ha1 has no status");
	struct json_object *lease = json_object_object_get(status, "lease"),
			   *timers = json_object_object_get(status, "timers");
	scene_check(scene, json_object_get_boolean(json_object_object_get(lease, "armed")), "ha1's lease is not armed");
	nanos left = span_of(scene, lease, "left_ms"), length = span_of(scene, lease, "length_ms");
	nanos renewed = span_of(scene, lease, "renewed_age_ms"), lowest = span_of(scene, lease, "lowest_ms");
	nanos tick = span_of(scene, timers, "tick_ms");
	/* What is left is what the last renewal set, less a tick, less its age; printed to the microsecond. */
	nanos apart = length - tick - renewed - left;
	scene_check(scene, apart > -NANOS_MS && apart < NANOS_MS,
		    "renewed %.3f ms ago and %.3f ms left do not make %.3f ms", clock_ms(renewed), clock_ms(left),
		    clock_ms(length - tick));
	scene_check(scene, lowest > 0 && lowest < length, "the lowest headroom is %.3f ms", clock_ms(lowest));
	struct told told = {
		.length = length,
		.lowest = lowest,
		.earliest = asked + left,
		.latest = answered + left,
		/* The kernel counts whole ticks, and by jiffies that may lag; the daemon counts from before it decided. */
		.tolerance = tick + span_of(scene, timers, "jiffies_lag_ms"),
	};
	json_object_put(status);
	return told;
}

/* The lease's end only ever moves on. So what the kernel told before is no later than what the status tells, but for the
 * tolerance; and what the status tells is no later than what the kernel tells afterwards: the daemon never believes in
 * more. */
static struct told compare(struct scene *scene, nanos *least) {
	struct ruleset_element before = ruleset_element(scene, NET_HA1, "lease");
	struct told told = ask(scene);
	struct ruleset_element after = ruleset_element(scene, NET_HA1, "lease");
	nanos from = before.asked, to = after.answered;
	scene_bound(scene, before.there && after.there, from, to, "ha1's lease is not in its kernel");
	printf("status %.1f ms after the kernel's before, kernel's after %.1f ms after the status\n",
	       clock_ms(told.latest - before.asked - before.left), clock_ms(after.answered + after.left - told.earliest));
	scene_check(scene, told.length == before.length, "the status tells a length of %.3f ms, the kernel has %.3f ms",
		    clock_ms(told.length), clock_ms(before.length));
	scene_bound(scene, told.latest + told.tolerance >= before.asked + before.left, from, to,
		    "the status tells an end %.1f ms before the kernel's",
		    clock_ms(before.asked + before.left - told.latest));
	scene_bound(scene, told.earliest <= after.answered + after.left + NANOS_MS, from, to,
		    "the status tells an end %.1f ms after the kernel's",
		    clock_ms(told.earliest - after.answered - after.left));
	*least = before.left < *least ? before.left : *least;
	return told;
}

/* The element was seen with so little left, and was renewed since then: the lowest headroom told may not be more, but for
 * the tolerance. */
static void check_lowest(struct scene *scene, nanos least) {
	struct told told = ask(scene);
	scene_check(scene, told.lowest <= least + told.tolerance,
		    "the lowest headroom told is %.3f ms, and the kernel's was seen at %.3f ms", clock_ms(told.lowest),
		    clock_ms(least));
}

NETNS_TEST(lease_status,
	   "the lease in the status is the one in the kernel: armed, length, what is left; the backup has none") {
	char table[RULESET_TABLE];
	scene_open(scene, &(struct pair_conf){.within = scene->within > WITHIN ? scene->within : WITHIN});
	scene_start(scene, NET_HA1);
	struct told told = {0};
	nanos least = INT64_MAX;
	for (unsigned i = 0; i < SAMPLES; i++)
		told = compare(scene, &least);
	clock_sleep_until(told.latest); /* by then it was renewed, or it is gone */
	check_lowest(scene, least);
	scene_wait(scene, NET_HA2, "/lease/armed", "false");
	scene_check(scene, ruleset_table(scene, NET_HA2, table), "the backup has no table: nothing would silence it");
	scene_check(scene, !ruleset_element(scene, NET_HA2, "lease").there, "there is a lease in the backup's kernel");
	scene_check(scene, !ruleset_element(scene, NET_HA1, "permit").there, "the permit outlived the claim");
}
