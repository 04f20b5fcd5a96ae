/* Changes of addresses in a thread of their own: see addr_thread.h. */
#include "netlink/addr_thread.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hamon/thread.h"

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
	error = thread->asked < 0 || thread->done < 0 ? -errno : thread_start(&thread->id, run, thread);
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
