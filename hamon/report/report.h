/* The report worker: an unprivileged process that turns the monitor's notes into log lines on stderr. It may block, stall
 * or die without harm to the pair. */
#ifndef HAMON_REPORT_REPORT_H
#define HAMON_REPORT_REPORT_H

/* The private verb `_report --node NAME --verbosity N`, started by the supervisor alone: descriptor 3 is the monitor's
 * pipe, 4 the supervisor's. argv[0] is the verb. Returns the process's exit status. */
int report_main(int argc, char **argv);

#endif
