/* The loop: who is called, when it wakes, and that a source removed in the middle of a wake is not called any more. */
#include "hamon/loop.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct loop loop;

static void begin(void) {
	cr_assert_eq(loop_init(&loop), 0);
}

static void end(void) {
	loop_fini(&loop);
}

TestSuite(loop, .init = begin, .fini = end);

static int ready_fd(void) {
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	cr_assert_geq(fd, 0);
	return fd;
}

static void count(void *arg, uint32_t events) {
	(void)events;
	++*(unsigned *)arg;
}

Test(loop, a_ready_source_is_called_until_it_is_removed) {
	unsigned calls = 0;
	int fd = ready_fd();
	cr_assert_eq(loop_add(&loop, fd, EPOLLIN, count, &calls), 0);
	for (unsigned i = 1; i <= 3; i++) {
		loop_wait(&loop, MONO_FAR);
		loop_dispatch(&loop);
		cr_assert_eq(calls, i);
	}
	loop_remove(&loop, fd);
	loop_wait(&loop, mono_now());
	loop_dispatch(&loop);
	cr_assert_eq(calls, 3);
}

Test(loop, it_never_wakes_before_the_deadline) {
	mono_t deadline = mono_now() + 3 * MSEC;
	cr_assert_geq(loop_wait(&loop, deadline), deadline);
}

/* The timer is edge-triggered: a deadline that has passed must wake again and again, not once. */
Test(loop, a_deadline_in_the_past_wakes_at_once_every_time) {
	mono_t past = mono_now() - SEC;
	for (unsigned i = 0; i < 3; i++)
		loop_wait(&loop, past);
	loop_wait(&loop, 0);
	loop_wait(&loop, MONO_NEVER);
}

Test(loop, modified_events_count) {
	unsigned calls = 0;
	int fd = ready_fd();
	cr_assert_eq(loop_add(&loop, fd, 0, count, &calls), 0);
	loop_wait(&loop, mono_now());
	loop_dispatch(&loop);
	cr_assert_eq(calls, 0);
	cr_assert_eq(loop_modify(&loop, fd, EPOLLIN), 0);
	loop_wait(&loop, MONO_FAR);
	loop_dispatch(&loop);
	cr_assert_eq(calls, 1);
}

static int pair[2];
static unsigned pair_calls, fresh_calls;

/* Removes both sources and puts another one in their place: neither the second nor the new one may be called in this
 * wake. */
static void remove_both(void *arg, uint32_t events) {
	(void)arg;
	(void)events;
	pair_calls++;
	loop_remove(&loop, pair[0]);
	loop_remove(&loop, pair[1]);
	cr_assert_eq(loop_add(&loop, ready_fd(), EPOLLIN, count, &fresh_calls), 0);
}

Test(loop, readiness_fetched_for_a_removed_source_is_forgotten) {
	for (unsigned i = 0; i < 2; i++) {
		pair[i] = ready_fd();
		cr_assert_eq(loop_add(&loop, pair[i], EPOLLIN, remove_both, NULL), 0);
	}
	loop_wait(&loop, MONO_FAR);
	loop_dispatch(&loop);
	cr_assert_eq(pair_calls, 1);
	cr_assert_eq(fresh_calls, 0);
	loop_wait(&loop, MONO_FAR);
	loop_dispatch(&loop);
	cr_assert_eq(fresh_calls, 1);
}

Test(loop, the_table_of_sources_is_bounded) {
	unsigned calls = 0;
	for (unsigned i = 0; i < LOOP_SOURCES; i++)
		cr_assert_eq(loop_add(&loop, ready_fd(), EPOLLIN, count, &calls), 0);
	cr_assert_eq(loop_add(&loop, ready_fd(), EPOLLIN, count, &calls), -ENOSPC);
}

Test(loop, a_descriptor_that_epoll_refuses_is_an_error) {
	unsigned calls = 0;
	int fd = ready_fd();
	close(fd);
	cr_assert_eq(loop_add(&loop, fd, EPOLLIN, count, &calls), -EBADF);
	cr_assert_eq(loop_add(&loop, ready_fd(), EPOLLIN, count, &calls), 0);
}
