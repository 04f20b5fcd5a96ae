/* What a command is told: its environment, and a fence command's standard input. docs/hamon.conf.5 documents both. */
#ifndef HAMON_HOOKS_ENVIRONMENT_H
#define HAMON_HOOKS_ENVIRONMENT_H

#include <stddef.h>

#include "hamon/conf/conf.h"
#include "hamon/wire/message.h"

enum { ENVIRONMENT_VARIABLES = 16, ENVIRONMENT_TEXT = 64 << 10, ENVIRONMENT_INPUT = 512 };

struct environment {
	char *list[ENVIRONMENT_VARIABLES + 1]; /* for execve(2); NULL-terminated; points into text */
	unsigned n;
	size_t used;
	char text[ENVIRONMENT_TEXT]; /* 1,024 shared IPs fit */
};

/* Nothing of the daemon's own environment is in it. The health command is asked about the service, whatever the state: it
 * is not told of a change. */
void environment_make(struct environment *environment, const struct conf *conf, const struct message_run *order);

/* The peer is to be switched off, as fence agents read it: lines of key=value. */
void environment_fence_input(char out[static ENVIRONMENT_INPUT], const struct conf *conf);

#endif
