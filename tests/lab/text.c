/* Text files: see text.h. */
#include "tests/lab/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/shell.h"

char *text_read(const char *path) {
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "re");
	ssize_t n = file ? getdelim(&text, &size, '\0', file) : -1;
	if (file)
		fclose(file);
	if (n < 0) {
		free(text);
		text = strdup("");
	}
	if (!text)
		shell_die("out of memory");
	return text;
}

const char *text_tail(const char *text, unsigned lines) {
	size_t at = strlen(text);
	/* The newline at the very end closes the last line, it does not begin one. */
	for (unsigned seen = 0; at > 0; at--)
		if (text[at - 1] == '\n' && seen++ == lines)
			break;
	return text + at;
}

nanos text_duration(const char *text) {
	char *end = NULL;
	long n = strtol(text, &end, 10);
	if (n <= 0 || n > 1000000)
		return 0;
	return strcmp(end, "ms") == 0 ? n * NANOS_MS : strcmp(end, "s") == 0 ? n * NANOS_SEC : 0;
}
