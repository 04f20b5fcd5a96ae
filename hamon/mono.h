/* Time, for everything in hamon: nanoseconds of CLOCK_MONOTONIC, which no operator and no NTP can step. Wall-clock time
 * exists only where people read it (the log) and where the kernel gives nothing else (packet stamps, converted at once). */
#ifndef HAMON_MONO_H
#define HAMON_MONO_H

#include <stdint.h>

typedef int64_t mono_t; /* a point in time, ns */
typedef int64_t span_t; /* a length of time, ns */

/* "It never happened": so far back that every age is huge, and near enough that no subtraction overflows. */
#define MONO_NEVER (INT64_MIN / 4)
/* "It will never be due." */
#define MONO_FAR (INT64_MAX / 4)

#define USEC ((span_t)1000)
#define MSEC (1000 * USEC)
#define SEC  (1000 * MSEC)

static inline mono_t mono_max(mono_t a, mono_t b) {
	return a > b ? a : b;
}

static inline mono_t mono_min(mono_t a, mono_t b) {
	return a < b ? a : b;
}

#endif
