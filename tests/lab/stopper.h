/* Stops a monitor between its decision and its act: with ptrace, at the entry to the sendmsg() of a heartbeat with a given
 * mark. Nobody but us is told: to its supervisor the monitor seems to run. Only the thread that attached may wait and
 * release. */
#ifndef LAB_STOPPER_H
#define LAB_STOPPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/lab/clock.h"

struct stopper;

/* A heartbeat's mark, docs/PROTOCOL.md. */
enum { STOPPER_PLAIN = 0, STOPPER_RENEW = 1, STOPPER_GRANT = 2 };

/* Attaches to the process, which goes on. From now on it waits for us at each of its system calls. */
struct stopper *stopper_attach(pid_t pid);

/* Waits until it is about to send a heartbeat with the mark, and leaves it there. False: the deadline passed, it runs
 * on. */
bool stopper_wait_mark(struct stopper *stopper, uint8_t mark, nanos deadline);

/* Lets go of it: it does what it was about to do. */
void stopper_release(struct stopper *stopper);

#endif
