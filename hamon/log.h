/* One log line on stderr: time stamp or journal priority, then a sentence. The supervisor's own, and the report
 * worker's. */
#ifndef HAMON_LOG_H
#define HAMON_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* verbosity -1: LOG_NOTICE and worse (changes of role are notices), 0: LOG_INFO, 1: LOG_DEBUG. patient: wait for a reader
 * of stderr that stalls; else drop the line. */
void log_init(int verbosity, bool patient);

/* The sentence as it is, with the wall clock's time real_ns; control characters become '?'. */
void log_line(int priority, int64_t real_ns, const char *sentence);

/* The same, now. */
void log_say(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The wall clock, ns. */
int64_t log_real_now(void);

#endif
