/* The pipes: messages and descriptors come out as they went in, nothing blocks, and what is not a message is refused. */
#include "hamon/pipe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/sealed.h"

static int ends[2];
static struct message message;
static int descriptor;

static void begin(void) {
	cr_assert_eq(pipe_open(ends), 0);
	memset(&message, 0, sizeof(message));
	descriptor = -2;
}

TestSuite(pipe, .init = begin);

Test(pipe, a_message_comes_out_as_it_went_in) {
	message.epochs = (struct message_epochs){.error = ENOSPC, .epoch = 42};
	cr_assert_eq(pipe_send(ends[0], &message, MSG_RESERVED, -1), 0);
	memset(&message, 0xff, sizeof(message));
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), 0);
	cr_assert_eq(message.type, MSG_RESERVED);
	cr_assert_eq(message.epochs.error, ENOSPC);
	cr_assert_eq(message.epochs.epoch, 42);
	cr_assert_eq(descriptor, -1);
}

Test(pipe, a_descriptor_comes_along) {
	static const char text[] = "cluster = \"edge\"\n";
	int sealed = sealed_make(text);
	cr_assert_geq(sealed, 0);
	cr_assert_eq(pipe_send(ends[0], &message, MSG_RELOAD, sealed), 0);
	close(sealed);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), 0);
	cr_assert_geq(descriptor, 0);
	cr_assert(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
	char *read;
	cr_assert_eq(sealed_read(descriptor, &read), 0);
	cr_assert_str_eq(read, text);
	free(read);
}

Test(pipe, nothing_blocks) {
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EAGAIN);
	unsigned sent = 0;
	int rc;
	while ((rc = pipe_send(ends[0], &message, MSG_NOTE, -1)) == 0)
		sent++;
	cr_assert_eq(rc, -EAGAIN);
	for (unsigned i = 0; i < sent; i++)
		cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), 0);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EAGAIN);
}

Test(pipe, the_other_end_is_gone_but_what_it_sent_is_not) {
	cr_assert_eq(pipe_send(ends[0], &message, MSG_STOP, -1), 0);
	close(ends[0]);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), 0);
	cr_assert_eq(message.type, MSG_STOP);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EPIPE);
	cr_assert_eq(pipe_send(ends[1], &message, MSG_READY, -1), -EPIPE);
}

Test(pipe, what_is_no_message_is_consumed_and_refused) {
	char oversize[sizeof(message) + 1] = {0};
	memcpy(oversize, &message, message_seal(&message, MSG_START));
	cr_assert_eq(send(ends[0], "x", 1, 0), 1);
	cr_assert_eq(send(ends[0], oversize, sizeof(oversize), 0), (ssize_t)sizeof(oversize));
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EPROTO);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EPROTO);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EAGAIN);
	cr_assert_eq(descriptor, -2);
}

/* Anybody's descriptor would otherwise stay open here for good. */
Test(pipe, a_descriptor_beside_no_message_is_closed) {
	int other[2];
	cr_assert_eq(pipe_open(other), 0);
	message.worker.kind = WORKER__COUNT;
	cr_assert_eq(pipe_send(ends[0], &message, MSG_WORKER, other[1]), 0);
	close(other[1]);
	cr_assert_eq(pipe_receive(ends[1], &message, &descriptor), -EPROTO);
	cr_assert_eq(descriptor, -2);
	cr_assert_eq(pipe_receive(other[0], &message, &descriptor), -EPIPE);
}

Test(pipe, a_sealed_text_cannot_be_changed) {
	int sealed = sealed_make("x");
	cr_assert_geq(sealed, 0);
	cr_assert_eq(write(sealed, "y", 1), -1);
	cr_assert_eq(ftruncate(sealed, 0), -1);
	char *text = NULL;
	int plain = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(sealed_read(plain, &text), -EPERM);
	cr_assert_null(text);
}
