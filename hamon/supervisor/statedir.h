/* The state directory: what a node must still know after a crash. One lock, and four small text files that are replaced as
 * a whole (write, fsync, rename, fsync of the directory), so that each holds its old or its new content and nothing
 * between. A file that cannot be understood is an error, never a default: a lower epoch or boot number would be unsafe. */
#ifndef HAMON_SUPERVISOR_STATEDIR_H
#define HAMON_SUPERVISOR_STATEDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hamon/conf/conf.h"
#include "hamon/wire/message.h"

enum { STATEDIR_EPOCHS_AHEAD = 64, STATEDIR_ADDRESSES = 4 * CORE_IPS, STATEDIR_WHY = 512 };

/* Addresses that this node may have set, with the interface they belong on. */
struct statedir_addresses {
	unsigned n;
	struct conf_ip list[STATEDIR_ADDRESSES];
};

struct statedir {
	char path[PATH_MAX];
	int dir;
	int lock;               /* the monitor inherits it: while either lives, no second daemon starts */
	uint64_t boot;          /* the newest boot number given out */
	uint64_t mark;          /* the highest epoch that may have been used: what the file says */
	char why[STATEDIR_WHY]; /* the newest failure, as a sentence that names the file */
};

/* Makes a directory with this mode, and those above it (0755). 0: it is there, or -errno. */
int statedir_make(const char *path, mode_t mode);

/* Makes the directory (and those above it), opens and locks it, writes our process id into `lock`, reads boot number and
 * epochs. A lock whose supervisor is dead is waited for: its monitor is just stepping down. 0; -EBUSY: another daemon has
 * it; -EBADMSG: a file cannot be understood; or -errno. state->why says it in words on every failure; nothing is held
 * then. */
int statedir_open(struct statedir *state, const char *path);
void statedir_close(struct statedir *state);

/* Adds the monitor's process id to the lock file. */
void statedir_monitor(struct statedir *state, pid_t monitor);

/* The next boot number: max(last + 1, the wall clock's seconds), so that restarts are ordered even if the disk was wiped.
 * Always sets *boot. 0: it is on disk, or -errno: it is not. */
int statedir_next_boot(struct statedir *state, int64_t wall_s, uint64_t *boot);

/* The next boot number will be above this one. 0: so much is on disk, -ERANGE (none can be that high: nothing changes), or
 * another -errno: it is not on disk, and holds while this process lives. */
int statedir_raise_boot(struct statedir *state, uint64_t above);

/* Raises the mark to `epoch`, unless it is there already; state->mark is what is on disk, always. 0, -ERANGE (no epoch can
 * be that high) or -errno. */
int statedir_reserve(struct statedir *state, uint64_t epoch);

/* No file: all zero. 0, -EBADMSG or -errno. */
int statedir_read_operator(struct statedir *state, struct message_operator *kept);
int statedir_write_operator(struct statedir *state, const struct message_operator *kept);

/* No file: none. 0, -EBADMSG, -ENOSPC (too many) or -errno. */
int statedir_read_addresses(struct statedir *state, struct statedir_addresses *addresses);
int statedir_write_addresses(struct statedir *state, const struct statedir_addresses *addresses);

/* Adds what the configuration names and the list lacks. 0 or -ENOSPC: the list is full, and unchanged. */
int statedir_merge_addresses(struct statedir_addresses *addresses, const struct conf *conf);

#endif
