/* Pieces of text, as words.h says. */
#include "hamon/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "hamon/core/note.h"

struct words words_in(char *out, size_t size) {
	assert(size > 0);
	out[0] = '\0';
	return (struct words){.out = out, .size = size};
}

void words_add(struct words *words, const char *format, ...) {
	size_t room = words->size - words->n;
	va_list values;
	va_start(values, format);
	int n = vsnprintf(words->out + words->n, room, format, values);
	va_end(values);
	if (n > 0)
		words->n += (size_t)n < room ? (size_t)n : room - 1;
}

void words_span(struct words *words, span_t span) {
	if (span < 10 * MSEC)
		words_add(words, "%" PRId64 ".%" PRId64 " ms", span / MSEC, span % MSEC / (100 * USEC));
	else if (span < 10 * SEC)
		words_add(words, "%" PRId64 " ms", span / MSEC);
	else if (span < 600 * SEC)
		words_add(words, "%" PRId64 ".%" PRId64 " s", span / SEC, span % SEC / (100 * MSEC));
	else if (span % (3600 * SEC))
		words_add(words, "%" PRId64 " min", span / (60 * SEC));
	else
		words_add(words, "%" PRId64 " h", span / (3600 * SEC));
}

void words_count(struct words *words, int64_t n, const char *thing) {
	words_add(words, "%" PRId64 " %s%s", n, thing, n == 1 ? "" : "s");
}

void words_faults(struct words *words, uint16_t faults) {
	const char *before = "";
	for (unsigned bit = 0; bit < FAULTS; bit++) {
		if (!(faults >> bit & 1))
			continue;
		words_add(words, "%s%s", before, fault_name((enum fault)(1 << bit)));
		before = ", ";
	}
}
