/* The witness's processes (tests/witness): started, asked how far they are, ended. A witness that died, stood still or lost
 * a frame ends the lab: nothing that it did not see may pass. probe.h and sniff.h tell what it saw. */
#ifndef LAB_WITNESS_H
#define LAB_WITNESS_H

#include <stddef.h>
#include <sys/types.h>

#include "tests/lab/clock.h"

struct record; /* tests/witness/record.h */

struct witness {
	const char *role;
	struct record *record;
	size_t size;
	int fd; /* of the record's memory */
	pid_t pid;
};

/* Makes the record of a role, in zeroed memory; the caller writes its order into it. */
void witness_prepare(struct witness *witness, const char *role, size_t size);

/* Starts the process, program hamon-witness beside our own, and waits until it is at work. It ends when we do. */
void witness_start(struct witness *witness);
void witness_stop(struct witness *witness);

/* Dies when the process is gone, or when it lost a frame. */
void witness_expect(const struct witness *witness);

/* Waits until all that had come in by then is in the record. */
void witness_wait(const struct witness *witness, nanos then);

#endif
