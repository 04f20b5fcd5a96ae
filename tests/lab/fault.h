/* How many faults were done to the lab so far: each function that does one counts it, so that a test which strikes at
 * nothing shows. What mends counts nothing. */
#ifndef LAB_FAULT_H
#define LAB_FAULT_H

/* In the process that does it. */
void fault_count(void);
unsigned fault_counted(void);

#endif
