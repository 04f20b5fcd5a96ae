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
 * stepped. Of several samples the narrowest, since we may stand still in the middle of one: the order of two frames hangs
 * on it. */
static inline nanos clock_wall_to_mono(void) {
	nanos narrowest = INT64_MAX, offset = 0;
	for (int i = 0; i < 16 && narrowest > NANOS_MS / 1000; i++) {
		struct timespec wall;
		nanos before = clock_now();
		clock_gettime(CLOCK_REALTIME, &wall);
		nanos width = clock_now() - before;
		if (width >= narrowest)
			continue;
		narrowest = width;
		offset = before + width / 2 - clock_from(&wall);
	}
	return offset;
}

/* For people. */
static inline double clock_ms(nanos t) {
	return (double)t / (double)NANOS_MS;
}

#endif
