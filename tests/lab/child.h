/* A child that does one thing beside the lab, and ends with its starter, whatever ended that. */
#ifndef LAB_CHILD_H
#define LAB_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Forks. In the child: 0, with the parent's janitor forgotten and SIGKILL to come when the parent ends. In the parent: the
 * child's process id. Dies when it cannot. */
pid_t child_fork(void);

/* Is it running? */
bool child_alive(pid_t pid);

/* Kills it, and waits for its end. */
void child_end(pid_t pid);

#endif
