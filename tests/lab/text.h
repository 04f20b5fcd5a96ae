/* Text files that the daemons and tests wrote. */
#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include <stddef.h>

/* The whole file, up to its first NUL if it has one; empty when there is none. The caller frees it. */
char *text_read(const char *path);

/* Where the last so many lines begin. */
const char *text_tail(const char *text, unsigned lines);

#endif
