/* Text for people, put together piece by piece in a buffer of the caller's, and cut at its end: what the log's sentences
 * and the facts of `hamon explain now` are made of. */
#ifndef HAMON_WORDS_H
#define HAMON_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "hamon/mono.h"

struct words {
	char *out;   /* always NUL-terminated */
	size_t size; /* of it; at least 1 */
	size_t n;    /* bytes written, less than size */
};

/* Empty words, in this buffer. */
struct words words_in(char *out, size_t size);

void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "0.7 ms", "450 ms", "12.3 s", "90 min", "2 h": as exact as somebody would say it. Not negative. */
void words_span(struct words *words, span_t span);

/* "1 epoch", "2 epochs" */
void words_count(struct words *words, int64_t n, const char *thing);

/* "carrier, epoch-reserve", from bits of enum fault; nothing for none. */
void words_faults(struct words *words, uint16_t faults);

#endif
