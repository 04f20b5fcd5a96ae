/* The supervisor's children: how long a restart waits, and how an end reads. */
#include "hamon/supervisor/worker.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As worker_spawn() leaves it, without a process. */
static void live(struct worker *worker, mono_t now) {
	worker->pid = getpid();
	worker->pipe = open("/dev/null", O_RDONLY | O_CLOEXEC);
	worker->started = now;
}

Test(worker, restarts_wait_longer_each_time_up_to_a_limit_until_one_lives) {
	struct worker worker;
	mono_t now = SEC;
	worker_init(&worker, "monitor", "_monitor");
	cr_assert_leq(worker.due, now);
	for (span_t wait = WORKER_BACKOFF; wait < 4 * WORKER_BACKOFF_MAX; wait *= 2) {
		live(&worker, now);
		cr_assert_eq(worker_ended(&worker, now), 0);
		cr_assert_eq(worker.due, now + (wait < WORKER_BACKOFF_MAX ? wait : WORKER_BACKOFF_MAX));
		cr_assert_eq(worker.pid, 0);
		cr_assert_eq(worker.pipe, -1);
	}
	live(&worker, now);
	now += WORKER_LIVED;
	cr_assert_eq(worker_ended(&worker, now), WORKER_LIVED);
	cr_assert_eq(worker.due, now + WORKER_BACKOFF);
}

Test(worker, an_end_is_told_in_words) {
	char text[64];
	cr_assert_str_eq(worker_end_text(W_EXITCODE(3, 0), text, sizeof(text)), "exited with status 3");
	cr_assert_str_eq(worker_end_text(W_EXITCODE(0, SIGKILL), text, sizeof(text)), "was killed by signal 9 (Killed)");
}
