/* The ring of notes: in order, bounded, the oldest dropped and counted, and none lost while no worker is there. */
#include "hamon/notes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#include "hamon/pipe.h"

static struct notes notes;
static int ends[2] = {-1, -1};

static void push(int64_t value) {
	struct note note = {.type = NOTE_STALL, .value = value};
	notes_push(&notes, &note, value);
}

static void begin(void) {
	notes_init(&notes);
	cr_assert_eq(pipe_open(ends), 0);
}

/* Takes one note from the worker's end; false: none is there. */
static bool take(struct message_note *out) {
	struct message message;
	int descriptor;
	if (pipe_receive(ends[1], &message, &descriptor) != 0)
		return false;
	cr_assert_eq(message.type, MSG_NOTE);
	*out = message.note;
	return true;
}

TestSuite(notes, .init = begin);

Test(notes, they_wait_for_a_worker_and_come_in_order) {
	for (int i = 1; i <= 3; i++)
		push(i);
	cr_assert_eq(notes_flush(&notes), 0);
	cr_assert_eq(notes.n, 3);
	notes_attach(&notes, ends[0]);
	cr_assert_eq(notes_flush(&notes), 0);
	struct message_note note;
	for (uint64_t i = 1; i <= 3; i++) {
		cr_assert(take(&note));
		cr_assert_eq(note.number, i);
		cr_assert_eq(note.note.value, (int64_t)i);
		cr_assert_eq(note.real_ns, (int64_t)i);
		cr_assert_eq(note.dropped, 0);
	}
	cr_assert_not(take(&note));
}

Test(notes, a_full_ring_drops_the_oldest_and_counts_them) {
	enum { TOO_MANY = 10 };
	for (int i = 1; i <= NOTES_RING + TOO_MANY; i++)
		push(i);
	cr_assert_eq(notes.n, NOTES_RING);
	cr_assert_eq(notes.dropped, TOO_MANY);
	notes_attach(&notes, ends[0]);
	notes_flush(&notes);
	struct message_note note;
	cr_assert(take(&note));
	cr_assert_eq(note.number, TOO_MANY + 1);
	cr_assert_eq(note.note.value, TOO_MANY + 1);
	cr_assert_eq(note.dropped, TOO_MANY);
}

Test(notes, one_flush_sends_a_batch_and_says_that_more_is_there) {
	for (int i = 1; i <= NOTES_BATCH + 1; i++)
		push(i);
	notes_attach(&notes, ends[0]);
	cr_assert_eq(notes_flush(&notes), -EAGAIN);
	cr_assert_eq(notes.n, 1);
	cr_assert_eq(notes_flush(&notes), 0);
	cr_assert_eq(notes.n, 0);
}

/* The worker reads nothing: the pipe fills, then the ring, and every number that arrives later tells what is missing. */
Test(notes, a_stalled_worker_costs_the_oldest_notes_alone) {
	notes_attach(&notes, ends[0]);
	int64_t pushed = 0;
	while (notes.dropped == 0) {
		push(++pushed);
		notes_flush(&notes);
	}
	uint64_t expected = 0, missing = 0;
	struct message_note note;
	do {
		while (take(&note)) {
			missing += note.number - expected - 1;
			expected = note.number;
		}
		notes_flush(&notes);
	} while (notes.n > 0 || expected < (uint64_t)pushed);
	cr_assert_eq(missing, notes.dropped);
}

Test(notes, they_survive_the_workers_death) {
	notes_attach(&notes, ends[0]);
	close(ends[1]);
	push(1);
	cr_assert_eq(notes_flush(&notes), -EPIPE);
	notes_detach(&notes);
	cr_assert_eq(notes.fd, -1);
	cr_assert_eq(pipe_open(ends), 0);
	notes_attach(&notes, ends[0]);
	cr_assert_eq(notes_flush(&notes), 0);
	struct message_note note;
	cr_assert(take(&note));
	cr_assert_eq(note.number, 1);
}
