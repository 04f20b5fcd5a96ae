/* Commands of the configuration in the namespace tests: what they write into the scene's directory, and what they find
 * there. */
#ifndef NETNS_HOOKS_H
#define NETNS_HOOKS_H

#include "tests/netns/test.h"

/* "name" in the scene's directory: $HAMON_NODE may be part of a name in a command, and is "ha1" or "ha2" here. Valid until
 * the next call. */
const char *hooks_path(const struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The file whole; empty when there is none. The caller frees it. */
char *hooks_read(const struct scene *scene, const char *name);

/* Waits until the file contains the text; fails the test when that does not come. */
void hooks_wait(struct scene *scene, const char *name, const char *text);

/* How many lines the file has. */
unsigned hooks_lines(const struct scene *scene, const char *name);

/* Writes the file anew; or takes it away. */
void hooks_write(struct scene *scene, const char *name, const char *text);
void hooks_remove(struct scene *scene, const char *name);

/* The process id of the node's hooks worker, as soon as it has one. */
pid_t hooks_worker(struct scene *scene, enum net_host host);

#endif
