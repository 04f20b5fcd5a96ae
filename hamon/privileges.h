/* What a process of hamon may do: each gives up at its start what it will not need. */
#ifndef HAMON_PRIVILEGES_H
#define HAMON_PRIVILEGES_H

/* The monitor's: user id 0 stays (the lease's rule asks for it), with the capabilities NET_ADMIN, NET_RAW, SYS_NICE and
 * IPC_LOCK alone, for good: the bounding set is emptied of the others, no_new_privs is set. 0 or -errno. */
int privileges_monitor(void);

/* A worker's: the user `hamon` if there is one, else `nobody`; no supplementary group, no capability, no_new_privs. The
 * process dies with its parent from now on (PR_SET_PDEATHSIG is reset by the change of user, prctl(2)). 0 or -errno. */
int privileges_worker(void);

#endif
