/* Text files that the daemons and tests wrote, and times as people write them. */
#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include <stddef.h>

#include "tests/lab/clock.h"

/* The whole file, up to its first NUL if it has one; empty when there is none. The caller frees it. */
char *text_read(const char *path);

/* Where the last so many lines begin. */
const char *text_tail(const char *text, unsigned lines);

/* "100ms", "2s"; 0: neither. */
nanos text_duration(const char *text);

#endif
