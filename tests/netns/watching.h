/* A `hamon watch` that runs beside the test, and what it printed so far. */
#ifndef NETNS_WATCHING_H
#define NETNS_WATCHING_H

#include "tests/netns/test.h"

struct watching {
	pid_t pid;
	char log[PAIR_PATH];
};

/* Starts `hamon WORDS` on the node. It ends with the test. */
struct watching watching_start(struct scene *scene, enum net_host host, const char *words);

/* Waits until it has printed a line that holds every one of the texts (NULL-terminated); fails the test when none comes. */
void watching_expect(struct scene *scene, const struct watching *watching, const char *const *texts);

/* Waits for its end. Its exit status, or 128 + signal; fails the test when it does not end. */
int watching_end(struct scene *scene, const struct watching *watching);

#endif
