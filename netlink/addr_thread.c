/* Changes of addresses in a thread of their own: see addr_thread.h. */
#include "netlink/addr_thread.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK = 256 << 10 };

struct addr_thread {
	pthread_t id;
	int asked, done; /* eventfds: who was told last may touch the batch */
	_Atomic bool ending;
	bool given;       /* the caller's: a batch is not taken back yet */
	struct rtnl rtnl; /* the thread's */
	struct addr_batch batch;
};

static void wake(int fd) {
	eventfd_write(fd, 1); /* fails only at a count that nobody reaches */
}

static void *run(void *arg) {
	struct addr_thread *thread = arg;
	eventfd_t count;

	for (;;) {
		if (eventfd_read(thread->asked, &count) < 0)
			continue; /* interrupted */
		if (atomic_load(&thread->ending))
			return NULL;
		struct addr_batch *batch = &thread->batch;
		addr_apply(&thread->rtnl, batch->op, batch->list, batch->n, batch->results);
		wake(thread->done);
	}
}

/* One step below the caller, where that is real-time: whom it works for goes first. */
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

static int spawn(struct addr_thread *thread) {
	pthread_attr_t attr;
	int error = pthread_attr_init(&attr);

	if (error)
		return -error;
	schedule_below(&attr);
	error = pthread_create(&thread->id, &attr, run, thread);
	pthread_attr_destroy(&attr);
	return -error;
}

static void release(struct addr_thread *thread) {
	if (thread->asked >= 0)
		close(thread->asked);
	if (thread->done >= 0)
		close(thread->done);
	rtnl_fini(&thread->rtnl);
	free(thread);
}

int addr_thread_start(struct addr_thread **out) {
	struct addr_thread *thread = calloc(1, sizeof(*thread));
	if (!thread)
		return -ENOMEM;
	int error = rtnl_init(&thread->rtnl);
	if (error) {
		free(thread);
		return error;
	}
	thread->asked = eventfd(0, EFD_CLOEXEC);
	thread->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = thread->asked < 0 || thread->done < 0 ? -errno : spawn(thread);
	if (error) {
		release(thread);
		return error;
	}
	*out = thread;
	return 0;
}

void addr_thread_stop(struct addr_thread *thread) {
	if (!thread)
		return;
	struct pollfd done = {.fd = thread->done, .events = POLLIN};
	while (thread->given && poll(&done, 1, -1) < 0)
		; /* interrupted */
	atomic_store(&thread->ending, true);
	wake(thread->asked);
	pthread_join(thread->id, NULL);
	release(thread);
}

int addr_thread_fd(const struct addr_thread *thread) {
	return thread->done;
}

void addr_thread_give(struct addr_thread *thread, const struct addr_batch *batch) {
	assert(!thread->given && batch->n > 0 && batch->n <= ADDR_THREAD_BATCH);
	thread->batch = *batch;
	thread->given = true;
	wake(thread->asked);
}

bool addr_thread_take(struct addr_thread *thread, struct addr_batch *out) {
	eventfd_t count;

	if (eventfd_read(thread->done, &count) < 0)
		return false;
	*out = thread->batch;
	thread->given = false;
	return true;
}
