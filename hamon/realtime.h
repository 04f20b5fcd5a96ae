/* What keeps the monitor on time: real-time scheduling, and memory that is locked and grown before it is needed. */
#ifndef HAMON_REALTIME_H
#define HAMON_REALTIME_H

/* SCHED_FIFO at a moderate priority; children start without it (SCHED_RESET_ON_FORK). 0 or -errno. */
int realtime_schedule(void);

/* Locks present and future memory, grows heap and stack, and keeps the heap from ever being trimmed or mapped: no page
 * fault and no system call for memory after this, within the heap's reserve. 0 or -errno of mlockall(2); the heap is
 * grown in either case. */
int realtime_memory(void);

#endif
