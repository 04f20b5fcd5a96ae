/* Network namespaces of a test's own: two of them, joined by a veth pair, "left" in the one where the test begins, "right"
 * in the other. They have no names and vanish with the test's process. */
#ifndef HAMON_TESTS_UNIT_NETLINK_SANDBOX_H
#define HAMON_TESTS_UNIT_NETLINK_SANDBOX_H

#include <stdbool.h>

#include "hamon/conf/conf.h"

enum sandbox_side { SANDBOX_LEFT, SANDBOX_RIGHT, SANDBOX__SIDES };

/* The fixture: both interfaces up, without IPv6 addresses of their own making, MACs SANDBOX_*_MAC. Takes root. */
void sandbox_enter(void);

/* Where the test works from now on; its open sockets stay where they were opened. */
void sandbox_go(enum sandbox_side side);

/* Runs a shell command in the present namespace; it must succeed. */
void sandbox_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs a shell command and says whether it succeeded. */
bool sandbox_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The present namespace's index of an interface. */
int sandbox_index(const char *name);

/* For loops that wait on a condition: true until it has been asked for ten seconds, with a short pause each time. */
struct sandbox_wait {
	int rounds;
};
bool sandbox_waiting(struct sandbox_wait *wait);

/* An address from its text. */
struct ip_address sandbox_address(const char *text);
/* The n-th shared IP of a large set: 198.51.100.0/24, then 203.0.113.0/24, then IPv6 from 2001:db8:1::/64. */
struct ip_address sandbox_nth(unsigned n);

#define SANDBOX_LEFT_MAC  "02:00:5e:10:00:01"
#define SANDBOX_RIGHT_MAC "02:00:5e:10:00:02"

#endif
