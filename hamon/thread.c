/* Threads beside the monitor's loop, as thread.h says. */
#include "hamon/thread.h"

#include <sched.h>

enum { STACK = 256 << 10 };

static void schedule_below(pthread_attr_t *attr) {
	struct sched_param param;
	int policy = sched_getscheduler(0);

	pthread_attr_setstacksize(attr, STACK);
	if (policy < 0 || (policy & ~SCHED_RESET_ON_FORK) != SCHED_FIFO || sched_getparam(0, &param) < 0 ||
	    param.sched_priority < 2)
		return;
	param.sched_priority--;
	pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(attr, SCHED_FIFO);
	pthread_attr_setschedparam(attr, &param);
}

int thread_start(pthread_t *id, void *(*run)(void *arg), void *arg) {
	pthread_attr_t attr;
	int error = pthread_attr_init(&attr);

	if (error)
		return -error;
	schedule_below(&attr);
	error = pthread_create(id, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return -error;
}
