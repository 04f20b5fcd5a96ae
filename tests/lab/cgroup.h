/* Freezing processes by the freezer of cgroup version 1. The hierarchy is mounted nowhere: each of us opens it for himself,
 * so no mount point is left behind; groups are, and the janitor removes them. */
#ifndef LAB_CGROUP_H
#define LAB_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

enum { CGROUP_NAME = 64 };

/* Puts the processes into the group, which is made if need be, and freezes it. Returns when all of them stand still. */
void cgroup_freeze(const char *name, const pid_t *processes, size_t n);

/* Has the processes of the group go on. */
void cgroup_thaw(const char *name);

/* Thaws every group whose name begins so, since nothing that is frozen can be killed, and removes those that are empty.
 * Returns how many are left. */
unsigned cgroup_sweep(const char *prefix);

#endif
