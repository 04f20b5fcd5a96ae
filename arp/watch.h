/* Who claims addresses on the wire: captures ARP and neighbour discovery on several interfaces at once (libpcap, with a filter
 * in the kernel) and yields the claims among it. What a claim means is decided by others.
 *
 * Opening and closing a capture waits for the kernel's readers (synchronize_net(), net/packet/af_packet.c) and for its rtnl
 * lock: measured, 8 to 14 ms to open, 20 to 27 ms to close; seconds on a host that tears namespaces down. A thread of its own
 * does both; nothing here waits for it but the end. */
#ifndef HAMON_ARP_WATCH_H
#define HAMON_ARP_WATCH_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "arp/frame.h"
#include "hamon/conf/conf.h"

enum {
	ARP_WATCH_INTERFACES = CONF_INTERFACES,
	ARP_WATCH_FRAMES = 64, /* of one interface a call */
};

struct arp_watch;

/* Starts it, with the scheduling of its caller, one step below for its thread. 0 or -errno. */
int arp_watch_start(struct arp_watch **out);
/* Closes everything, which takes its time. NULL is none. */
void arp_watch_stop(struct arp_watch *watch);

/* For epoll, level-triggered, EPOLLIN. */
int arp_watch_fd(const struct arp_watch *watch);

/* An interface, as it is called now: an index alone does not do for libpcap. */
struct arp_watch_interface {
	int ifindex;
	char name[IF_NAMESIZE];
};

/* These (at most ARP_WATCH_INTERFACES) are to be watched from now on, soon, and no others. One that goes down is watched
 * again when it comes back; one that could not be watched, or vanished, is tried again now. */
void arp_watch_want(struct arp_watch *watch, const struct arp_watch_interface *list, size_t n);

/* Is the interface watched? 0 (also of one that was down when it vanished: nobody tells of that); -EINPROGRESS: it will be;
 * -ENOENT: nobody wants it; else the -errno that ended it: -ENODEV it is gone or is called otherwise, -EPERM without
 * CAP_NET_RAW, -EIO libpcap gave no better reason. */
int arp_watch_state(const struct arp_watch *watch, int ifindex);

struct arp_seen {
	int ifindex;
	struct timespec at; /* the kernel's receive time, wall clock */
	struct frame_claim claim;
};
typedef void arp_watch_fn(void *arg, const struct arp_seen *seen);

/* Calls fn with the claims that came in, of each interface what ARP_WATCH_FRAMES frames hold (epoll then says at once that
 * there is more). Never waits, takes no memory. */
void arp_watch_read(struct arp_watch *watch, arp_watch_fn *fn, void *arg);

#endif
