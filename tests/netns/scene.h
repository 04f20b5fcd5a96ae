/* One test's scene: the net, a pair of daemons, the client, the sniffer, the freeze meter; and the verdicts. Every scene
 * ends with the questions that no test may forget: one owner at a time, no daemon that died, no sanitizer's complaint. */
#ifndef NETNS_SCENE_H
#define NETNS_SCENE_H

#include <stdbool.h>

#include "tests/lab/fault.h"
#include "tests/lab/freeze.h"
#include "tests/lab/net.h"
#include "tests/lab/pair.h"
#include "tests/lab/pair_faults.h"
#include "tests/lab/probe.h"
#include "tests/lab/sniff.h"

/* A planned hand-over may cost this much, and what the machine stood still meanwhile. */
#define SCENE_PLANNED (20 * NANOS_MS)

struct scene {
	/* from the runner */
	const char *hamon;
	const char *dir; /* for everything that is written */
	struct freeze *freeze;
	nanos within; /* the time scale that this machine bears */
	/* from the test */
	bool expects_overlap;  /* without the kernel's lease: two owners are no failure here */
	bool expects_stranger; /* nor is a third host that answers for the shared IP; two nodes are */
	/* from scene_open() */
	nanos begin;
	struct net net;
	struct pair pair;
	struct probe *probe;
	struct sniff *sniff;
};

/* Exit statuses of a test's process. */
enum scene_verdict {
	SCENE_PASSED = 0,
	SCENE_FAILED = 1,
	SCENE_RERUN = 75, /* a bound on time failed, and a freeze of the machine excuses it */
};

/* Builds the net (with the second cable between the nodes), writes the configuration (NULL: the short one), starts the
 * client and the sniffer. No daemon runs yet. conf->within of 0 becomes the scale. */
void scene_open(struct scene *scene, const struct pair_conf *conf);

/* Starts both daemons and waits until the host is the primary, the other one its backup, and the client is served. */
void scene_start(struct scene *scene, enum net_host primary);

/* The last questions, and how many faults the lab was done ("faults N" on a line of its own); called by the runner. */
void scene_close(struct scene *scene);

/* A point in time until which a final state must be reached, on a machine that freezes, too. */
nanos scene_patience(const struct scene *scene);

/* ---- verdicts ---- */

/* What is promised whatever happens, and no freeze excuses: ends the test as failed unless it holds. */
void scene_safe(struct scene *scene, bool holds, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What the test expects of its course: unless it holds the test has failed, or is run again when the machine stood still
 * for so long since it began that the course was another one (a lease that ran out, a role that moved). */
void scene_check(struct scene *scene, bool holds, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A bound on time, or "no role change": when it does not hold and a freeze overlapped the time between fault and recovery,
 * the test is run again. */
void scene_bound(struct scene *scene, bool holds, nanos fault, nanos recovery, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* ---- common ground ---- */

/* Waits until one node is primary and the other its backup; fails the test when that does not come. */
enum net_host scene_settle(struct scene *scene);

/* Waits until the node's status has the value; fails the test when that does not come. */
void scene_wait(struct scene *scene, enum net_host host, const char *pointer, const char *value);

/* Waits until the host serves the client, for a fault at that time; fails the test when that does not come. Returns the
 * outage that the client saw, after a check that it is not longer than the bound; the bound may exclude what the machine
 * stood still. */
nanos scene_served(struct scene *scene, enum net_host host, nanos fault, nanos bound, bool less_frozen);

/* The same for a move from one node to the other, and no frame of the old owner may follow the first of the new one: that
 * no freeze excuses. The fault must lie before anything that it moves. */
nanos scene_moved(struct scene *scene, enum net_host from, enum net_host to, nanos fault, nanos bound);

/* Watches for so long: nobody but the host (-1: nobody at all) may serve the client from `since` on. */
void scene_watch(struct scene *scene, int host, nanos since, nanos length);

/* Runs a verb that has to succeed. */
void scene_verb(struct scene *scene, enum net_host host, const char *words);

/* Runs a verb that has to end with that exit status, and to say the text. */
void scene_verb_says(struct scene *scene, enum net_host host, const char *words, int status, const char *text);

/* Is the daemon built with AddressSanitizer? It then takes memory and makes system calls that are not hamon's. */
bool scene_sanitized(const struct scene *scene);

#endif
