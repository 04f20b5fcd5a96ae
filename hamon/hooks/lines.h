/* A command's output on its way to the log: bytes in, printable lines of bounded length out. */
#ifndef HAMON_HOOKS_LINES_H
#define HAMON_HOOKS_LINES_H

#include <stddef.h>

/* With its NUL; what a line has beyond is cut. It leaves room in a note for the command's name. */
enum { LINES_TEXT = 128 };

struct lines {
	char text[LINES_TEXT]; /* the line under way */
	size_t n;
};

typedef void lines_fn(void *arg, const char *line);

/* Calls fn for each line that is complete now, but for empty ones. Of what is not printable ASCII, blanks become a blank,
 * anything else '?'. */
void lines_feed(struct lines *lines, const char *bytes, size_t n, lines_fn *fn, void *arg);

/* The output is at its end: what is left is a line, too. */
void lines_end(struct lines *lines, lines_fn *fn, void *arg);

#endif
