/* A wall clock that is off: loaded before the C library (LD_PRELOAD), it adds WALLCLOCK_SECONDS of the environment to the time of
 * day. The monotonic clocks stay as they are, and nobody sets the machine's. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t seconds_off(void) {
	static time_t off;
	static int known;
	if (!known) {
		const char *text = getenv("WALLCLOCK_SECONDS");
		off = text ? (time_t)strtoll(text, NULL, 10) : 0;
		known = 1;
	}
	return off;
}

/* As the C library declares it. NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t id, struct timespec *ts) {
	long rc = syscall(SYS_clock_gettime, id, ts);
	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += seconds_off();
	return (int)rc;
}

time_t time(time_t *out) {
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
	struct timespec ts;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
	return 0;
}
