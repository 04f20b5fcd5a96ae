/* The janitor: a child process that outlives whatever happens to the lab and removes what it made: the processes in its
 * namespaces, the namespaces, its cgroups, its directory. It is the only way in which the lab cleans up, so it is always
 * exercised. */
#ifndef LAB_JANITOR_H
#define LAB_JANITOR_H

#include <stdbool.h>
#include <stddef.h>

/* What one process made bears its number: namespaces and cgroups PREFIX-name, one directory. */
enum { JANITOR_PREFIX = 24, JANITOR_DIR = 192 };

/* Starts the janitor of this process; there is one at most. It acts when this process ends, however it ends; exit(),
 * SIGINT, SIGTERM and SIGHUP wait for it. dir: removed with all that is in it; NULL: none. */
void janitor_start(const char *dir);

/* The prefix of this process's namespaces. */
const char *janitor_prefix(void);

/* Has every janitor leave the directory alone. */
void janitor_keep_dir(const char *dir);

/* Removes it now with all that is in it, unless it is to be kept. */
void janitor_remove_dir(const char *dir);

/* For a child that goes its own way after fork(): forgets the parent's janitor. */
void janitor_forget(void);

/* Removes what earlier runs left behind whose process (and so whose janitor) is gone: a machine that lost power. */
void janitor_sweep(void);

/* Makes a fresh directory in $TMPDIR, or /tmp. Dies when it cannot. */
void janitor_make_dir(char path[static JANITOR_DIR]);

#endif
