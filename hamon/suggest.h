/* "Did you mean …?": the known word nearest to a mistyped one. For keys of the configuration, verbs and options alike. */
#ifndef HAMON_SUGGEST_H
#define HAMON_SUGGEST_H

struct suggest {
	const char *word;
	const char *best; /* the nearest word offered so far; NULL: none is near enough to be meant */
	unsigned distance;
};

/* Begins with the mistyped word, which is kept by reference. */
void suggest_init(struct suggest *s, const char *word);

/* Offers one known word, kept by reference. Of equally near ones the first stays. */
void suggest_offer(struct suggest *s, const char *known);

#endif
