/* The lease's table: built, changed, checked, refused, removed. */
#include "netlink/lease.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/kernel_tick.h"
#include "tests/unit/netlink_lease_scene.h"

static struct scene scene;

static void enter(void) {
	scene_enter(&scene);
}

static void leave(void) {
	scene_leave(&scene);
}

TestSuite(netlink_lease_table, .init = enter, .fini = leave);

static bool passes(const char *interface, enum frame_kind kind, const char *address) {
	struct frame frame = frame_make(kind, address, FRAME_UNTAGGED);
	int error = frame_send(interface, &frame);
	cr_assert(error == 0 || error == -ENOBUFS, "%s", strerror(-error));
	return error == 0;
}

static bool table_is_there(void) {
	return sandbox_try("nft list table netdev " SCENE_TABLE " >/dev/null 2>&1");
}

/* ---- probe ---- */

Test(netlink_lease_table, probe_finds_all_and_leaves_nothing) {
	struct lease_refusal why = {{0}};
	cr_assert_eq(lease_probe(scene.lease, &why), 0, "%s", why.what);
	cr_assert(sandbox_try("test -z \"$(nft list ruleset)\""));
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(lease_probe(scene.lease, &why), 0, "%s", why.what);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(scene_has_lease(&scene));
}

/* ---- one daemon ---- */

Test(netlink_lease_table, one_daemon_of_a_cluster_until_it_ends) {
	struct lease *second = lease_open(SCENE_TAG), *other = lease_open(SCENE_TAG + 1);
	cr_assert(second && other);
	cr_assert_eq(lease_occupy(scene.lease), 0);
	cr_expect_eq(lease_occupy(second), -EBUSY);
	cr_expect_eq(lease_occupy(other), 0, "another cluster");
	sandbox_run("nft flush ruleset");
	cr_expect_not(sandbox_try("nft delete table netdev " SCENE_TABLE "_daemon 2>/dev/null"));
	cr_expect_eq(lease_occupy(second), -EBUSY, "others cannot end it");
	cr_expect_eq(lease_check(scene.lease), -ESTALE, "it is no table of the lease");
	scene_build(&scene);
	cr_expect_eq(lease_remove(scene.lease), 0);
	cr_expect_eq(lease_occupy(second), -EBUSY, "nor does the lease's table, when that goes");
	lease_close(scene.lease);
	cr_expect_eq(lease_occupy(second), 0);
	lease_close(second);
	lease_close(other);
	cr_expect(sandbox_try("test -z \"$(nft list ruleset)\""));
	scene.lease = lease_open(SCENE_TAG);
}

/* As rules that were saved while one ran, and restored, leave it. */
Test(netlink_lease_table, a_mark_that_nobody_owns_is_no_daemon) {
	sandbox_run("nft add table netdev " SCENE_TABLE "_daemon");
	cr_assert_eq(lease_occupy(scene.lease), 0);
	cr_assert_eq(sandbox_try("nft delete table netdev " SCENE_TABLE "_daemon 2>/dev/null"), false, "it is owned now");
}

Test(netlink_lease_table, a_daemon_that_is_killed_is_forgotten_at_once) {
	int told[2];
	bool occupied = false;
	cr_assert_eq(pipe2(told, O_CLOEXEC), 0);
	pid_t daemon = fork();
	if (daemon == 0) {
		struct lease *lease = lease_open(SCENE_TAG);
		occupied = lease && lease_occupy(lease) == 0;
		if (write(told[1], &occupied, sizeof(occupied)) == sizeof(occupied))
			pause();
		_exit(0);
	}
	cr_assert_eq(read(told[0], &occupied, sizeof(occupied)), (ssize_t)sizeof(occupied));
	cr_assert(occupied);
	cr_expect_eq(lease_occupy(scene.lease), -EBUSY);
	cr_assert_eq(kill(daemon, SIGKILL), 0);
	cr_assert_eq(waitpid(daemon, NULL, 0), daemon);
	cr_expect_eq(lease_occupy(scene.lease), 0);
	close(told[0]);
	close(told[1]);
}

/* ---- build ---- */

Test(netlink_lease_table, build_makes_what_check_finds) {
	cr_assert_eq(lease_check(scene.lease), -ESTALE);
	cr_assert_str_eq(lease_table(scene.lease), SCENE_TABLE);
	scene_build(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(table_is_there());
	sandbox_run("nft list set netdev " SCENE_TABLE " v4 | grep -q " SCENE_IP);
	sandbox_run("nft list set netdev " SCENE_TABLE " v6 | grep -q " SCENE_IP6);
}

Test(netlink_lease_table, a_second_build_ends_lease_and_permit) {
	scene_build(&scene);
	scene_take_lease(&scene);
	scene_build(&scene);
	cr_assert_not(scene_has_lease(&scene));
	cr_assert_eq(scene_permit_left(&scene), -1);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_not(passes("left", FRAME_IPV4, SCENE_IP));
}

Test(netlink_lease_table, build_replaces_a_leftover_of_the_same_name) {
	sandbox_run(
		"printf 'table netdev " SCENE_TABLE " {\n flags dormant\n set v4 { type ipv4_addr; }\n"
		" chain out_left { type filter hook egress device \"left\" priority 0; policy accept; }\n}\n' | nft -f -");
	scene_build(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_not(passes("left", FRAME_IPV4, SCENE_IP));
	cr_assert(passes("left", FRAME_IPV4, SCENE_OTHER));
}

Test(netlink_lease_table, a_process_that_comes_later_replaces_and_drops) {
	scene_build(&scene);
	scene_take_lease(&scene);
	struct lease *later = lease_open(SCENE_TAG);
	cr_assert_eq(lease_drop(later), 0);
	cr_assert_not(scene_has_lease(&scene));
	cr_assert_eq(lease_build(later, &scene.plan, NULL), 0);
	cr_assert_eq(lease_check(scene.lease), -ESTALE);
	lease_close(later);
}

Test(netlink_lease_table, two_clusters_do_not_know_each_other) {
	struct lease *other = lease_open(SCENE_TAG + 1);
	struct lease_plan plan = scene.plan;
	plan.addresses_n = 1;
	plan.addresses[0] = sandbox_address(SCENE_OTHER);
	scene_build(&scene);
	cr_assert_eq(lease_build(other, &plan, NULL), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	scene_take_lease(&scene);
	cr_assert(passes("left", FRAME_IPV4, SCENE_IP));
	cr_assert_not(passes("left", FRAME_IPV4, SCENE_OTHER));
	cr_assert_eq(lease_remove(other), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(passes("left", FRAME_IPV4, SCENE_OTHER));
	lease_close(other);
}

/* The kernel counts in ticks and cuts milliseconds down to them. */
Test(netlink_lease_table, the_kernel_is_told_the_whole_length) {
	enum { TICKS = 3 };
	scene.plan.length = TICKS * kernel_tick();
	scene_build(&scene);
	int length_ms = (int)((scene.plan.length + MSEC - 1) / MSEC);
	sandbox_run("nft list chain netdev " SCENE_TABLE " renewal | grep -q 'timeout %dms'", length_ms);
	sandbox_run("nft list chain netdev " SCENE_TABLE " grant | grep -q 'timeout %dms'", length_ms);
}

/* ---- refusals ---- */

/* A kernel whose egress hook has no room left: ingress goes, egress does not. */
Test(netlink_lease_table, a_refused_egress_hook_is_named_with_the_kernel_that_has_it) {
	enum { HOOKS = 1024 }; /* MAX_HOOK_COUNT, net/netfilter/core.c */
	struct lease_refusal why = {{0}};
	static struct lease_plan plan = {.length = SEC, .interfaces_n = 1, .interfaces = {"left"}};
	sandbox_run("(echo 'table netdev many {'; for i in $(seq %d); do echo \"chain c$i { type filter hook egress device "
		    "left "
		    "priority $i; }\"; done; echo '}') | nft -f -",
		    HOOKS);
	cr_assert_lt(lease_build(scene.lease, &plan, &why), 0);
	cr_assert_not_null(strstr(why.what, "an egress hook on left (Linux 5.16 or later"), "%s", why.what);
}

Test(netlink_lease_table, a_missing_interface_is_named) {
	struct lease_refusal why = {{0}};
	scene_build(&scene);
	scene_take_lease(&scene);
	scene_add_interface(&scene, "absent");
	cr_assert_eq(lease_build(scene.lease, &scene.plan, &why), -ENODEV);
	cr_assert_not_null(strstr(why.what, "hooks on absent"), "%s", why.what);
	cr_assert_eq(lease_update(scene.lease, &scene.plan), -ENODEV);
	cr_assert_eq(lease_check(scene.lease), 0, "nothing was changed");
	cr_assert(scene_has_lease(&scene));
}

Test(netlink_lease_table, the_first_message_that_the_kernel_refuses_is_named) {
	struct lease_refusal why = {{0}};
	scene_add_interface(&scene, "left2");
	scene_add_interface(&scene, "left2"); /* the same chain twice */
	cr_assert_eq(lease_build(scene.lease, &scene.plan, &why), -EEXIST);
	cr_assert_eq(strncmp(why.what, "an ingress hook on left2 (", 26), 0, "%s", why.what);
	cr_assert_not(table_is_there(), "nothing was changed");
}

Test(netlink_lease_table, without_the_right_to_it_nothing_is_changed) {
	enum { NOBODY = 65534 };
	struct lease_refusal why = {{0}};
	cr_assert_eq(seteuid(NOBODY), 0);
	int built = lease_build(scene.lease, &scene.plan, &why);
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(built, -EPERM, "%s", strerror(-built));
	cr_assert_not_null(strstr(why.what, "CAP_NET_ADMIN"), "%s", why.what);
	cr_assert_not(table_is_there());
}

/* An empty table of the lease's name that belongs to the socket: nobody else may touch it. Returns the socket. */
static int own_the_table(void) {
	enum { ROOM = 4096 };
	char buffer[ROOM];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	size_t len = nftnl_batch_begin(buffer, 1)->nlmsg_len;
	struct nlmsghdr *table =
		nftnl_nlmsg_build_hdr(buffer + len, NFT_MSG_NEWTABLE, NFPROTO_NETDEV, NLM_F_CREATE | NLM_F_ACK, 2);
	mnl_attr_put_strz(table, NFTA_TABLE_NAME, SCENE_TABLE);
	mnl_attr_put_u32(table, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
	len += table->nlmsg_len;
	len += nftnl_batch_end(buffer + len, 3)->nlmsg_len;
	cr_assert_eq(send(fd, buffer, len, 0), (ssize_t)len);
	cr_assert(table_is_there());
	return fd;
}

Test(netlink_lease_table, a_table_that_somebody_owns_is_refused) {
	struct lease_refusal why = {{0}};
	int owner = own_the_table();
	cr_assert_eq(lease_build(scene.lease, &scene.plan, &why), -EPERM);
	cr_assert_eq(strncmp(why.what, "a table of the netdev family", 28), 0, "%s", why.what);
	cr_assert_eq(lease_remove(scene.lease), -EPERM);
	cr_assert_eq(lease_drop(scene.lease), -EPERM);
	close(owner);
}

Test(netlink_lease_table, without_a_table_there_is_nothing) {
	span_t left = 1;
	cr_assert_eq(lease_drop(scene.lease), -ENOENT);
	cr_assert_eq(lease_drop_permit(scene.lease), -ENOENT);
	cr_assert_eq(lease_permit(scene.lease, SEC), -ENOENT);
	cr_assert_eq(lease_left(scene.lease, &left), -ENOENT);
	cr_assert_eq(left, 1);
	cr_assert_eq(lease_update(scene.lease, &scene.plan), -ENOENT);
}

Test(netlink_lease_table, remove) {
	scene_build(&scene);
	cr_assert_eq(lease_remove(scene.lease), 0);
	cr_assert_not(table_is_there());
	cr_assert(passes("left", FRAME_IPV4, SCENE_IP));
	cr_assert_eq(lease_check(scene.lease), -ESTALE);
	cr_assert_eq(lease_remove(scene.lease), 0, "there was none");
}

/* ---- update ---- */

Test(netlink_lease_table, update_brings_and_takes_an_interface) {
	struct lease_plan before = scene.plan;
	scene_build(&scene);
	scene_take_lease(&scene);
	scene_add_interface(&scene, "left2");
	cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(scene_has_lease(&scene) && scene_permit_left(&scene) > 0);
	cr_assert(passes("left2", FRAME_IPV4, SCENE_IP));
	cr_assert_eq(lease_drop(scene.lease), 0);
	cr_assert_not(passes("left2", FRAME_IPV4, SCENE_IP));
	cr_assert_eq(lease_update(scene.lease, &before), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(passes("left2", FRAME_IPV4, SCENE_IP));
	cr_assert_not(passes("left", FRAME_IPV4, SCENE_IP));
}

Test(netlink_lease_table, update_brings_and_takes_addresses) {
	struct lease_plan before = scene.plan;
	scene_build(&scene);
	cr_assert(passes("left", FRAME_ARP, SCENE_OTHER));
	scene_add_address(&scene, SCENE_OTHER);
	scene_add_address(&scene, SCENE_OTHER6);
	cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_not(passes("left", FRAME_ARP, SCENE_OTHER));
	cr_assert_not(passes("left", FRAME_ADVERTISEMENT, SCENE_OTHER6));
	cr_assert_not(passes("left", FRAME_ARP, SCENE_IP));
	cr_assert_eq(lease_update(scene.lease, &before), 0);
	cr_assert(passes("left", FRAME_ARP, SCENE_OTHER));
	cr_assert_not(passes("left", FRAME_ARP, SCENE_IP));
	before.addresses_n = 0;
	cr_assert_eq(lease_update(scene.lease, &before), 0);
	cr_assert(passes("left", FRAME_ARP, SCENE_IP));
}

Test(netlink_lease_table, update_of_the_length_counts_from_the_next_renewal) {
	scene_build(&scene);
	scene_take_lease(&scene);
	scene.plan.length = 2 * SCENE_LONG;
	cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	span_t left = scene_left(&scene);
	cr_assert(left > 0 && left <= SCENE_LONG);
	cr_assert_eq(frame_mark(MARK_RENEW), 0);
	cr_assert_gt(scene_left(&scene), SCENE_LONG);
}

Test(netlink_lease_table, update_to_the_same_changes_nothing) {
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
	cr_assert(scene_has_lease(&scene));
	cr_assert_eq(lease_check(scene.lease), 0);
}

Test(netlink_lease_table, update_does_not_make_other_peoples_changes_ours) {
	scene_build(&scene);
	sandbox_run("nft flush chain netdev " SCENE_TABLE " from_ip");
	scene_add_address(&scene, SCENE_OTHER);
	cr_assert_eq(lease_update(scene.lease, &scene.plan), -ENOENT);
	cr_assert_eq(lease_check(scene.lease), -ESTALE);
	scene_build(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
}

/* ---- as large as it may be ---- */

Test(netlink_lease_table, as_many_addresses_as_there_may_be) {
	for (scene.plan.addresses_n = 0; scene.plan.addresses_n < LEASE_ADDRESSES; scene.plan.addresses_n++)
		scene.plan.addresses[scene.plan.addresses_n] = sandbox_nth(scene.plan.addresses_n);
	scene_build(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_not(passes("left", FRAME_IPV4, "198.51.100.1"));
	cr_assert_not(passes("left", FRAME_IPV4, "203.0.113.254"));
	cr_assert_not(passes("left", FRAME_IPV6, "2001:db8:1::1ff"));
	cr_assert_not(passes("left", FRAME_IPV6, "2001:db8:1::800"));
	cr_assert(passes("left", FRAME_IPV6, "2001:db8:1::801"));
	/* All are replaced by others, and the sets hold no more than these. */
	struct lease_plan other = scene.plan;
	for (unsigned i = 0; i < other.addresses_n; i++)
		other.addresses[i].bytes[i < 508 ? 2 : 5] ^= 0x80;
	cr_assert_eq(lease_update(scene.lease, &other), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert(passes("left", FRAME_IPV4, "198.51.100.1"));
	cr_assert_eq(lease_update(scene.lease, &scene.plan), 0);
	cr_assert_not(passes("left", FRAME_IPV4, "198.51.100.1"));
}

/* And all other ones after an update. */
Test(netlink_lease_table, as_many_interfaces_as_there_may_be) {
	struct lease_plan other = scene.plan;
	sandbox_run("for i in $(seq 0 %d); do echo link add port$i type bridge; done | ip -batch -",
		    2 * LEASE_INTERFACES - 1);
	scene.plan.interfaces_n = other.interfaces_n = LEASE_INTERFACES;
	for (unsigned i = 0; i < LEASE_INTERFACES; i++) {
		snprintf(scene.plan.interfaces[i], IF_NAMESIZE, "port%u", i);
		snprintf(other.interfaces[i], IF_NAMESIZE, "port%u", LEASE_INTERFACES + i);
	}
	for (other.addresses_n = 0; other.addresses_n < LEASE_ADDRESSES; other.addresses_n++)
		other.addresses[other.addresses_n] = sandbox_nth(other.addresses_n);
	other.length = SEC;
	other.udp_port = CONF_PORT;
	scene_build(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_eq(lease_update(scene.lease, &other), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	sandbox_run("nft list table netdev " SCENE_TABLE " | grep -c 'chain .*_port' | grep -qx %d", 2 * LEASE_INTERFACES);
}

/* ---- check ---- */

#define REPLACE_FIRST(chain, rule)                                                                                         \
	"nft replace rule netdev " SCENE_TABLE " " chain " handle $(nft -a list chain netdev " SCENE_TABLE " " chain       \
	" | sed -n 's/.*drop # handle //p' | head -n 1) " rule

Test(netlink_lease_table, check_notices_what_others_did) {
	static const char *const deeds[] = {
		"nft flush ruleset",
		"nft delete table netdev " SCENE_TABLE,
		"nft flush table netdev " SCENE_TABLE,
		"nft add table netdev " SCENE_TABLE " '{ flags dormant; }'",
		"nft flush chain netdev " SCENE_TABLE " from_arp",
		"nft add rule netdev " SCENE_TABLE " out_left accept",
		"nft insert rule netdev " SCENE_TABLE " out_left accept",
		REPLACE_FIRST("from_ip", "accept"),
		"nft 'flush chain netdev " SCENE_TABLE " out_left; delete chain netdev " SCENE_TABLE " out_left'",
		"nft 'flush chain netdev " SCENE_TABLE " in_left; delete chain netdev " SCENE_TABLE " in_left'",
		"nft chain netdev " SCENE_TABLE " in_left '{ policy drop; }'",
		"nft add chain netdev " SCENE_TABLE " more",
		"nft add set netdev " SCENE_TABLE " more '{ type mark; }'",
		"nft flush set netdev " SCENE_TABLE " v4",
		"nft delete element netdev " SCENE_TABLE " v4 '{ " SCENE_IP " }'",
		"nft delete element netdev " SCENE_TABLE " v6 '{ " SCENE_IP6 " }'",
		"nft add element netdev " SCENE_TABLE " v4 '{ " SCENE_OTHER " }'",
		"nft 'delete element netdev " SCENE_TABLE " v4 { " SCENE_IP " }; add element netdev " SCENE_TABLE
		" v4 { " SCENE_OTHER " }'",
	};
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		scene_build(&scene);
		cr_assert_eq(lease_check(scene.lease), 0, "before: %s", deeds[i]);
		sandbox_run("%s", deeds[i]);
		cr_assert_eq(lease_check(scene.lease), -ESTALE, "%s", deeds[i]);
	}
}

Test(netlink_lease_table, check_does_not_mind_the_lease_or_other_tables) {
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_eq(frame_mark(MARK_RENEW), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	cr_assert_eq(lease_drop(scene.lease), 0);
	cr_assert_eq(lease_check(scene.lease), 0);
	sandbox_run("printf 'table netdev other {\n chain out_left { type filter hook egress device \"left\" priority 0; "
		    "policy accept;"
		    "\n }\n}\ntable ip " SCENE_TABLE " {\n chain more { }\n}\n' | nft -f -");
	cr_assert_eq(lease_check(scene.lease), 0);
	sandbox_run("nft delete table netdev other");
	cr_assert_eq(lease_check(scene.lease), 0);
}
