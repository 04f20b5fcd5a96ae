/* The lab's janitor: see janitor.h. Its trick is a pipe: the lab holds the writing end and never writes to it, so whatever
 * ends the lab, the janitor reads the end of the file. */
#include "tests/lab/janitor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/cgroup.h"
#include "tests/lab/clock.h"
#include "tests/lab/shell.h"

#define NETNS_DIR "/run/netns"
#define NAME_HEAD "hamonlab"
/* A file of this name in a directory protects it. */
#define KEPT "kept"

enum { SPACES = 64, PATH = 512 };

static struct {
	pid_t owner, janitor;
	int pipe;
	char prefix[JANITOR_PREFIX];
} self = {.pipe = -1};

static const char *tmp_dir(void) {
	const char *tmp = getenv("TMPDIR");
	return tmp && *tmp ? tmp : "/tmp";
}

void janitor_make_dir(char path[static JANITOR_DIR]) {
	shell_print(path, JANITOR_DIR, "%s/" NAME_HEAD "%d-XXXXXX", tmp_dir(), (int)getpid());
	/* Its daemons' unprivileged processes look into it, too. */
	if (!mkdtemp(path) || chmod(path, 0755))
		shell_die("cannot make a directory like %s: %s", path, strerror(errno));
}

const char *janitor_prefix(void) {
	return self.prefix;
}

/* ---- what the janitor does ---- */

struct spaces {
	size_t n;
	char path[SPACES][PATH];
	struct stat stat[SPACES];
};

static void find_spaces(const char *prefix, struct spaces *out) {
	out->n = 0;
	DIR *dir = opendir(NETNS_DIR);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) && out->n < SPACES;) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		char *path = out->path[out->n];
		shell_print(path, PATH, NETNS_DIR "/%s", entry->d_name);
		if (stat(path, &out->stat[out->n]) == 0)
			out->n++;
	}
	closedir(dir);
}

static bool inside(const struct spaces *spaces, const char *process) {
	char path[PATH];
	struct stat st;
	shell_print(path, sizeof(path), "/proc/%s/ns/net", process);
	if (stat(path, &st))
		return false;
	for (size_t i = 0; i < spaces->n; i++)
		if (spaces->stat[i].st_ino == st.st_ino && spaces->stat[i].st_dev == st.st_dev)
			return true;
	return false;
}

/* Kills every process inside; returns how many there were. */
static unsigned kill_inside(const struct spaces *spaces) {
	unsigned n = 0;
	DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid <= 1 || pid == getpid() || !inside(spaces, entry->d_name))
			continue;
		kill((pid_t)pid, SIGKILL);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void janitor_remove_dir(const char *dir) {
	char mark[PATH];
	shell_print(mark, sizeof(mark), "%s/" KEPT, dir);
	if (access(mark, F_OK))
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void clean(const char *prefix) {
	static struct spaces spaces;
	find_spaces(prefix, &spaces);
	nanos end = clock_now() + 10 * NANOS_SEC;
	/* What is frozen cannot die, and a group is not empty before its last process is quite dead. */
	while ((cgroup_sweep(prefix) | (spaces.n ? kill_inside(&spaces) : 0)) && clock_now() < end)
		clock_sleep_until(clock_now() + 2 * NANOS_MS);
	for (size_t i = 0; i < spaces.n; i++) {
		umount2(spaces.path[i], MNT_DETACH);
		unlink(spaces.path[i]);
	}
}

static void serve(int fd, const char *dir) {
	setsid(); /* Ctrl-C is for the lab */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever waits for the end of the lab's output must not wait for us. */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i <= STDERR_FILENO; i++)
		dup2(null, i);
	for (char byte; read(fd, &byte, 1) != 0;)
		;
	clean(self.prefix);
	if (dir)
		janitor_remove_dir(dir);
	_exit(0);
}

/* ---- the lab's side ---- */

/* Has everything removed, and waits for it. Also called from signal handlers: nothing but async-signal-safe calls. */
static void finish(void) {
	if (self.pipe < 0 || self.owner != getpid())
		return;
	close(self.pipe);
	self.pipe = -1;
	while (waitpid(self.janitor, NULL, 0) < 0 && errno == EINTR)
		;
}

static void on_signal(int number) {
	finish();
	signal(number, SIG_DFL);
	raise(number);
}

void janitor_forget(void) {
	if (self.pipe >= 0)
		close(self.pipe);
	self.pipe = -1;
}

void janitor_keep_dir(const char *dir) {
	char mark[PATH];
	shell_print(mark, sizeof(mark), "%s/" KEPT, dir);
	int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		shell_die("cannot make %s: %s", mark, strerror(errno));
	close(fd);
}

void janitor_start(const char *dir) {
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		shell_die("no pipe: %s", strerror(errno));
	self.owner = getpid();
	shell_print(self.prefix, sizeof(self.prefix), NAME_HEAD "%d-", (int)self.owner);
	fflush(NULL);
	self.janitor = fork();
	if (self.janitor < 0)
		shell_die("cannot fork: %s", strerror(errno));
	if (self.janitor == 0) {
		close(ends[1]);
		serve(ends[0], dir);
	}
	close(ends[0]);
	self.pipe = ends[1];
	static bool hooked;
	if (!hooked)
		atexit(finish);
	hooked = true;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* The process that made what bears this name; 0: it is alive, or nobody of ours made it. */
static long dead_owner(const char *name) {
	char *end = NULL;
	if (strncmp(name, NAME_HEAD, strlen(NAME_HEAD)) != 0)
		return 0;
	long owner = strtol(name + strlen(NAME_HEAD), &end, 10);
	bool dead = owner > 0 && *end == '-' && kill((pid_t)owner, 0) < 0 && errno == ESRCH;
	return dead ? owner : 0;
}

void janitor_sweep(void) {
	DIR *spaces = opendir(NETNS_DIR);
	for (struct dirent *entry; spaces && (entry = readdir(spaces));) {
		char prefix[JANITOR_PREFIX];
		long owner = dead_owner(entry->d_name);
		shell_print(prefix, sizeof(prefix), NAME_HEAD "%ld-", owner);
		if (owner)
			clean(prefix);
	}
	if (spaces)
		closedir(spaces);
	DIR *dirs = opendir(tmp_dir());
	for (struct dirent *entry; dirs && (entry = readdir(dirs));) {
		char path[JANITOR_DIR + sizeof(entry->d_name)];
		shell_print(path, sizeof(path), "%s/%s", tmp_dir(), entry->d_name);
		if (dead_owner(entry->d_name))
			janitor_remove_dir(path);
	}
	if (dirs)
		closedir(dirs);
}
