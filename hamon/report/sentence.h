/* What a note says in words: one line of text and its priority. Pure: names and a note go in, text comes out. */
#ifndef HAMON_REPORT_SENTENCE_H
#define HAMON_REPORT_SENTENCE_H

#include <netinet/in.h>
#include <stddef.h>

#include "hamon/conf/conf.h"
#include "hamon/core/core.h"
#include "hamon/core/note.h"

/* What the numbers in a note are called here. */
struct sentence_names {
	char cluster[CONF_NAME], self[CONF_NAME], peer[CONF_NAME];
	unsigned links_n, tests_n;
	char links[CORE_LINKS][IF_NAMESIZE];
	char tests[CORE_TESTS][INET6_ADDRSTRLEN]; /* none configured: each is called "gateway" */
};

enum { SENTENCE_MAX = 512 };

void sentence_names(const struct conf *conf, struct sentence_names *names);

/* Writes the sentence, NUL-terminated, cut at SENTENCE_MAX. Returns its priority (syslog(3): LOG_ERR .. LOG_DEBUG). */
int sentence_write(const struct sentence_names *names, const struct note *note, char out[static SENTENCE_MAX]);

#endif
