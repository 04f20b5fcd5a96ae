/* The service manager's notification socket (sd_notify(3), the protocol behind it), without its library. */
#ifndef HAMON_SUPERVISOR_NOTIFY_H
#define HAMON_SUPERVISOR_NOTIFY_H

/* Sends one state, such as "READY=1", to $NOTIFY_SOCKET. 0: sent, or nobody asked for it; or -errno. */
int notify_send(const char *state);

#endif
