/* A node whose wall clock is off, or steps while it runs: a library in front of the C library tells its daemon so
 * (tests/wallclock). The machine's clock is never set. */
#ifndef LAB_WALLCLOCK_H
#define LAB_WALLCLOCK_H

#include "tests/lab/pair.h"

#define WALLCLOCK_YEAR (365 * 86400LL) /* seconds */

/* Starts the node's daemon with a wall clock that is so many seconds ahead. */
void wallclock_start(struct pair *pair, enum net_host host, long long seconds);

/* Sets the clock of a daemon that was started so: from now on it is so many seconds ahead. */
void wallclock_step(const struct pair *pair, enum net_host host, long long seconds);

/* Does the node's log bear the year that its clock shows? It proves that the clock is off, where the year is another
 * one. */
bool wallclock_shown(const struct pair *pair, enum net_host host, long long seconds);

#endif
