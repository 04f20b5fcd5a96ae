/* Wall clocks that are off: see wallclock.h. */
#include "tests/lab/wallclock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/fault.h"
#include "tests/lab/shell.h"

#define LIBRARY "hamon-wallclock.so"

static void file_of(const struct pair *pair, enum net_host host, char out[static PAIR_PATH + 16]) {
	shell_print(out, PAIR_PATH + 16, "%s/wallclock", pair->node[host].dir);
}

/* The file stays what it is: daemons have it in their memory. */
void wallclock_step(const struct pair *pair, enum net_host host, long long seconds) {
	char path[PAIR_PATH + 16];
	int64_t value = seconds;
	file_of(pair, host, path);
	fault_count();
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || pwrite(fd, &value, sizeof(value), 0) != sizeof(value))
		shell_die("cannot write %s: %s", path, strerror(errno));
	close(fd);
}

/* A sanitizer wants to be the first library, and can do without. */
void wallclock_start(struct pair *pair, enum net_host host, long long seconds) {
	char path[PAIR_PATH + 16], library[PATH_MAX], words[PATH_MAX + 2 * PAIR_PATH];
	wallclock_step(pair, host, seconds);
	file_of(pair, host, path);
	shell_beside(library, sizeof(library), LIBRARY);
	shell_print(words, sizeof(words), "env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=%s WALLCLOCK=%s", library,
		    path);
	pair_start_by(pair, host, words);
}

bool wallclock_shown(const struct pair *pair, enum net_host host, long long seconds) {
	char line[32];
	time_t there = time(NULL) + (time_t)seconds;
	struct tm tm;
	strftime(line, sizeof(line), "\n%Y-", localtime_r(&there, &tm));
	return pair_logged(pair, host, line);
}
