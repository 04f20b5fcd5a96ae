/* Network namespaces of a test's own: see netlink_sandbox.h. */
#include "tests/unit/netlink_sandbox.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int sides[SANDBOX__SIDES];

static int new_namespace(void) {
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "this test makes network namespaces, which takes root: %m");
	int fd = open("/proc/self/ns/net", O_RDONLY);
	cr_assert_geq(fd, 0);
	sandbox_run("sysctl -q net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0");
	/* Link-local addresses of the kernel's own would come and go between a test's own events. */
	sandbox_run("sysctl -q net.ipv6.conf.default.addr_gen_mode=1");
	sandbox_run("ip link set lo up");
	return fd;
}

void sandbox_enter(void) {
	sides[SANDBOX_RIGHT] = new_namespace();
	sides[SANDBOX_LEFT] = new_namespace();
	sandbox_run("ip link add left address " SANDBOX_LEFT_MAC " type veth peer name right address " SANDBOX_RIGHT_MAC
		    " netns /proc/%d/fd/%d",
		    getpid(), sides[SANDBOX_RIGHT]);
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip link set right up");
	sandbox_go(SANDBOX_LEFT);
	sandbox_run("ip link set left up");
	/* `ip` complains when a namespace of somebody else's, whose name it looks for, goes away meanwhile. */
	for (struct sandbox_wait wait = {0}; !sandbox_try("ip link show left 2>/dev/null | grep -q 'state UP'");)
		cr_assert(sandbox_waiting(&wait));
}

void sandbox_go(enum sandbox_side side) {
	cr_assert_eq(setns(sides[side], CLONE_NEWNET), 0);
}

static int shell(const char *format, va_list arguments) {
	char command[512];
	int len = vsnprintf(command, sizeof(command), format, arguments);
	cr_assert(len > 0 && len < (int)sizeof(command));
	return system(command); // NOLINT(cert-env33-c): tests run fixed commands, with numbers of their own filled in
}

bool sandbox_try(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int status = shell(format, arguments);
	va_end(arguments);
	return status == 0;
}

void sandbox_run(const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int status = shell(format, arguments);
	va_end(arguments);
	cr_assert_eq(status, 0, "failed: %s", format);
}

int sandbox_index(const char *name) {
	unsigned index = if_nametoindex(name);
	cr_assert_neq(index, 0);
	return (int)index;
}

bool sandbox_waiting(struct sandbox_wait *wait) {
	enum { ROUNDS = 2000 };
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	return ++wait->rounds <= ROUNDS;
}

struct ip_address sandbox_address(const char *text) {
	struct ip_address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	cr_assert_eq(inet_pton(address.family, text, address.bytes), 1);
	return address;
}

struct ip_address sandbox_nth(unsigned n) {
	enum { HOSTS = 254 };
	char text[INET6_ADDRSTRLEN];
	if (n < HOSTS)
		snprintf(text, sizeof(text), "198.51.100.%u", n + 1);
	else if (n < 2 * HOSTS)
		snprintf(text, sizeof(text), "203.0.113.%u", n - HOSTS + 1);
	else
		snprintf(text, sizeof(text), "2001:db8:1::%x", n + 1);
	return sandbox_address(text);
}
