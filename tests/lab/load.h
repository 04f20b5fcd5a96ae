/* CPU starvation: ordinary processes that do nothing but run. */
#ifndef LAB_LOAD_H
#define LAB_LOAD_H

#include "tests/lab/clock.h"

struct load;

/* Starts so many busy loops on every CPU. They end with their starter, and by themselves after the time. */
struct load *load_start(unsigned each_cpu, nanos at_most);

/* Ends them. */
void load_stop(struct load *load);

#endif
