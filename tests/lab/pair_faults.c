/* What befalls a node's processes: see pair_faults.h. */
#include "tests/lab/pair_faults.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lab/cgroup.h"
#include "tests/lab/fault.h"
#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"

static void send(pid_t pid, int number) {
	if (kill(pid, number) && errno != ESRCH)
		shell_die("cannot send signal %d to process %d: %s", number, (int)pid, strerror(errno));
}

/* The supervisor, and then its children: stopped first it starts none while we look, and learns of nothing. That signal is
 * counted as the fault. */
static size_t stop(const struct pair *pair, enum net_host host, pid_t out[static PAIR_CHILDREN + 1]) {
	pair_signal(pair, host, SIGSTOP);
	out[0] = pair->node[host].pid;
	return 1 + pair_children(pair, host, out + 1);
}

void pair_kill_all(struct pair *pair, enum net_host host) {
	struct pair_node *node = &pair->node[host];
	pid_t all[PAIR_CHILDREN + 1];
	size_t n = stop(pair, host, all);
	while (n-- > 0)
		send(all[n], SIGKILL);
	while (waitpid(node->pid, NULL, 0) < 0 && errno == EINTR)
		;
	node->pid = 0;
}

void pair_kill_monitor(const struct pair *pair, enum net_host host) {
	pid_t monitor = pair_child(pair, host, "_monitor");
	if (monitor == 0)
		shell_die("%s has no monitor to kill", net_host_name(host));
	fault_count();
	send(monitor, SIGKILL);
}

void pair_stop_all(const struct pair *pair, enum net_host host) {
	pid_t all[PAIR_CHILDREN + 1];
	size_t n = stop(pair, host, all);
	for (size_t i = 1; i < n; i++)
		send(all[i], SIGSTOP);
}

/* The supervisor last: it must not see its children stand. */
void pair_continue_all(const struct pair *pair, enum net_host host) {
	pid_t children[PAIR_CHILDREN];
	size_t n = pair_children(pair, host, children);
	for (size_t i = 0; i < n; i++)
		send(children[i], SIGCONT);
	pair_signal(pair, host, SIGCONT);
}

static void cgroup_name(enum net_host host, char out[static CGROUP_NAME]) {
	shell_print(out, CGROUP_NAME, "%s%s", janitor_prefix(), net_host_name(host));
}

void pair_freeze(const struct pair *pair, enum net_host host) {
	char name[CGROUP_NAME];
	pid_t all[PAIR_CHILDREN + 1] = {pair->node[host].pid};
	size_t n = 1 + pair_children(pair, host, all + 1);
	cgroup_name(host, name);
	fault_count();
	cgroup_freeze(name, all, n);
}

void pair_thaw(const struct pair *pair, enum net_host host) {
	(void)pair;
	char name[CGROUP_NAME];
	cgroup_name(host, name);
	cgroup_thaw(name);
}
