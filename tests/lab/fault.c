/* The count of what was done to the lab: see fault.h. */
#include "tests/lab/fault.h"

static unsigned faults;

void fault_count(void) {
	faults++;
}

unsigned fault_counted(void) {
	return faults;
}
