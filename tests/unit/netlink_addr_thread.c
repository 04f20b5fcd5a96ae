/* netlink/addr_thread: batches are carried out beside the caller, one at a time, with their results. */
#include "netlink/addr_thread.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/netlink_sandbox.h"

enum { PATIENCE_MS = 20000 };

static struct addr_thread *thread;

static void open_thread(void) {
	sandbox_enter();
	cr_assert_eq(addr_thread_start(&thread), 0);
}

static void close_thread(void) {
	addr_thread_stop(thread);
}

TestSuite(netlink_addr_thread, .init = open_thread, .fini = close_thread);

/* 192.0.2.1 and so on, on the loopback interface. */
static struct addr_batch batch_of(enum addr_op op, size_t n) {
	struct addr_batch batch = {.op = op, .n = n};
	for (size_t i = 0; i < n; i++)
		batch.list[i] = (struct addr_change){
			.ifindex = (int)if_nametoindex("lo"),
			.address = {.family = AF_INET, .bytes = {192, 0, 2, (uint8_t)(i + 1)}},
			.prefix = 24,
		};
	return batch;
}

static struct addr_batch await(void) {
	struct addr_batch out;
	struct pollfd fd = {.fd = addr_thread_fd(thread), .events = POLLIN};
	cr_assert_eq(poll(&fd, 1, PATIENCE_MS), 1);
	cr_assert(addr_thread_take(thread, &out));
	return out;
}

static void count(void *arg, const struct addr_entry *entry) {
	*(size_t *)arg += entry->address.family == AF_INET && entry->address.bytes[0] == 192;
}

static size_t listed(void) {
	static struct rtnl rtnl;
	size_t n = 0;
	cr_assert_eq(rtnl_init(&rtnl), 0);
	cr_assert_eq(addr_list(&rtnl, 0, count, &n), 0);
	rtnl_fini(&rtnl);
	return n;
}

Test(netlink_addr_thread, a_batch_comes_back_done) {
	struct addr_batch batch = batch_of(ADDR_ADD, ADDR_THREAD_BATCH);
	addr_thread_give(thread, &batch);
	struct addr_batch done = await();
	cr_assert_eq(done.n, batch.n);
	cr_assert_eq(done.op, ADDR_ADD);
	for (size_t i = 0; i < done.n; i++) {
		cr_assert_eq(done.list[i].address.bytes[3], i + 1, "in its place");
		cr_assert_eq(done.results[i], 0);
	}
	cr_assert_eq(listed(), ADDR_THREAD_BATCH);
}

Test(netlink_addr_thread, one_after_the_other_in_their_order) {
	for (unsigned round = 0; round < 50; round++) {
		struct addr_batch batch = batch_of(round % 2 ? ADDR_DELETE : ADDR_ADD, 3);
		addr_thread_give(thread, &batch);
		cr_assert_eq(await().results[2], 0);
		cr_assert_eq(listed(), round % 2 ? 0U : 3U, "round %u", round);
	}
}

Test(netlink_addr_thread, each_has_its_own_result) {
	struct addr_batch batch = batch_of(ADDR_ADD, 3);
	batch.list[1].ifindex = 9999;
	addr_thread_give(thread, &batch);
	struct addr_batch done = await();
	cr_assert_eq(done.results[0], 0);
	cr_assert_eq(done.results[1], -ENODEV);
	cr_assert_eq(done.results[2], 0);
}

Test(netlink_addr_thread, nothing_is_taken_before_it_was_given) {
	struct addr_batch out;
	cr_assert_not(addr_thread_take(thread, &out));
}

/* The only other thread of this process. */
static pid_t other_thread(void) {
	pid_t found = 0;
	DIR *dir = opendir("/proc/self/task");
	cr_assert(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		pid_t id = (pid_t)strtol(entry->d_name, NULL, 10);
		if (id > 0 && id != gettid())
			found = id;
	}
	closedir(dir);
	return found;
}

Test(netlink_addr_thread, real_time_one_step_below_its_caller) {
	struct sched_param param = {.sched_priority = 20};
	addr_thread_stop(thread);
	cr_assert_eq(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param), 0);
	cr_assert_eq(addr_thread_start(&thread), 0);
	pid_t id = other_thread();
	cr_assert_gt(id, 0);
	cr_assert_eq(sched_getscheduler(id) & ~SCHED_RESET_ON_FORK, SCHED_FIFO);
	cr_assert_eq(sched_getparam(id, &param), 0);
	cr_assert_eq(param.sched_priority, 19);
}

/* The fixture ends the thread with a batch in its hands. */
Test(netlink_addr_thread, ends_behind_its_batch) {
	struct addr_batch batch = batch_of(ADDR_ADD, ADDR_THREAD_BATCH);
	addr_thread_give(thread, &batch);
	addr_thread_stop(thread);
	cr_assert_eq(listed(), ADDR_THREAD_BATCH);
	thread = NULL;
}
