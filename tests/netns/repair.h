/* Somebody else changes the lease's table, and the daemon puts it right. */
#ifndef NETNS_REPAIR_H
#define NETNS_REPAIR_H

#include "tests/netns/test.h"

/* What nft lists of the node's table, without what runs; the caller frees it. Fails the test when there is no table. */
char *repair_listing(struct scene *scene, enum net_host host);

/* Runs `nft WORDS` on the node, which shall touch the table, and sees it made anew: within a heartbeat interval by the
 * kernel's notices, as it was before, with a line in the log, a warning in the status, and the culprit named in both. */
void repair_check(struct scene *scene, enum net_host host, const char *words, ...) __attribute__((format(printf, 3, 4)));

/* The table does what it is for: ha1, the primary, is stopped, and falls silent before ha2 serves in its place. */
void repair_check_guards(struct scene *scene);

#endif
