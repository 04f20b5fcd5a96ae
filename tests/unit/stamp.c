/* Wall-clock receive stamps on the monotonic clock: believed where they can be, discarded and counted where not. */
#include "hamon/stamp.h"

#include <criterion/criterion.h>

/* The wall clock stood at 1,000 s when the monotonic one was at 50 s. */
static const int64_t real = 1000 * SEC;
static const mono_t paired = 50 * SEC;
static const span_t since_last = 20 * MSEC;

static struct timespec wall(span_t offset) {
	int64_t ns = real + offset;
	return (struct timespec){.tv_sec = ns / SEC, .tv_nsec = ns % SEC};
}

Test(stamp, each_stamp_is_believed_or_counted) {
	static const span_t now = -USEC; /* the wake, just before the clocks were paired; times are offsets from that */
	static const span_t read = 300 * MSEC; /* the frame was taken that late: we were frozen meanwhile */
	static const struct {
		const char *what;
		span_t stamp, expected;
		uint64_t discarded;
	} cases[] = {
		{"in between", -5 * MSEC, -5 * MSEC, 0},
		{"at this wake", -USEC, -USEC, 0},
		{"at the last wake", -USEC - 20 * MSEC, -USEC - 20 * MSEC, 0},
		{"just before the last wake", -USEC - 20 * MSEC - 1, read, 1},
		{"the wall clock was set forward by an hour", -5 * MSEC - 3600 * SEC, read, 1},
		{"the wall clock was set back by half a second", -5 * MSEC + 500 * MSEC, read, 1},
		{"while the sockets were drained", 30 * USEC, 30 * USEC, 0},
		{"while we were frozen behind the wake", 200 * MSEC, 200 * MSEC, 0},
		{"a little later than it was read", read + MSEC, read, 0},
		{"long after it was read", read + MSEC + 1, read, 1},
		{"1970", -1000 * SEC, read, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stamp_clock clock = {
			.last = paired + now - since_last, .now = paired + now, .real_ns = real, .paired = paired};
		struct timespec stamp = wall(cases[i].stamp);
		cr_assert_eq(stamp_mono(&clock, &stamp, paired + read), paired + cases[i].expected, "%s", cases[i].what);
		cr_assert_eq(clock.discarded, cases[i].discarded, "%s", cases[i].what);
	}
}

Test(stamp, without_a_stamp_it_is_when_it_was_read) {
	struct stamp_clock clock = {.last = paired - since_last, .now = paired, .real_ns = real, .paired = paired};
	cr_assert_eq(stamp_mono(&clock, NULL, paired + MSEC), paired + MSEC);
	cr_assert_eq(clock.discarded, 0);
}

static mono_t mono_clock(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SEC + t.tv_nsec;
}

/* Three wakes by the real clocks, and a stamp taken between the last two: it comes out between them. */
Test(stamp, the_clocks_are_paired_at_each_wake) {
	struct stamp_clock clock;
	stamp_init(&clock, mono_clock());
	mono_t before = mono_clock();
	stamp_wake(&clock, before);
	struct timespec stamp;
	clock_gettime(CLOCK_REALTIME, &stamp);
	mono_t after = mono_clock();
	stamp_wake(&clock, after);
	cr_assert_eq(clock.last, before);
	cr_assert_eq(clock.now, after);
	mono_t at = stamp_mono(&clock, &stamp, after);
	cr_assert(at >= before && at <= after);
}
