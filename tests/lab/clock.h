/* Time in the lab: nanoseconds of CLOCK_MONOTONIC. The lab is a witness of the daemon, so it shares no code with it, not
 * even its clock. */
#ifndef LAB_CLOCK_H
#define LAB_CLOCK_H

#include <stdint.h>
#include <time.h>

typedef int64_t nanos;

#define NANOS_MS  ((nanos)1000000)
#define NANOS_SEC (1000 * NANOS_MS)

static inline nanos clock_from(const struct timespec *ts) {
	return (nanos)ts->tv_sec * NANOS_SEC + ts->tv_nsec;
}

static inline struct timespec clock_timespec(nanos t) {
	return (struct timespec){.tv_sec = t / NANOS_SEC, .tv_nsec = t % NANOS_SEC};
}

static inline nanos clock_now(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return clock_from(&ts);
}

static inline void clock_sleep_until(nanos t) {
	struct timespec ts = clock_timespec(t);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) != 0)
		;
}

/* What to add to a kernel packet stamp (wall clock) to get CLOCK_MONOTONIC. Sampled anew at each use: the wall clock may be
 * stepped. */
static inline nanos clock_wall_to_mono(void) {
	struct timespec wall;
	nanos before = clock_now();
	clock_gettime(CLOCK_REALTIME, &wall);
	nanos after = clock_now();
	return before + (after - before) / 2 - clock_from(&wall);
}

/* For people. */
static inline double clock_ms(nanos t) {
	return (double)t / (double)NANOS_MS;
}

#endif
