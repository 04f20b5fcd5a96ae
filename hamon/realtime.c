/* Scheduling and memory of the monitor, as realtime.h says. */
#include "hamon/realtime.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Above ordinary programs and most real-time ones that are not about hardware; below the kernel's interrupt threads
 * (50). */
enum { PRIORITY = 20 };

/* What the heap may come to hold while it runs: answers of the control socket, a reload's configuration. */
enum { HEAP_RESERVE = 16 << 20, STACK_RESERVE = 256 << 10 };

int realtime_schedule(void) {
	struct sched_param how = {.sched_priority = PRIORITY};
	return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &how) < 0 ? -errno : 0;
}

/* One heap that only grows: what is freed stays in the process, nothing is mapped apart, no second arena appears. */
static void grow_heap(void) {
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_TOP_PAD, 1 << 20);
	char *reserve = malloc(HEAP_RESERVE);
	if (!reserve)
		return;
	memset(reserve, 1, HEAP_RESERVE);
	/* Else the compiler sees that nobody reads it, and leaves it all out. */
	__asm__ volatile("" : : "r"(reserve) : "memory");
	free(reserve);
}

/* Not inlined: its frame is the stack that later calls will use. */
__attribute__((noinline)) static void grow_stack(void) {
	char frame[STACK_RESERVE];
	memset(frame, 1, sizeof(frame));
	__asm__ volatile("" : : "r"(frame) : "memory");
}

int realtime_memory(void) {
	int rc = mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
	grow_heap();
	grow_stack();
	return rc;
}
