/* The state directory, as statedir.h says. Text, one fact a line, because it is read by people when all else has failed. */
#include "hamon/supervisor/statedir.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hamon/file.h"
#include "hamon/loop.h"

enum { FILE_MAX = 1 << 20 };

/* A monitor whose supervisor died steps down in good order; so long we wait for it, looking so often. */
#define ORPHAN_PATIENCE (3 * SEC)
#define ORPHAN_POLL     (20 * MSEC)

__attribute__((format(printf, 3, 4))) static int fail(struct statedir *state, int error, const char *format, ...) {
	va_list values;
	va_start(values, format);
	vsnprintf(state->why, sizeof(state->why), format, values);
	va_end(values);
	return error;
}

static int fail_file(struct statedir *state, const char *name, const char *what, int error) {
	return fail(state, error, "%s/%s cannot be %s: %s", state->path, name, what, strerror(-error));
}

/* ---- whole files ---- */

static int replace_file(struct statedir *state, const char *name, const char *text, size_t length) {
	char fresh[32];
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	int fd = openat(state->dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail_file(state, name, "written", -errno);
	int rc = file_write(fd, text, length);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	if (rc == 0 && renameat(state->dir, fresh, state->dir, name) < 0)
		rc = -errno;
	/* The new name is not on disk before its directory is. */
	if (rc == 0 && fsync(state->dir) < 0)
		rc = -errno;
	return rc < 0 ? fail_file(state, name, "written", rc) : 0;
}

/* A fresh NUL-terminated string; NULL: errno says why. */
static char *read_fd(int fd) {
	struct stat file;
	if (fstat(fd, &file) < 0)
		return NULL;
	if (!S_ISREG(file.st_mode) || file.st_size > FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	char *buffer = malloc((size_t)file.st_size + 1);
	ssize_t n = buffer ? read(fd, buffer, (size_t)file.st_size) : -1;
	if (n < 0) {
		free(buffer); /* leaves errno as it is, since glibc 2.33 */
		return NULL;
	}
	buffer[n] = '\0';
	return buffer;
}

/* A fresh NUL-terminated string that the caller frees. NULL: *rc is -ENOENT, or -errno and it was said why. */
static char *read_file(struct statedir *state, const char *name, int *rc) {
	int fd = openat(state->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *text = fd < 0 ? NULL : read_fd(fd);
	if (!text)
		*rc = -errno;
	if (fd >= 0)
		close(fd);
	if (!text && *rc != -ENOENT)
		fail_file(state, name, "read", *rc);
	return text;
}

/* ---- numbers ---- */

/* Digits up to `end`, and nothing else; no clock and no count of ours gets beyond INT64_MAX. */
static bool parse_number(const char *text, const char *end, uint64_t *out) {
	uint64_t value = 0;
	if (text == end)
		return false;
	for (; text < end; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	if (value > INT64_MAX)
		return false;
	*out = value;
	return true;
}

/* No file: 0. The newline must be there: a number without it may have lost digits. */
static int read_number(struct statedir *state, const char *name, uint64_t *out) {
	int rc = 0;
	char *text = read_file(state, name, &rc);
	if (!text && rc == -ENOENT)
		*out = 0;
	if (!text)
		return rc == -ENOENT ? 0 : rc;
	const char *end = strchr(text, '\n');
	if (!end || end[1] != '\0' || !parse_number(text, end, out))
		rc = fail(state, -EBADMSG,
			  "%s/%s is damaged: it must hold one number and a newline; restore it, or remove it while the "
			  "other node runs",
			  state->path, name);
	free(text);
	return rc;
}

static int write_number(struct statedir *state, const char *name, uint64_t value) {
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	return replace_file(state, name, text, (size_t)n);
}

int statedir_next_boot(struct statedir *state, int64_t wall_s, uint64_t *boot) {
	uint64_t next = state->boot + 1;
	if (wall_s > 0 && (uint64_t)wall_s > next)
		next = (uint64_t)wall_s;
	*boot = state->boot = next;
	return write_number(state, "boot", next);
}

int statedir_raise_boot(struct statedir *state, uint64_t above) {
	if (above >= INT64_MAX)
		return fail(state, -ERANGE, "boot number %" PRIu64 " cannot be", above);
	if (above <= state->boot)
		return 0;
	state->boot = above;
	return write_number(state, "boot", above);
}

int statedir_reserve(struct statedir *state, uint64_t epoch) {
	if (epoch > INT64_MAX)
		return fail(state, -ERANGE, "epoch %" PRIu64 " cannot be", epoch);
	if (epoch <= state->mark)
		return 0;
	int rc = write_number(state, "epoch", epoch);
	if (rc == 0)
		state->mark = epoch;
	return rc;
}

/* ---- lines ---- */

/* One line, cut into its words; false: it cannot be understood. */
typedef bool line_fn(void *arg, const char *key, const char *value);

/* Each line is two words. No file: no line. */
static int read_lines(struct statedir *state, const char *name, line_fn *fn, void *arg) {
	int rc = 0;
	char *text = read_file(state, name, &rc);
	if (!text)
		return rc == -ENOENT ? 0 : rc;
	unsigned number = 0;
	char *rest = text;
	while (rc == 0 && *rest) {
		char *end = strchr(rest, '\n');
		number++;
		if (end)
			*end = '\0';
		char *space = strchr(rest, ' ');
		if (space)
			*space++ = '\0';
		if (!end || !space || !fn(arg, rest, space))
			rc = fail(state, -EBADMSG, "%s/%s is damaged at line %u: restore or remove it", state->path, name,
				  number);
		else
			rest = end + 1;
	}
	free(text);
	return rc;
}

static bool operator_line(void *arg, const char *key, const char *value) {
	struct message_operator *kept = arg;
	uint64_t number;
	struct ip_address address;
	const char *end = value + strlen(value);
	if (strcmp(key, "disabled") == 0) {
		if (kept->disabled_n == CORE_IPS || conf_address(value, &address) < 0)
			return false;
		kept->disabled[kept->disabled_n].family = address.family;
		memcpy(kept->disabled[kept->disabled_n++].bytes, address.bytes, sizeof(address.bytes));
		return true;
	}
	if (!parse_number(value, end, &number))
		return false;
	if (strcmp(key, "paused") == 0 && number <= 1)
		kept->paused = (uint8_t)number;
	else if (strcmp(key, "paused-until") == 0)
		kept->paused_until_real = (int64_t)number;
	else
		return false;
	return true;
}

int statedir_read_operator(struct statedir *state, struct message_operator *kept) {
	struct message_operator read = {0};
	int rc = read_lines(state, "operator", operator_line, &read);
	if (rc == 0)
		*kept = read;
	return rc;
}

static bool address_line(void *arg, const char *key, const char *value) {
	struct statedir_addresses *addresses = arg;
	struct conf_ip ip = {0};
	char text[INET6_ADDRSTRLEN];
	uint64_t prefix;
	const char *slash = strchr(value, '/');
	if (addresses->n == STATEDIR_ADDRESSES || !slash || (size_t)(slash - value) >= sizeof(text) || !*key ||
	    strlen(key) >= sizeof(ip.interface))
		return false;
	memcpy(text, value, (size_t)(slash - value));
	text[slash - value] = '\0';
	if (conf_address(text, &ip.address) < 0 || !parse_number(slash + 1, slash + strlen(slash), &prefix) ||
	    prefix > (ip.address.family == AF_INET ? 32 : 128))
		return false;
	ip.prefix = (uint8_t)prefix;
	memcpy(ip.interface, key, strlen(key));
	addresses->list[addresses->n++] = ip;
	return true;
}

int statedir_read_addresses(struct statedir *state, struct statedir_addresses *addresses) {
	addresses->n = 0;
	return read_lines(state, "addresses", address_line, addresses);
}

/* ---- writing lines ---- */

/* Ends what open_memstream() began, and writes it. */
static int replace_with(struct statedir *state, const char *name, FILE *out, char **text, const size_t *length) {
	int rc = fclose(out) != 0 ? fail_file(state, name, "written", -ENOMEM) : replace_file(state, name, *text, *length);
	free(*text);
	return rc;
}

int statedir_write_operator(struct statedir *state, const struct message_operator *kept) {
	assert(kept->disabled_n <= CORE_IPS);
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return fail_file(state, "operator", "written", -ENOMEM);
	fprintf(out, "paused %d\npaused-until %" PRId64 "\n", kept->paused != 0, kept->paused_until_real);
	for (unsigned i = 0; i < kept->disabled_n; i++) {
		struct ip_address address = {.family = kept->disabled[i].family};
		char name[INET6_ADDRSTRLEN];
		memcpy(address.bytes, kept->disabled[i].bytes, sizeof(address.bytes));
		fprintf(out, "disabled %s\n", conf_address_text(&address, name));
	}
	return replace_with(state, "operator", out, &text, &length);
}

int statedir_write_addresses(struct statedir *state, const struct statedir_addresses *addresses) {
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return fail_file(state, "addresses", "written", -ENOMEM);
	for (unsigned i = 0; i < addresses->n; i++) {
		char name[INET6_ADDRSTRLEN];
		const struct conf_ip *ip = &addresses->list[i];
		fprintf(out, "%s %s/%u\n", ip->interface, conf_address_text(&ip->address, name), ip->prefix);
	}
	return replace_with(state, "addresses", out, &text, &length);
}

static bool listed(const struct statedir_addresses *addresses, const struct conf_ip *ip) {
	for (unsigned i = 0; i < addresses->n; i++) {
		const struct conf_ip *other = &addresses->list[i];
		if (memcmp(&other->address, &ip->address, sizeof(ip->address)) == 0 && other->prefix == ip->prefix &&
		    strcmp(other->interface, ip->interface) == 0)
			return true;
	}
	return false;
}

int statedir_merge_addresses(struct statedir_addresses *addresses, const struct conf *conf) {
	unsigned before = addresses->n;
	for (unsigned i = 0; i < conf->ips_n; i++) {
		if (listed(addresses, &conf->ips[i]))
			continue;
		if (addresses->n == STATEDIR_ADDRESSES) {
			addresses->n = before;
			return -ENOSPC;
		}
		addresses->list[addresses->n++] = conf->ips[i];
	}
	return 0;
}

/* ---- the directory and its lock ---- */

int statedir_make(const char *path, mode_t mode) {
	char part[PATH_MAX];
	size_t length = strlen(path);
	if (length == 0 || length >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, length + 1);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* The process ids in the lock file: the supervisor's, and its monitor's; 0 where it says none. */
static void read_holders(int lock, pid_t *supervisor, pid_t *monitor) {
	char text[64] = "";
	long first = 0, second = 0;
	if (pread(lock, text, sizeof(text) - 1, 0) > 0) {
		char *rest;
		first = strtol(text, &rest, 10);
		second = strtol(rest, NULL, 10);
	}
	*supervisor = (pid_t)first;
	*monitor = (pid_t)second;
}

static bool is_gone(pid_t pid) {
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static int take_lock(struct statedir *state) {
	for (mono_t patience = mono_now() + ORPHAN_PATIENCE;;) {
		if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return fail_file(state, "lock", "locked", -errno);
		pid_t supervisor, monitor;
		read_holders(state->lock, &supervisor, &monitor);
		if (!is_gone(supervisor))
			return fail(state, -EBUSY, "another daemon, process %d, uses %s", (int)supervisor, state->path);
		if (mono_now() > patience)
			return fail(state, -EBUSY, "a monitor without its supervisor, process %d, still uses %s",
				    (int)monitor, state->path);
		nanosleep(&(struct timespec){.tv_nsec = ORPHAN_POLL}, NULL);
	}
}

/* Not a matter of safety, only of what a second daemon is told: failures are ignored. */
void statedir_monitor(struct statedir *state, pid_t monitor) {
	char text[64];
	int n = snprintf(text, sizeof(text), "%d\n%d\n", (int)getpid(), (int)monitor);
	if (pwrite(state->lock, text, (size_t)n, 0) == n && ftruncate(state->lock, n) < 0)
		return;
}

static int open_directory(struct statedir *state) {
	int rc = statedir_make(state->path, 0700);
	if (rc < 0)
		return fail(state, rc, "%s cannot be made: %s", state->path, strerror(-rc));
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state->dir < 0)
		return fail(state, -errno, "%s cannot be opened: %s", state->path, strerror(errno));
	state->lock = openat(state->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	return state->lock < 0 ? fail_file(state, "lock", "opened", -errno) : 0;
}

int statedir_open(struct statedir *state, const char *path) {
	*state = (struct statedir){.dir = -1, .lock = -1};
	if (strlen(path) >= sizeof(state->path) || !*path)
		return fail(state, -ENAMETOOLONG, "the state directory's path is empty or too long");
	memcpy(state->path, path, strlen(path) + 1);
	int rc = open_directory(state);
	if (rc == 0)
		rc = take_lock(state);
	if (rc == 0)
		rc = read_number(state, "boot", &state->boot);
	if (rc == 0)
		rc = read_number(state, "epoch", &state->mark);
	if (rc < 0)
		statedir_close(state);
	else
		statedir_monitor(state, 0);
	return rc;
}

void statedir_close(struct statedir *state) {
	if (state->dir >= 0)
		close(state->dir);
	if (state->lock >= 0)
		close(state->lock);
	state->dir = state->lock = -1;
}
