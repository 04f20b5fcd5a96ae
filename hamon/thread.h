/* Threads beside the monitor's loop: for what must wait for the kernel, so that heartbeats need not. */
#ifndef HAMON_THREAD_H
#define HAMON_THREAD_H

#include <pthread.h>

/* Starts a thread with a small stack, one step of priority below the caller's where that is real-time: whom it works for
 * goes first, and it is not starved while it holds what that one needs (the heap's lock). 0 or -errno. */
int thread_start(pthread_t *id, void *(*run)(void *arg), void *arg);

#endif
