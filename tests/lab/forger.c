/* The forger: see forger.h. Its socket is made after it gave up root, so that the kernel knows its frames as a user's; all
 * else is as a daemon has it. */
#include "tests/lab/forger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/fault.h"
#include "tests/lab/shell.h"

enum { NOBODY = 65534, ROOM = 2048 };

struct forger {
	pid_t pid;
	int fd; /* frames go in, results come back */
};

/* CAP_NET_RAW and nothing else: to send as one likes is all that it may do. */
static void give_up_root(void) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	data[0].permitted = data[0].effective = 1U << CAP_NET_RAW;
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || syscall(SYS_capset, &header, data))
		shell_die("the forger cannot give up root: %s", strerror(errno));
}

static int open_raw(const char *interface) {
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = 0, /* it only sends */
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), priority = TC_PRIO_CONTROL;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		shell_die("the forger cannot send on %s: %s", interface, strerror(errno));
	return fd;
}

static void serve(int orders, int raw) {
	char frame[ROOM];
	for (ssize_t n; (n = recv(orders, frame, sizeof(frame), 0)) > 0;) {
		int result = send(raw, frame, (size_t)n, 0) < 0 ? -errno : 0;
		if (send(orders, &result, sizeof(result), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

struct forger *forger_start(const char *ns, const char *interface) {
	struct forger *forger = malloc(sizeof(*forger));
	int ends[2];
	fault_count();
	if (!forger || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		shell_die("no forger: %s", strerror(errno));
	forger->pid = child_fork();
	if (forger->pid == 0) {
		close(ends[0]);
		close(shell_enter(ns));
		give_up_root();
		serve(ends[1], open_raw(interface));
	}
	close(ends[1]);
	forger->fd = ends[0];
	return forger;
}

int forger_send(struct forger *forger, const void *frame, size_t len) {
	int result = 0;
	if (send(forger->fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len ||
	    recv(forger->fd, &result, sizeof(result), 0) != sizeof(result))
		shell_die("the forger is gone");
	return result;
}

void forger_stop(struct forger *forger) {
	child_end(forger->pid);
	close(forger->fd);
	free(forger);
}
