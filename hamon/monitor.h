/* The monitor's process: from the supervisor's first message to node_run(), with the privileges, the scheduling and the
 * memory that it then keeps. What it does from there on is node.c. */
#ifndef HAMON_MONITOR_H
#define HAMON_MONITOR_H

/* The private verb `_monitor --run-dir D --node NAME --verbosity N`, started by the supervisor alone: descriptor 3 is the
 * pipe to it. argv[0] is the verb. Returns the process's exit status. */
int monitor_main(int argc, char **argv);

#endif
