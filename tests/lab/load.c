/* CPU starvation: see load.h. */
#include "tests/lab/load.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/fault.h"
#include "tests/lab/shell.h"

struct load {
	size_t n;
	pid_t loops[];
};

static void spin(int cpu, nanos end) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* An ordinary process, whatever its starter is. */
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}))
		shell_die("cannot keep CPU %d busy: %s", cpu, strerror(errno));
	while (clock_now() < end)
		;
	_exit(0);
}

struct load *load_start(unsigned each_cpu, nanos at_most) {
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		shell_die("sched_getaffinity: %s", strerror(errno));
	nanos end = clock_now() + at_most;
	fault_count();
	struct load *load = calloc(1, sizeof(*load) + (size_t)CPU_COUNT(&allowed) * each_cpu * sizeof(pid_t));
	if (!load)
		shell_die("out of memory");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		for (unsigned i = 0; CPU_ISSET(cpu, &allowed) && i < each_cpu; i++) {
			pid_t pid = child_fork();
			if (pid == 0)
				spin(cpu, end);
			load->loops[load->n++] = pid;
		}
	}
	return load;
}

void load_stop(struct load *load) {
	for (size_t i = 0; i < load->n; i++)
		child_end(load->loops[i]);
	free(load);
}
