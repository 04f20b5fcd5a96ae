/* The supervisor's part in this node's silence, against the kernel: leftovers at the start, a monitor that does not run,
 * the daemon's end; with the lease and without. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/kernel_lease.h"
#include "hamon/log.h"
#include "hamon/supervisor/parts.h"
#include "netlink/addr.h"
#include "tests/unit/netlink_sandbox.h"
#include "tests/unit/refuse.h"

#define SHARED "192.0.2.10"

static struct supervisor *s;
static struct lease *lease; /* a monitor's */
static int said_fd;

static void catch_stderr(void) {
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	said_fd = ends[0];
	log_init(1, false);
}

static const char *said(void) {
	static char text[4096];
	ssize_t n = read(said_fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void begin(void) {
	static const char text[] = "cluster = \"edge\"\n"
				   "psk-file = \"/etc/hamon/psk\"\n"
				   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
				   "shared-ips = ( { address = \"" SHARED "/24\" interface = \"left\" } )\n";
	static struct conf_errors errors;
	sandbox_enter();
	catch_stderr();
	s = calloc(1, sizeof(*s));
	cr_assert_eq(conf_read(text, "t", "ha1", &s->running.conf, &errors), 0, "%s", errors.text[0]);
	cr_assert_eq(statedir_merge_addresses(&s->addresses, &s->running.conf), 0);
	lease = lease_open(auth_cluster_tag(s->running.conf.cluster));
	cr_assert_not_null(lease);
}

static void end(void) {
	lease_close(lease);
	if (s->lease)
		lease_close(s->lease);
	free(s);
}

TestSuite(supervisor_silence, .init = begin, .fini = end);

/* ---- what a monitor does, and what is there ---- */

static void build_table(void) {
	static struct lease_plan plan;
	plan = (struct lease_plan){.length = SEC, .interfaces_n = 1, .addresses_n = 1, .interfaces = {"left"}};
	plan.addresses[0] = s->running.conf.ips[0].address;
	cr_assert_eq(lease_build(lease, &plan, NULL), 0);
}

/* As much of a lease as can be had without a heartbeat. */
static void serve(void) {
	if (!s->running.conf.lease_off) {
		build_table();
		cr_assert_eq(lease_permit(lease, 3600 * SEC), 0);
	}
	sandbox_run("ip address add " SHARED "/24 dev left");
}

static bool permitted(void) {
	span_t left;
	return lease_permit_left(lease, &left) == 0;
}

static bool table_there(void) {
	return sandbox_try("nft list table netdev %s >/dev/null 2>&1", lease_table(lease));
}

static bool address_there(void) {
	return sandbox_try("ip -brief address show dev left | grep -q ' " SHARED "/'");
}

/* The daemon's start, with nothing left over; and its monitor serves. */
static void run(bool lease_off) {
	s->running.conf.lease_off = lease_off;
	cr_assert_eq(supervisor_clear_leftovers(s), EXIT_OK);
	serve();
	said();
}

/* ---- the start ---- */

Test(supervisor_silence, nothing_left_over_is_not_worth_a_word) {
	cr_expect_eq(supervisor_clear_leftovers(s), EXIT_OK);
	cr_expect_str_eq(said(), "");
	cr_expect_not(table_there(), "the monitor makes it");
}

Test(supervisor_silence, leftovers_go_before_anything_is_sent) {
	char line[80];
	serve();
	cr_expect_eq(supervisor_clear_leftovers(s), EXIT_OK);
	cr_expect_not(table_there());
	cr_expect_not(address_there());
	snprintf(line, sizeof(line), "the table %s and 1 shared IP left by an earlier run removed\n", lease_table(lease));
	const char *words = said();
	cr_expect_not_null(strstr(words, line), "%s", words);
}

Test(supervisor_silence, a_leftover_table_goes_with_the_lease_off_too) {
	serve();
	s->running.conf.lease_off = true;
	cr_expect_eq(supervisor_clear_leftovers(s), EXIT_OK);
	cr_expect_not(table_there(), "it would keep this node silent for ever");
	cr_expect_not(address_there());
}

Test(supervisor_silence, a_kernel_that_cannot_keep_the_lease_is_refused_with_words) {
	sandbox_run("ip address add " SHARED "/24 dev left");
	refuse_nf_tables();
	cr_expect_eq(supervisor_clear_leftovers(s), EXIT_FAILED);
	cr_expect_not(address_there(), "refused or not, an earlier daemon's address does not stay");
	const char *words = said();
	cr_expect_not_null(strstr(words, "this kernel cannot keep the lease: it refuses a netlink socket of nf_tables"),
			   "%s", words);
	cr_expect_not_null(strstr(words, KERNEL_LEASE_ADVICE), "%s", words);
}

Test(supervisor_silence, a_kernel_without_nf_tables_will_do_with_the_lease_off) {
	sandbox_run("ip address add " SHARED "/24 dev left");
	s->running.conf.lease_off = true;
	refuse_nf_tables();
	cr_expect_eq(supervisor_clear_leftovers(s), EXIT_OK);
	cr_expect_not(address_there());
	sandbox_run("ip address add " SHARED "/24 dev left");
	said();
	supervisor_make_way(s);
	cr_expect_not(address_there());
	supervisor_leave(s);
	const char *words = said();
	cr_expect_null(strstr(words, "lease"), "%s", words);
}

Test(supervisor_silence, an_address_that_cannot_go_is_kept_silent) {
	run(false);
	rtnl_fini(&s->rtnl);
	supervisor_leave(s);
	cr_expect(address_there());
	cr_expect(table_there());
	cr_expect_not(permitted());
	const char *words = said();
	cr_expect_not_null(strstr(words, "shared IPs may still stand"), "%s", words);
}

/* ---- a monitor that does not run ---- */

Test(supervisor_silence, a_monitor_that_does_not_run_holds_nothing) {
	run(false);
	cr_assert(permitted() && address_there(), "or the test tests nothing");
	supervisor_silence(s);
	cr_expect_not(permitted());
	cr_expect_not(address_there());
	cr_expect(table_there(), "the next monitor puts its own in its place, in one go");
	const char *words = said();
	cr_expect_not_null(strstr(words, "1 shared IP removed from this node's interfaces"), "%s", words);
	supervisor_make_way(s);
	cr_expect(table_there());
}

Test(supervisor_silence, with_the_lease_off_it_keeps_the_address_until_the_next_one_starts) {
	run(true);
	supervisor_silence(s);
	cr_expect(address_there());
	supervisor_make_way(s);
	cr_expect_not(address_there());
}

/* ---- a reload switched it, and the next monitor goes by that ---- */

Test(supervisor_silence, a_lease_switched_off_leaves_no_table_to_the_next_monitor) {
	run(false);
	s->running.conf.lease_off = true;
	supervisor_silence(s);
	cr_expect_not(address_there(), "the monitor that died had the lease");
	cr_expect(table_there());
	supervisor_make_way(s);
	cr_expect_not(table_there());
}

Test(supervisor_silence, a_lease_switched_on_finds_no_address) {
	run(true);
	s->running.conf.lease_off = false;
	supervisor_silence(s);
	cr_expect(address_there(), "the monitor that died had no lease");
	supervisor_make_way(s);
	cr_expect_not(address_there());
	serve();
	supervisor_silence(s);
	cr_expect_not(address_there());
}

/* ---- the end ---- */

Test(supervisor_silence, the_daemon_leaves_nothing_behind) {
	for (int lease_off = 0; lease_off <= 1; lease_off++) {
		run(lease_off);
		s->stopping = true;
		supervisor_silence(s);
		cr_expect_not(address_there(), "lease_off %d", lease_off);
		supervisor_leave(s);
		cr_expect_not(table_there());
		s->stopping = false;
	}
}

Test(supervisor_silence, told_to_end_while_no_monitor_runs_it_leaves_nothing_either) {
	run(true);
	supervisor_silence(s); /* it died; and before the next one is started comes the end */
	cr_assert(address_there());
	supervisor_leave(s);
	cr_expect_not(address_there());
}
