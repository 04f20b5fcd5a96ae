/* What befalls a node's processes: killed, stopped, frozen, one of them or all in the same instant. */
#ifndef LAB_PAIR_FAULTS_H
#define LAB_PAIR_FAULTS_H

#include "tests/lab/pair.h"

/* Kills the supervisor and all its children before any of them can react to the death of another, as a crash of the host
 * would. The node may be started again. */
void pair_kill_all(struct pair *pair, enum net_host host);

/* Kills the monitor alone; the supervisor lives, and will do what it does about it. */
void pair_kill_monitor(const struct pair *pair, enum net_host host);

/* Stops (SIGSTOP) the supervisor and then all its children, so that it cannot react; has all of them go on. */
void pair_stop_all(const struct pair *pair, enum net_host host);
void pair_continue_all(const struct pair *pair, enum net_host host);

/* The same by a cgroup's freezer: no process is told, none can tell. */
void pair_freeze(const struct pair *pair, enum net_host host);
void pair_thaw(const struct pair *pair, enum net_host host);

#endif
