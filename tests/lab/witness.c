/* The witness's processes: see witness.h. */
#include "tests/lab/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/shell.h"
#include "tests/witness/record.h"

#define PROGRAM "hamon-witness"
/* For longer no machine stands still that can run the lab. */
#define PATIENCE (30 * NANOS_SEC)
/* A frame may be stamped this long before it reaches the witness's socket: the kernel delivers it in a softirq. */
#define DELIVERY (5 * NANOS_MS)

void witness_prepare(struct witness *witness, const char *role, size_t size) {
	int fd = memfd_create(role, MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		shell_die("no memory for the witness: %s", strerror(errno));
	/* Pages come as they are used. */
	void *record = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (record == MAP_FAILED)
		shell_die("no memory for the witness: %s", strerror(errno));
	*witness = (struct witness){.role = role, .record = record, .size = size, .fd = fd};
}

/* In the child. */
static void become(const struct witness *witness, const char *path) {
	char number[16];
	shell_print(number, sizeof(number), "%d", witness->fd);
	fcntl(witness->fd, F_SETFD, 0);
	execl(path, PROGRAM, witness->role, number, (char *)NULL);
	shell_die("cannot run %s: %s", path, strerror(errno));
}

void witness_start(struct witness *witness) {
	char path[PATH_MAX + sizeof(PROGRAM) + 1];
	shell_beside(path, sizeof(path), PROGRAM);
	witness->pid = child_fork();
	if (witness->pid == 0)
		become(witness, path);
	witness_wait(witness, clock_now());
}

void witness_stop(struct witness *witness) {
	child_end(witness->pid);
	munmap(witness->record, witness->size);
	close(witness->fd);
}

void witness_expect(const struct witness *witness) {
	if (!child_alive(witness->pid))
		shell_die("the witness (%s) ended", witness->role);
	if (witness->record->lost)
		shell_die("the witness (%s) lost %u frames: it is none", witness->role, witness->record->lost);
}

void witness_wait(const struct witness *witness, nanos then) {
	nanos now = clock_now(), end = now + PATIENCE;
	then = (then < now ? then : now) + DELIVERY;
	for (; witness->record->done < then; now = clock_now()) {
		witness_expect(witness);
		if (now > end)
			shell_die("the witness (%s) stands still", witness->role);
		clock_sleep_until(now + NANOS_MS / 2);
	}
	witness_expect(witness);
}
