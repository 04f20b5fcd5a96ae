/* The ring of notes, as notes.h says. */
#include "hamon/notes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hamon/pipe.h"

void notes_init(struct notes *notes) {
	memset(notes, 0, sizeof(*notes)); /* touches every page now, not in a takeover */
	notes->fd = -1;
}

void notes_attach(struct notes *notes, int fd) {
	notes_detach(notes);
	notes->fd = fd;
}

void notes_detach(struct notes *notes) {
	if (notes->fd >= 0)
		close(notes->fd);
	notes->fd = -1;
}

static void forget_oldest(struct notes *notes) {
	notes->first = (notes->first + 1) % NOTES_RING;
	notes->n--;
}

void notes_push(struct notes *notes, const struct note *note, int64_t real_ns) {
	if (notes->n == NOTES_RING) {
		forget_oldest(notes);
		notes->dropped++;
	}
	notes->ring[(notes->first + notes->n++) % NOTES_RING] = (struct message_note){
		.number = ++notes->numbers,
		.real_ns = real_ns,
		.note = *note,
	};
}

int notes_flush(struct notes *notes) {
	if (notes->fd < 0)
		return 0;
	for (unsigned sent = 0; notes->n > 0; sent++) {
		if (sent == NOTES_BATCH)
			return -EAGAIN;
		struct message message = {.note = notes->ring[notes->first]};
		message.note.dropped = notes->dropped;
		int rc = pipe_send(notes->fd, &message, MSG_NOTE, -1);
		if (rc < 0)
			return rc;
		forget_oldest(notes);
	}
	return 0;
}
