/* The event loop: epoll, and one absolute timer. It owns who is called when a descriptor is ready, and nothing of what they
 * do. The clock is read once a wake, here. */
#ifndef HAMON_LOOP_H
#define HAMON_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#include "hamon/mono.h"

enum { LOOP_SOURCES = 96 };

typedef void loop_fn(void *arg, uint32_t events);

struct loop_source {
	int fd; /* -1: free */
	loop_fn *fn;
	void *arg;
};

struct loop {
	int epoll, timer;
	struct loop_source sources[LOOP_SOURCES];
	struct epoll_event ready[LOOP_SOURCES];
	int ready_n;
};

/* CLOCK_MONOTONIC, now. */
mono_t mono_now(void);

/* 0 or -errno. */
int loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/* Calls fn(arg, events) from loop_dispatch() whenever fd is ready. 0, -ENOSPC, or epoll_ctl's -errno. */
int loop_add(struct loop *loop, int fd, uint32_t events, loop_fn *fn, void *arg);
int loop_modify(struct loop *loop, int fd, uint32_t events);
/* Before the descriptor is closed. A readiness that was already fetched is forgotten with it. */
void loop_remove(struct loop *loop, int fd);

/* Sleeps until a source is ready or the deadline has passed (MONO_FAR: no deadline). Returns the time of the wake. */
mono_t loop_wait(struct loop *loop, mono_t deadline);

/* Calls the handlers of what loop_wait() found ready. */
void loop_dispatch(struct loop *loop);

#endif
