/* Edit distance (optimal string alignment): insertions, deletions, changes and swapped neighbours each count one. */
#include "hamon/suggest.h"

#include <string.h>
#include <sys/param.h>

enum { LONGEST = 48 }; /* nothing longer is a word of ours */

static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
	unsigned rows[3][LONGEST + 1]; /* the row being filled, and the two before */
	unsigned *older = rows[0], *last = rows[1], *row = rows[2];
	for (unsigned j = 0; j <= b_len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = MIN(change, MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], older[j - 2] + 1);
		}
		unsigned *spare = older;
		older = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

void suggest_init(struct suggest *s, const char *word) {
	/* A third of the word may be wrong, and one letter always: more than that is another word. */
	*s = (struct suggest){.word = word, .distance = MAX(strlen(word) / 3, 1) + 1};
}

void suggest_offer(struct suggest *s, const char *known) {
	size_t word_len = strlen(s->word), known_len = strlen(known);
	if (word_len > LONGEST || known_len > LONGEST)
		return;
	unsigned distance = edit_distance(s->word, word_len, known, known_len);
	if (distance < s->distance) {
		s->best = known;
		s->distance = distance;
	}
}
