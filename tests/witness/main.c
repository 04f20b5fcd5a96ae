/* hamon-witness: sees who owns the shared IP, from outside. An independent program that shares no code with the daemon; the
 * lab starts it, a process for each role, and reads its record in shared memory. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/lab/shell.h"
#include "tests/witness/roles.h"

/* Above all that is not real-time, and below the daemon: on a processor that is slow for a while the witness must not take
 * what the daemon needs, or it would see what it made. What it captures bears the kernel's stamps, and what it asks too
 * late it counts as missed. */
enum { PRIORITY = 10, USAGE = 2 };

static const char help[] =
	"hamon-witness ask FD | capture FD\n"
	"    asks a shared IP, or captures what two nodes emit; FD: the memory that holds order and record\n"
	"    (started by hamon-lab, by the namespace tests, and not by people)\n";

static void *record_of(const char *number, size_t size) {
	char *end = NULL;
	int fd = (int)strtol(number, &end, 10);
	struct stat st;
	if (end == number || *end || fstat(fd, &st))
		shell_die("%s is no descriptor", number);
	if (st.st_size != (off_t)size)
		shell_die("the record has another size: the witness and its starter were not built together");
	void *record = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (record == MAP_FAILED)
		shell_die("cannot map the record: %s", strerror(errno));
	return record;
}

static void be_prompt(void) {
	struct sched_param param = {.sched_priority = PRIORITY};
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		shell_die("no real-time scheduling for the witness: %s", strerror(errno));
	/* The record's pages come as they are used: most of it is never needed. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		shell_die("no locked memory for the witness: %s", strerror(errno));
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for the lab, whose end is ours */
}

int main(int argc, char **argv) {
	const char *role = argc == 3 ? argv[1] : "";
	be_prompt();
	if (strcmp(role, "ask") == 0)
		role_ask(record_of(argv[2], sizeof(struct record_asked)));
	if (strcmp(role, "capture") == 0)
		role_capture(record_of(argv[2], sizeof(struct record_captured)));
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) == EOF;
	fputs(help, stderr);
	return USAGE;
}
