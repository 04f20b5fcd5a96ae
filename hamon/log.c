/* Log lines on stderr, as log.h says. Each is one write(2), so that the lines of several processes do not mix. */
#include "hamon/log.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hamon/mono.h"

enum { LINE_MAX_BYTES = 1024 };

static struct {
	int threshold; /* lines less urgent than this are not written */
	bool patient, journal;
} how = {.threshold = LOG_INFO};

/* Is stderr the journal's stream? Its device and inode stand in the environment (systemd.exec(5), $JOURNAL_STREAM), which a
 * process behind a redirection may have inherited: hence the comparison. */
static bool stderr_is_journal(void) {
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat file;
	if (!stream || fstat(STDERR_FILENO, &file) < 0)
		return false;
	char own[64];
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);
	return strcmp(stream, own) == 0;
}

void log_init(int verbosity, bool patient) {
	how.threshold = verbosity < 0 ? LOG_NOTICE : verbosity > 0 ? LOG_DEBUG : LOG_INFO;
	how.patient = patient;
	how.journal = stderr_is_journal();
}

int64_t log_real_now(void) {
	struct timespec now;
	return clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec * SEC + now.tv_nsec : 0;
}

/* "2025-08-19 02:00:11.204 ", in local time; the journal wants "<6>" instead and keeps the time itself. */
static size_t write_head(int priority, int64_t real_ns, char *out, size_t size) {
	if (how.journal)
		return (size_t)snprintf(out, size, "<%d>", priority);
	time_t seconds = (time_t)(real_ns / SEC);
	struct tm local;
	if (!localtime_r(&seconds, &local))
		return 0;
	size_t n = strftime(out, size, "%Y-%m-%d %H:%M:%S", &local);
	return n + (size_t)snprintf(out + n, size - n, ".%03d ", (int)(real_ns % SEC / MSEC));
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)), more than a line has. */
static bool reader_stalls(void) {
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 0;
}

void log_line(int priority, int64_t real_ns, const char *sentence) {
	if (priority > how.threshold || (!how.patient && reader_stalls()))
		return;
	char line[LINE_MAX_BYTES];
	size_t n = write_head(priority, real_ns, line, sizeof(line));
	for (; *sentence && n < sizeof(line) - 1; sentence++)
		line[n++] = iscntrl((unsigned char)*sentence) ? '?' : *sentence;
	line[n++] = '\n';
	/* Nobody is left to tell where this fails. */
	ssize_t written = write(STDERR_FILENO, line, n);
	(void)written;
}

void log_say(int priority, const char *format, ...) {
	char sentence[LINE_MAX_BYTES];
	va_list values;
	va_start(values, format);
	vsnprintf(sentence, sizeof(sentence), format, values);
	va_end(values);
	log_line(priority, log_real_now(), sentence);
}
