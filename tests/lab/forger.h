/* A local user who is not root and may yet send raw frames: a process with uid 65534 and CAP_NET_RAW. */
#ifndef LAB_FORGER_H
#define LAB_FORGER_H

#include <stddef.h>

struct forger;

/* Starts it on an interface of the namespace. It ends with its starter. */
struct forger *forger_start(const char *ns, const char *interface);

/* Sends the frame, Ethernet header included. 0, or -errno of send(2). */
int forger_send(struct forger *forger, const void *frame, size_t len);

void forger_stop(struct forger *forger);

#endif
