/* The stopper: see stopper.h, and ptrace(2). */
#include "tests/lab/stopper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/lab/clock.h"
#include "tests/lab/fault.h"
#include "tests/lab/frame.h"
#include "tests/lab/shell.h"

/* The mark is byte 3 of a heartbeat, docs/PROTOCOL.md. As far as that we read a frame. */
enum { MARK_AT = ETH_HLEN + 3, HEAD = MARK_AT + 1, VECTORS = 8 };

#define PATIENCE (30 * NANOS_SEC)

struct stopper {
	pid_t pid;
	bool stopped;
	int status; /* of its last stop, as waitpid(2) tells it */
};

static void must(bool done, const char *what, const struct stopper *stopper) {
	if (!done)
		shell_die("cannot %s process %d: %s", what, (int)stopper->pid, strerror(errno));
}

/* Waits for the process's next stop. False: the deadline passed. SIGCHLD is blocked meanwhile, so that one which comes
 * between our looking and our waiting is not missed. */
static bool wait_stop(struct stopper *stopper, nanos deadline) {
	sigset_t child, before;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	for (nanos left; !stopper->stopped && (left = deadline - clock_now()) > 0;) {
		pid_t pid = waitpid(stopper->pid, &stopper->status, __WALL | WNOHANG);
		must(pid >= 0 && (pid == 0 || WIFSTOPPED(stopper->status)), "follow", stopper);
		stopper->stopped = pid > 0;
		struct timespec ts = clock_timespec(left < NANOS_SEC ? left : NANOS_SEC);
		if (!stopper->stopped)
			sigtimedwait(&child, NULL, &ts);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return stopper->stopped;
}

/* Is it at the entry to a system call, or at the exit from one (PTRACE_O_TRACESYSGOOD)? */
static bool is_at_call(const struct stopper *stopper) {
	return WSTOPSIG(stopper->status) == (SIGTRAP | 0x80);
}

/* The signal on which it stopped, and which it must not miss; NULL: it stopped at a call, or because we asked for it. */
static void *signal_of(const struct stopper *stopper) {
	bool ours = is_at_call(stopper) || stopper->status >> 16 != 0;
	return ours ? NULL : (void *)(intptr_t)WSTOPSIG(stopper->status);
}

/* Lets the process go on to its next system call. */
static void go_on(struct stopper *stopper) {
	must(ptrace(PTRACE_SYSCALL, stopper->pid, NULL, signal_of(stopper)) == 0, "continue", stopper);
	stopper->stopped = false;
}

/* Reads the process's memory. */
static bool peek(const struct stopper *stopper, const void *from, void *to, size_t len) {
	struct iovec local = {to, len}, remote = {(void *)from, len};
	return process_vm_readv(stopper->pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/* The first bytes of what a sendmsg() is about to send. False: it sends less, or we cannot see it. */
static bool peek_frame(const struct stopper *stopper, const void *message, uint8_t head[static HEAD]) {
	struct msghdr header = {0};
	struct iovec vectors[VECTORS] = {0};
	if (!peek(stopper, message, &header, sizeof(header)))
		return false;
	size_t n = header.msg_iovlen < VECTORS ? header.msg_iovlen : VECTORS, got = 0;
	if (!peek(stopper, header.msg_iov, vectors, n * sizeof(*vectors)))
		return false;
	for (size_t i = 0; i < n && got < HEAD; i++) {
		size_t len = vectors[i].iov_len < HEAD - got ? vectors[i].iov_len : HEAD - got;
		if (!peek(stopper, vectors[i].iov_base, head + got, len))
			return false;
		got += len;
	}
	return got == HEAD;
}

/* It stopped at a system call: is it the beginning of the one we want? */
static bool is_wanted(const struct stopper *stopper, uint8_t mark) {
	struct __ptrace_syscall_info info = {0};
	uint8_t head[HEAD];
	void *size = (void *)(uintptr_t)sizeof(info);
	must(ptrace(PTRACE_GET_SYSCALL_INFO, stopper->pid, size, &info) > 0, "look into", stopper);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_sendmsg)
		return false;
	if (!peek_frame(stopper, (const void *)(uintptr_t)info.entry.args[1], head))
		return false;
	struct ether_header ethernet;
	memcpy(&ethernet, head, sizeof(ethernet));
	return ethernet.ether_type == htons(FRAME_HEARTBEAT_TYPE) && head[MARK_AT] == mark;
}

struct stopper *stopper_attach(pid_t pid) {
	struct stopper *stopper = calloc(1, sizeof(*stopper));
	if (!stopper)
		shell_die("out of memory");
	stopper->pid = pid;
	fault_count();
	shell_be_prompt(true); /* while it is traced, the process waits for us at each system call */
	must(ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) == 0, "attach to", stopper);
	return stopper;
}

/* Brings it to a stop, wherever it is. */
static void interrupt(struct stopper *stopper) {
	if (stopper->stopped)
		return;
	must(ptrace(PTRACE_INTERRUPT, stopper->pid, NULL, NULL) == 0, "interrupt", stopper);
	must(wait_stop(stopper, clock_now() + PATIENCE), "stop", stopper);
}

bool stopper_wait_mark(struct stopper *stopper, uint8_t mark, nanos deadline) {
	interrupt(stopper);
	go_on(stopper);
	while (wait_stop(stopper, deadline)) {
		if (is_at_call(stopper) && is_wanted(stopper, mark))
			return true;
		go_on(stopper);
	}
	return false;
}

void stopper_release(struct stopper *stopper) {
	interrupt(stopper);
	must(ptrace(PTRACE_DETACH, stopper->pid, NULL, signal_of(stopper)) == 0, "detach from", stopper);
	shell_be_prompt(false);
	free(stopper);
}
