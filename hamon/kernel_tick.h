/* What this kernel's own clock can do: the length of its tick, and how far its count of ticks (jiffies) may lag behind the
 * time. Leases are kept in jiffies, so both bound how exactly a lease ends. */
#ifndef HAMON_KERNEL_TICK_H
#define HAMON_KERNEL_TICK_H

#include <stdbool.h>

#include "hamon/mono.h"

/* 1/HZ of the running kernel. */
span_t kernel_tick(void);

/* Does this machine run under a hypervisor? Where the processor cannot tell: yes, the careful answer. */
bool kernel_virtual(void);

/* J. dedicated_cpus as in struct conf: 1: nobody takes the CPUs away, 0: somebody may, -1: a hypervisor may. */
span_t kernel_jiffies_lag(int dedicated_cpus);

#endif
