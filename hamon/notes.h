/* The monitor's notes on their way to the report worker: a ring of fixed size that outlives the worker. A worker that
 * stalls costs the oldest notes, counted, and never a moment of the monitor's time. */
#ifndef HAMON_NOTES_H
#define HAMON_NOTES_H

#include <stdint.h>

#include "hamon/core/note.h"
#include "hamon/wire/message.h"

enum { NOTES_RING = 1024, NOTES_BATCH = 64 };

struct notes {
	int fd;           /* the worker's pipe, owned here; -1: no worker */
	uint64_t numbers; /* notes so far: the newest one's number */
	uint64_t dropped; /* of them, how many the ring could not keep */
	unsigned first, n;
	struct message_note ring[NOTES_RING];
};

void notes_init(struct notes *notes);

/* A new worker's pipe, which is owned from now on. An older one is closed: take it out of the loop before. */
void notes_attach(struct notes *notes, int fd);
/* Closes the pipe, if there is one: take it out of the loop before. What was not sent stays for the next worker. */
void notes_detach(struct notes *notes);

/* Keeps a copy; no system call. A full ring loses its oldest note. real_ns: the wall clock at the note. */
void notes_push(struct notes *notes, const struct note *note, int64_t real_ns);

/* Sends what the pipe takes, at most NOTES_BATCH. 0: nothing is left, or no worker is there; -EAGAIN: call again when the
 * pipe is writable; -EPIPE or another -errno: the worker is gone, detach it. */
int notes_flush(struct notes *notes);

#endif
