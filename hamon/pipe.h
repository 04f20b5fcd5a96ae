/* The pipes between hamon's processes: SOCK_SEQPACKET pairs that carry a struct message and, beside it, at most one
 * descriptor. Nothing here blocks. */
#ifndef HAMON_PIPE_H
#define HAMON_PIPE_H

#include "hamon/wire/message.h"

/* A connected pair, close-on-exec and non-blocking. 0 or -errno; ends[] is untouched then. */
int pipe_open(int ends[static 2]);

/* Sends message (its body is set, its header is filled here) as `type`, with a copy of `descriptor` beside it unless that
 * is -1. 0, -EAGAIN: the other end does not read, -EPIPE: it is gone, or another -errno of sendmsg(2). */
int pipe_send(int fd, struct message *message, enum message_type type, int descriptor);

/* Takes one message. *descriptor is a fresh close-on-exec descriptor which the caller then owns, or -1. 0, -EAGAIN: nothing
 * there, -EPIPE: the other end is gone and nothing is left, -EPROTO: not a message of this binary's (it is consumed, and
 * what came beside it closed). *descriptor is untouched on failure. */
int pipe_receive(int fd, struct message *message, int *descriptor);

#endif
