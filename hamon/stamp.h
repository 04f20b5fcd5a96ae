/* The kernel's receive times, on the clock that decides. Software stamps are wall-clock time, which an operator or NTP may
 * step at any moment; so both clocks are read at each wake, and a stamp is believed only if it falls where it must. */
#ifndef HAMON_STAMP_H
#define HAMON_STAMP_H

#include <stdint.h>
#include <time.h>

#include "hamon/mono.h"

struct stamp_clock {
	mono_t last, now;   /* this wake and the one before: what is read now came in between */
	int64_t real_ns;    /* the wall clock, read a moment ago, */
	mono_t paired;      /* and the monotonic clock right behind it */
	uint64_t discarded; /* stamps that could not be, so far */
};

/* Before the first wake, when the sockets are opened. */
void stamp_init(struct stamp_clock *clock, mono_t now);

/* At each wake, before the sockets are drained. Reads the clocks. */
void stamp_wake(struct stamp_clock *clock, mono_t now);

/* When a frame came in that was taken from its socket before `read`, the clock's reading right after that. NULL: the kernel
 * gave no stamp. Within [last, read] always; where the stamp cannot be right, it is `read`: a receive time that is too late
 * can only delay a claim, one that is too early (the wake's own time, say, for a frame that came in while we were frozen
 * just after it) could hasten one. Pure. */
mono_t stamp_mono(struct stamp_clock *clock, const struct timespec *stamp, mono_t read);

#endif
