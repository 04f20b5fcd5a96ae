/* The event loop, as loop.h says. The timer is a timerfd, because epoll_wait() counts in milliseconds only and
 * epoll_pwait2() takes a length of time where a point in time is meant. */
#include "hamon/loop.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

mono_t mono_now(void) {
	struct timespec now;
	int rc = clock_gettime(CLOCK_MONOTONIC, &now);
	assert(rc == 0);
	(void)rc;
	return now.tv_sec * SEC + now.tv_nsec;
}

/* Edge-triggered: each setting of the timer starts it afresh, so that nobody needs to read it. */
static int watch_timer(struct loop *loop) {
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) < 0 ? -errno : 0;
}

int loop_init(struct loop *loop) {
	struct loop fresh = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	if (fresh.epoll < 0)
		return -errno;
	fresh.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int rc = fresh.timer < 0 ? -errno : watch_timer(&fresh);
	if (rc < 0) {
		loop_fini(&fresh);
		return rc;
	}
	for (unsigned i = 0; i < LOOP_SOURCES; i++)
		fresh.sources[i].fd = -1;
	*loop = fresh;
	return 0;
}

void loop_fini(struct loop *loop) {
	close(loop->epoll);
	if (loop->timer >= 0)
		close(loop->timer);
	loop->epoll = loop->timer = -1;
}

/* NULL: no such source. */
static struct loop_source *source_of(struct loop *loop, int fd) {
	for (unsigned i = 0; i < LOOP_SOURCES; i++)
		if (loop->sources[i].fd == fd)
			return &loop->sources[i];
	return NULL;
}

int loop_add(struct loop *loop, int fd, uint32_t events, loop_fn *fn, void *arg) {
	assert(fd >= 0 && fn && !source_of(loop, fd));
	struct loop_source *source = source_of(loop, -1);
	if (!source)
		return -ENOSPC;
	struct epoll_event event = {.events = events, .data.ptr = source};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*source = (struct loop_source){.fd = fd, .fn = fn, .arg = arg};
	return 0;
}

int loop_modify(struct loop *loop, int fd, uint32_t events) {
	struct loop_source *source = source_of(loop, fd);
	assert(source);
	struct epoll_event event = {.events = events, .data.ptr = source};
	return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

void loop_remove(struct loop *loop, int fd) {
	struct loop_source *source = source_of(loop, fd);
	assert(source);
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	/* The slot may be taken again before this wake is over: what was fetched for the old source must not reach the
	 * new. */
	for (int i = 0; i < loop->ready_n; i++)
		if (loop->ready[i].data.ptr == source)
			loop->ready[i].data.ptr = NULL;
	source->fd = -1;
}

static void set_timer(struct loop *loop, mono_t deadline) {
	/* A value of zero would disarm; what is long past is due at once. */
	mono_t at = deadline >= MONO_FAR ? 0 : mono_max(deadline, 1);
	struct itimerspec when = {.it_value = {.tv_sec = at / SEC, .tv_nsec = at % SEC}};
	int rc = timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
	assert(rc == 0);
	(void)rc;
}

mono_t loop_wait(struct loop *loop, mono_t deadline) {
	set_timer(loop, deadline);
	loop->ready_n = epoll_wait(loop->epoll, loop->ready, LOOP_SOURCES, -1);
	if (loop->ready_n < 0) {
		/* A signal, or a stop and its end: a wake with nothing to do. Anything else is a bug of ours. */
		assert(errno == EINTR);
		loop->ready_n = 0;
	}
	return mono_now();
}

void loop_dispatch(struct loop *loop) {
	for (int i = 0; i < loop->ready_n; i++) {
		const struct loop_source *source = loop->ready[i].data.ptr;
		if (source)
			source->fn(source->arg, loop->ready[i].events);
	}
	loop->ready_n = 0;
}
