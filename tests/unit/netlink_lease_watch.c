/* What others do to the lease's table, as the kernel tells it. */
#include "netlink/lease.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/netlink_lease_scene.h"

static struct scene scene;
static struct lease_watch *watch;

static void enter(void) {
	scene_enter(&scene);
	watch = lease_watch_open();
	cr_assert_not_null(watch, "%m");
}

static void leave(void) {
	lease_watch_close(watch);
	scene_leave(&scene);
}

TestSuite(netlink_lease_watch, .init = enter, .fini = leave);

struct log {
	unsigned n;
	struct lease_change newest;
};

static void record(void *arg, const struct lease_change *change) {
	struct log *log = arg;
	log->n++;
	log->newest = *change;
}

/* The notices of a change are queued before the change returns. */
static struct log read_all(void) {
	struct log log = {0};
	cr_assert_eq(lease_watch_read(watch, scene.lease, record, &log), 0);
	return log;
}

Test(netlink_lease_watch, our_own_changes_are_not_told) {
	struct lease_plan more = scene.plan;
	scene_build(&scene);
	scene_take_lease(&scene);
	cr_assert_eq(frame_mark(MARK_RENEW), 0);
	snprintf(more.interfaces[more.interfaces_n++], IF_NAMESIZE, "left2");
	more.addresses[more.addresses_n++] = sandbox_address(SCENE_OTHER);
	cr_assert_eq(lease_update(scene.lease, &more), 0);
	cr_assert_eq(lease_drop(scene.lease), 0);
	cr_assert_eq(lease_remove(scene.lease), 0);
	struct log log = read_all();
	cr_assert_eq(log.n, 0, "%s", log.newest.what);
}

Test(netlink_lease_watch, other_tables_are_not_told) {
	scene_build(&scene);
	sandbox_run("nft 'add table netdev other; add table ip " SCENE_TABLE "; add chain ip " SCENE_TABLE " out_left'");
	sandbox_run("nft delete table ip " SCENE_TABLE);
	struct log log = read_all();
	cr_assert_eq(log.n, 0, "%s", log.newest.what);
}

Test(netlink_lease_watch, each_deed_is_told_once_with_its_program) {
	static const struct {
		const char *deed, *what;
	} deeds[] = {
		{"flush ruleset", "the table was removed"},
		{"delete table netdev " SCENE_TABLE, "the table was removed"},
		{"flush ruleset; add table netdev " SCENE_TABLE, "the table was removed"},
		{"add table netdev " SCENE_TABLE " { flags dormant; }", "the table was added or changed"},
		{"flush table netdev " SCENE_TABLE, "a rule was removed"},
		{"flush chain netdev " SCENE_TABLE " out_left; delete chain netdev " SCENE_TABLE " out_left",
		 "a chain was removed"},
		{"add chain netdev " SCENE_TABLE " more", "a chain was added or changed"},
		{"insert rule netdev " SCENE_TABLE " out_left accept", "a rule was added"},
		{"flush chain netdev " SCENE_TABLE " from_ip", "a rule was removed"},
		{"add set netdev " SCENE_TABLE " more { type mark; }", "a set was added"},
		{"flush set netdev " SCENE_TABLE " v4", "a set lost an element"},
		{"delete element netdev " SCENE_TABLE " v6 { " SCENE_IP6 " }", "a set lost an element"},
		{"add element netdev " SCENE_TABLE " lease { 0 timeout 1h }", "a set was given an element"},
		{"add counter netdev " SCENE_TABLE " more", "something was changed in the table"},
	};
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		scene_build(&scene);
		/* With changes elsewhere in the same transaction. */
		sandbox_run("nft 'add table ip other; %s; add table ip6 other'", deeds[i].deed);
		struct log log = read_all();
		cr_assert_eq(log.n, 1, "%s", deeds[i].deed);
		cr_assert_not(log.newest.lost);
		cr_assert_str_eq(log.newest.what, deeds[i].what, "%s: %s", deeds[i].deed, log.newest.what);
		cr_assert_str_eq(log.newest.program, "nft");
		cr_assert_gt(log.newest.pid, 0);
		cr_assert_eq(read_all().n, 0);
	}
}

Test(netlink_lease_watch, each_transaction_is_told) {
	scene_build(&scene);
	sandbox_run("nft flush set netdev " SCENE_TABLE " v4");
	sandbox_run("nft add table ip other");
	sandbox_run("nft delete table netdev " SCENE_TABLE);
	struct log log = read_all();
	cr_assert_eq(log.n, 2);
	cr_assert_str_eq(log.newest.what, "the table was removed");
}

Test(netlink_lease_watch, another_process_of_ours_is_somebody_else) {
	scene_build(&scene);
	struct lease *other = lease_open(SCENE_TAG);
	cr_assert_eq(lease_permit(other, SEC), 0);
	struct log log = read_all();
	cr_assert_eq(log.n, 1);
	cr_assert_eq(log.newest.pid, getpid());
	lease_close(other);
}

Test(netlink_lease_watch, a_long_transaction_of_others_goes_by) {
	enum { RULES = 5000 };
	scene_build(&scene);
	sandbox_run("{ echo 'table ip other {\nchain c {'; for i in $(seq %d); do echo counter; done; echo '}\n}'; } | nft "
		    "-f -",
		    RULES);
	cr_assert_eq(read_all().n, 0);
	sandbox_run("nft flush ruleset");
	struct log log = read_all();
	cr_assert_eq(log.n, 1);
	cr_assert_str_eq(log.newest.what, "the table was removed");
}

Test(netlink_lease_watch, lost_notices_are_told_once_and_then_it_goes_on) {
	int least = 1; /* the kernel raises it to the least that it allows */
	cr_assert_eq(setsockopt(lease_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0);
	scene_build(&scene);
	for (int i = 0; i < 20; i++)
		sandbox_run("nft add table ip other%d", i);
	struct log log = read_all();
	cr_assert_eq(log.n, 1);
	cr_assert(log.newest.lost);
	cr_assert_str_eq(log.newest.what, "");
	cr_assert_eq(read_all().n, 0);
	sandbox_run("nft delete element netdev " SCENE_TABLE " v4 '{ " SCENE_IP " }'");
	log = read_all();
	cr_assert_eq(log.n, 1);
	cr_assert_not(log.newest.lost);
}
