/* The hooks worker: a root process that runs the commands which the configuration names. It may block, stall or die without
 * harm to the pair: who waits for an answer waits until a deadline of its own. */
#ifndef HAMON_HOOKS_HOOKS_H
#define HAMON_HOOKS_HOOKS_H

/* The private verb `_hooks --node NAME --verbosity N`, started by the supervisor alone: descriptor 3 is the monitor's pipe,
 * 4 the supervisor's. argv[0] is the verb. Returns the process's exit status. */
int hooks_main(int argc, char **argv);

#endif
