/* Lines, as lines.h says. */
#include "hamon/hooks/lines.h"

static char printable(char byte) {
	if (byte == '\t' || byte == '\r')
		return ' ';
	if (byte < ' ' || byte > '~')
		return '?';
	return byte;
}

void lines_end(struct lines *lines, lines_fn *fn, void *arg) {
	while (lines->n > 0 && lines->text[lines->n - 1] == ' ')
		lines->n--;
	lines->text[lines->n] = '\0';
	if (lines->n > 0)
		fn(arg, lines->text);
	lines->n = 0;
}

void lines_feed(struct lines *lines, const char *bytes, size_t n, lines_fn *fn, void *arg) {
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			lines_end(lines, fn, arg);
		else if (lines->n < LINES_TEXT - 1)
			lines->text[lines->n++] = printable(bytes[i]);
	}
}
