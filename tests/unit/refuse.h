/* A kernel that lacks nf_tables, simulated: from now on this process gets no netlink socket of it, as on such a kernel. */
#ifndef HAMON_TESTS_UNIT_REFUSE_H
#define HAMON_TESTS_UNIT_REFUSE_H

void refuse_nf_tables(void);

#endif
