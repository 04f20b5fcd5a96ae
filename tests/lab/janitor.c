/* The lab's janitor: see janitor.h. Its trick is a pipe: the lab holds the writing end and never writes an end to it, so
 * whatever ends the lab, the janitor reads the end of the file. */
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

#include "tests/lab/clock.h"
#include "tests/lab/shell.h"

#define NETNS_DIR "/run/netns"
#define NAME_HEAD "hamonlab"

enum { SPACES = 64, PATH = 320 };

static struct {
	pid_t owner, janitor;
	int pipe;
	char prefix[JANITOR_PREFIX];
} self = {.pipe = -1};

const char *janitor_tmp(void) {
	const char *tmp = getenv("TMPDIR");
	return tmp && *tmp ? tmp : "/tmp";
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

static void clean(const char *prefix, const char *dir) {
	static struct spaces spaces;
	find_spaces(prefix, &spaces);
	for (nanos end = clock_now() + 10 * NANOS_SEC; spaces.n && kill_inside(&spaces) && clock_now() < end;)
		clock_sleep_until(clock_now() + 2 * NANOS_MS);
	for (size_t i = 0; i < spaces.n; i++) {
		umount2(spaces.path[i], MNT_DETACH);
		unlink(spaces.path[i]);
	}
	if (dir)
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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
	bool keep = false;
	for (char byte;;) {
		ssize_t n = read(fd, &byte, 1);
		if (n == 0)
			break;
		keep |= n == 1;
	}
	clean(self.prefix, keep ? NULL : dir);
	_exit(0);
}

/* ---- the lab's side ---- */

/* Also called from signal handlers: nothing but async-signal-safe calls. */
void janitor_finish(void) {
	if (self.pipe < 0 || self.owner != getpid())
		return;
	close(self.pipe);
	self.pipe = -1;
	while (waitpid(self.janitor, NULL, 0) < 0 && errno == EINTR)
		;
}

static void on_signal(int number) {
	janitor_finish();
	signal(number, SIG_DFL);
	raise(number);
}

void janitor_forget(void) {
	if (self.pipe >= 0)
		close(self.pipe);
	self.pipe = -1;
}

void janitor_keep_dir(void) {
	if (self.pipe >= 0 && write(self.pipe, "k", 1) != 1)
		shell_die("the janitor is gone");
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
		atexit(janitor_finish);
	hooked = true;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

void janitor_sweep(void) {
	DIR *dir = opendir(NETNS_DIR);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, NAME_HEAD, strlen(NAME_HEAD)) != 0)
			continue;
		char *end = NULL;
		long owner = strtol(entry->d_name + strlen(NAME_HEAD), &end, 10);
		if (owner <= 0 || *end != '-' || kill((pid_t)owner, 0) == 0 || errno != ESRCH)
			continue;
		char prefix[JANITOR_PREFIX];
		shell_print(prefix, sizeof(prefix), NAME_HEAD "%ld-", owner);
		clean(prefix, NULL);
	}
	if (dir)
		closedir(dir);
}
