/* The freeze meter: on each CPU one memory-locked real-time thread, above everything that is measured, wakes every
 * millisecond and records every gap over 5 ms. One thread more changes an address every few milliseconds, in a namespace of
 * its own, and records how long that took: the kernel's rtnl lock is one for all namespaces, is held for as long as others
 * are torn down beside a test, and no address of a takeover can be set meanwhile. It tells what a machine took away from
 * what hamon did with the rest. */
#ifndef LAB_FREEZE_H
#define LAB_FREEZE_H

#include <stdbool.h>

#include "tests/lab/clock.h"

struct freeze;

/* Starts the meter, or dies with the reason. Its records are shared with the children of this process. */
struct freeze *freeze_start(void);

/* The longest freeze that overlapped the interval: of a CPU, of the lock, or of one after the other without a moment
 * between. */
nanos freeze_worst(const struct freeze *freeze, nanos from, nanos to);

/* How much of the interval at least one of them stood still. */
nanos freeze_overlap(const struct freeze *freeze, nanos from, nanos to);

/* Watches for two seconds and returns the worst freeze in them. */
nanos freeze_calibrate(const struct freeze *freeze);

/* The time scale for a machine whose worst freeze is this: the least of 200 ms, 500 ms, 1 s, 2 s, 5 s, 10 s that is six
 * times as long; 0: none is. */
nanos freeze_scale(nanos worst);

/* May a bound on time that failed between fault and recovery be tried again? Only if a freeze longer than within / 6 fell
 * into that time. */
bool freeze_excuses(const struct freeze *freeze, nanos within, nanos fault, nanos recovery);

/* May a lease have run out by it, so that what followed was another course than the test's? A primary bears a freeze of L -
 * h, which is a little more than an eighth of `within`. */
bool freeze_may_lapse(const struct freeze *freeze, nanos within, nanos from, nanos to);

#endif
