/* What the monitor and the workers have in common at their start: options, signals, and the wait for the first message. */
#ifndef HAMON_PROCESS_H
#define HAMON_PROCESS_H

#include "hamon/mono.h"
#include "hamon/wire/message.h"

/* Where the supervisor puts the pipes (worker.h). */
enum { PROCESS_PIPE = 3, PROCESS_PIPE_2 = 4 };

struct process_options {
	const char *node, *run_dir; /* NULL: not given */
	int verbosity;
};

/* Reads `VERB --node NAME --run-dir D --verbosity N`, calls the process `name` in ps(1), and ignores the signals that a
 * terminal or a service manager sends to a whole group: when it is time to end, the supervisor says so. 0 or -EINVAL. */
int process_begin(const char *name, int argc, char **argv, struct process_options *options);

/* Waits for one message of this type. 0, -ETIMEDOUT, -EPROTO (another type, or no message of ours), or pipe_receive()'s
 * -errno; *descriptor is set on 0 alone. */
int process_await(int fd, enum message_type type, span_t patience, struct message *message, int *descriptor);

#endif
