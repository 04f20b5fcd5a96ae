/* What the monitor may still do once it gave up its privileges: the kernel lease, and sockets that count as root's. */
#include "hamon/privileges.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/wire/heartbeat.h"
#include "netlink/lease.h"
#include "tests/unit/netlink_sandbox.h"

TestSuite(privileges, .init = sandbox_enter);

enum { TAG = 0x1a2b3c4d, TYPE_REFUSED = 0x88b6 /* IEEE's other type for experiments */ };

Test(privileges, the_monitor_may_keep_the_lease) {
	static const struct lease_plan plan = {.length = SEC, .interfaces_n = 1, .interfaces = {"left"}};
	struct lease_refusal why = {""};
	cr_assert_eq(privileges_monitor(), 0);
	struct lease *lease = lease_open(TAG);
	struct lease_watch *watch = lease_watch_open();
	cr_assert_not_null(lease);
	cr_assert_not_null(watch);
	cr_expect_eq(lease_build(lease, &plan, &why), 0, "%s", why.what);
	cr_expect_eq(lease_check(lease), 0);
	cr_expect_eq(lease_permit(lease, SEC), 0);
	cr_expect_eq(lease_drop(lease), 0);
	cr_expect_eq(lease_remove(lease), 0);
	lease_watch_close(watch);
	lease_close(lease);
}

/* 0 or -errno. */
static int send_type(int fd, uint16_t type) {
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(type),
				 .sll_ifindex = sandbox_index("left"),
				 .sll_halen = ETH_ALEN,
				 .sll_addr = {0x03, 0, 0, 0, 0, 1}};
	static const char payload[ETH_ZLEN];
	return sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* The lease's rules look at `meta skuid`, which is the fsuid of whoever opened the socket (net/netfilter/nft_meta.c). */
Test(privileges, the_monitors_sockets_are_roots) {
	struct stat socket_file;
	sandbox_run("nft 'table netdev t { chain out { type filter hook egress device \"left\" priority 0;"
		    " ether type %#x meta skuid 0 accept; ether type { %#x, %#x } drop; }; }'",
		    HEARTBEAT_ETHERTYPE, HEARTBEAT_ETHERTYPE, TYPE_REFUSED);
	cr_assert_eq(privileges_monitor(), 0);
	cr_expect_eq(setfsuid((uid_t)-1), 0, "no change, and it tells what it is");
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &socket_file), 0);
	cr_expect_eq(socket_file.st_uid, 0);
	cr_expect_eq(send_type(fd, HEARTBEAT_ETHERTYPE), 0);
	cr_expect_eq(send_type(fd, TYPE_REFUSED), -ENOBUFS, "or the rules look at nothing");
	close(fd);
}
