/* From wall-clock receive stamps to monotonic time. Owns the pairing of the two clocks; peerlink/ brings the stamps. */
#include "hamon/stamp.h"

#include <assert.h>

/* The clocks are read one behind the other; what lies between makes a stamp come out a little late. That is no fault of
 * it. */
static const span_t pairing_slack = MSEC;

static int64_t ns_of(const struct timespec *t) {
	return (int64_t)t->tv_sec * SEC + t->tv_nsec;
}

void stamp_init(struct stamp_clock *clock, mono_t now) {
	*clock = (struct stamp_clock){.last = now, .now = now};
	stamp_wake(clock, now);
}

void stamp_wake(struct stamp_clock *clock, mono_t now) {
	assert(now >= clock->now);
	struct timespec real, mono;
	/* In this order: what lies between the two readings, a freeze even, makes a stamp come out later, never earlier. */
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock->last = clock->now;
	clock->now = now;
	clock->real_ns = ns_of(&real);
	clock->paired = ns_of(&mono);
}

mono_t stamp_mono(struct stamp_clock *clock, const struct timespec *stamp, mono_t read) {
	assert(read >= clock->last);
	if (!stamp)
		return read;
	mono_t at = clock->paired - (clock->real_ns - ns_of(stamp));
	if (at >= clock->last && at <= read)
		return at;
	if (at < clock->last || at > read + pairing_slack)
		clock->discarded++;
	return read;
}
