/* The lab's children: see child.h. */
#include "tests/lab/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"

pid_t child_fork(void) {
	pid_t starter = getpid();
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		shell_die("cannot fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != starter)
		_exit(1); /* it ended before that took effect */
	janitor_forget();
	return 0;
}

bool child_alive(pid_t pid) {
	siginfo_t info = {0};
	/* Left to be waited for, so that asking again gives the same answer. */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void child_end(pid_t pid) {
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
