/* The freezer: see cgroup.h, and Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst of the kernel. */
#include "tests/lab/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/clock.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

enum { PATH = 320, STATE = 32 };

#define FROZEN   "FROZEN"
#define THAWED   "THAWED"
#define PATIENCE (10 * NANOS_SEC)

/* The hierarchy's root, as a mount that is attached nowhere and ends with the descriptor; -1: this kernel has none. */
static int open_root(void) {
	int mount = -1, root = -1, context = fsopen("cgroup", FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_SET_FLAG, "freezer", NULL, 0) == 0 &&
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0) {
		root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a mount's own descriptor cannot be read */
		close(mount);
	}
	close(context);
	return root;
}

static int write_at(int root, const char *name, const char *file, const char *text) {
	char path[PATH];
	shell_print(path, sizeof(path), "%s/%s", name, file);
	int fd = openat(root, path, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || write(fd, text, strlen(text)) < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return -error;
}

static bool is_frozen(int root, const char *name) {
	char path[PATH], state[STATE] = "";
	shell_print(path, sizeof(path), "%s/freezer.state", name);
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, state, sizeof(state) - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 && strncmp(state, FROZEN, strlen(FROZEN)) == 0;
}

static void must(int error, const char *what, const char *name) {
	if (error)
		shell_die("cannot %s the cgroup %s: %s", what, name, strerror(-error));
}

void cgroup_freeze(const char *name, const pid_t *processes, size_t n) {
	int root = open_root();
	if (root < 0)
		shell_die("this kernel has no freezer of cgroup version 1: %s", strerror(errno));
	if (mkdirat(root, name, 0755) && errno != EEXIST)
		must(-errno, "make", name);
	for (size_t i = 0; i < n; i++) {
		char number[16];
		shell_print(number, sizeof(number), "%d", (int)processes[i]);
		int error = write_at(root, name, "cgroup.procs", number);
		must(error == -ESRCH ? 0 : error, "put a process into", name);
	}
	must(write_at(root, name, "freezer.state", FROZEN), "freeze", name);
	for (nanos end = clock_now() + PATIENCE; !is_frozen(root, name);) {
		if (clock_now() > end)
			must(-ETIMEDOUT, "freeze", name);
		clock_sleep_until(clock_now() + NANOS_MS / 10);
	}
	close(root);
}

void cgroup_thaw(const char *name) {
	int root = open_root();
	must(root < 0 ? -errno : write_at(root, name, "freezer.state", THAWED), "thaw", name);
	close(root);
}

/* Are there groups at all? To open a hierarchy that nobody uses would make one. */
static bool is_in_use(void) {
	static const char name[] = "\nfreezer\t";
	char *text = text_read("/proc/cgroups"), *end = NULL;
	const char *row = strstr(text, name); /* name, number of the hierarchy, number of groups */
	long hierarchy = row ? strtol(row + strlen(name), &end, 10) : 0;
	bool in_use = hierarchy > 0 && strtol(end, NULL, 10) > 1;
	free(text);
	return in_use;
}

unsigned cgroup_sweep(const char *prefix) {
	unsigned left = 0;
	int root = is_in_use() ? open_root() : -1;
	DIR *dir = root < 0 ? NULL : fdopendir(root);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		write_at(root, entry->d_name, "freezer.state", THAWED);
		left += unlinkat(root, entry->d_name, AT_REMOVEDIR) != 0;
	}
	if (dir)
		closedir(dir);
	else if (root >= 0)
		close(root);
	return left;
}
