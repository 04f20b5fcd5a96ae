/* What is told of a command in the log: one sentence for a line that it wrote, one for its end. */
#ifndef HAMON_HOOKS_TALE_H
#define HAMON_HOOKS_TALE_H

#include <stdbool.h>

#include "hamon/wire/message.h"

/* Did it end with status 0, in time? */
bool tale_ended_well(const struct message_ran *ran);

/* "primary command: LINE", and how many lines were left out before it. */
void tale_line(const struct message_said *said, char out[static NOTE_TEXT]);

/* "the primary command ended with status 3 after 1200 ms: LINE" */
void tale_end(const struct message_ran *ran, char out[static NOTE_TEXT]);

#endif
