/* Asks the kernel for its tick and the processor for a hypervisor; owns nothing, changes nothing. */
#include "hamon/kernel_tick.h"

#include <assert.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

/* One CPU keeps the jiffies. When a hypervisor takes that one away, they stand still until another CPU has missed five
 * ticks (MAX_STALLED_JIFFIES, kernel/time/tick-sched.c); the sixth is the one that was due. */
enum { LAG_DEDICATED = 1, LAG_SHARED = 6 };

span_t kernel_tick(void) {
	/* The coarse clock advances once a tick, and its resolution says so. */
	struct timespec resolution;
	int error = clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
	assert(!error);
	return resolution.tv_sec * SEC + resolution.tv_nsec;
}

bool kernel_virtual(void) {
#if defined(__x86_64__) || defined(__i386__)
	unsigned eax, ebx, ecx, edx;
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
		return ecx & (1U << 31); /* reserved for hypervisors by Intel and AMD alike */
#endif
	return true;
}

span_t kernel_jiffies_lag(int dedicated_cpus) {
	bool dedicated = dedicated_cpus < 0 ? !kernel_virtual() : dedicated_cpus;
	return (dedicated ? LAG_DEDICATED : LAG_SHARED) * kernel_tick();
}
