/* For the tests of the kernel lease: a sandbox with a second veth pair ("left2", "right2"), a lease on the left side, and
 * frames to send past its rules. */
#ifndef HAMON_TESTS_UNIT_NETLINK_LEASE_SCENE_H
#define HAMON_TESTS_UNIT_NETLINK_LEASE_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/wire/heartbeat.h"
#include "netlink/lease.h"
#include "tests/unit/netlink_sandbox.h"

#define SCENE_TAG    0x1a2b3c4d
#define SCENE_TABLE  "hamon_1a2b3c4d"
#define SCENE_IP     "192.0.2.10" /* shared */
#define SCENE_IP6    "2001:db8::10"
#define SCENE_OTHER  "192.0.2.20" /* not shared */
#define SCENE_OTHER6 "2001:db8::20"

/* So long that no freeze of the machine outlasts it in a test. */
#define SCENE_LONG (600 * SEC)

struct scene {
	struct lease *lease;
	struct lease_plan plan; /* "left", both shared IPs, SCENE_LONG */
};

/* Enters the sandbox, left side. Nothing is built yet. The rest of the test stays on one processor, so that frames keep
 * their order. */
void scene_enter(struct scene *scene);
void scene_leave(struct scene *scene);

void scene_build(struct scene *scene);
void scene_add_interface(struct scene *scene, const char *name);
void scene_add_address(struct scene *scene, const char *text);
/* Permit and grant: the lease is there. */
void scene_take_lease(struct scene *scene);
bool scene_has_lease(const struct scene *scene);
/* Until the kernel says that it is gone. */
void scene_await_end(span_t (*left)(struct scene *scene), struct scene *scene);
span_t scene_left(struct scene *scene); /* -1: none */
span_t scene_permit_left(struct scene *scene);

/* ---- frames ---- */

enum frame_kind {
	FRAME_IPV4,          /* from the address */
	FRAME_ARP,           /* a reply with that sender */
	FRAME_ARP_QUESTION,  /* from nobody, who has the address: an ARP probe */
	FRAME_IPV6,          /* from the address */
	FRAME_ADVERTISEMENT, /* from a link-local address, with that target */
	FRAME_SOLICITATION,  /* from nobody, with that target: duplicate address detection */
	FRAME__COUNT,
};

enum { FRAME_UNTAGGED = -1, FRAME_MAX = 64 + HEARTBEAT_LEN /* the headers, and the longest that one carries here */ };

struct frame {
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

struct frame frame_make(enum frame_kind kind, const char *address, int vlan);
/* From the right side to the left one's address and port: a UDP datagram of one byte. */
struct frame frame_datagram(const char *to, uint16_t port, char word, int vlan);
struct frame frame_heartbeat(uint32_t tag, uint8_t mark);

/* A packet socket on the interface, bound to this EtherType, of the priority that a daemon's have. Root's, unless somebody
 * else's user number is given. */
int frame_socket(const char *interface, uint16_t type, unsigned user);
/* Sets it as root, whosever the socket is. */
void frame_priority(int fd, int priority);
/* 0, or -errno: -ENOBUFS, it was dropped by a rule. */
int frame_send(const char *interface, const struct frame *frame);
/* The same for a heartbeat of the cluster with this mark, by root, on "left". */
int frame_mark(enum heartbeat_mark mark);

#endif
