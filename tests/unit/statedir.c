/* The state directory: what it gives back after a restart, and that no damage, full disk or second daemon ever makes an
 * epoch or a boot number smaller. */
#include "hamon/supervisor/statedir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/hamon-statedir-XXXXXX";
static char path[sizeof(base) + 16];
static struct statedir state;

static void begin(void) {
	cr_assert_not_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/edge", base);
}

static void end(void) {
	static const char *const names[] = {"boot",      "epoch",        "operator", "addresses", "lock",
					    "epoch.new", "operator.new", "boot.new", "."};
	statedir_close(&state);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[2 * sizeof(path)];
		snprintf(name, sizeof(name), "%s/%s", path, names[i]);
		if (unlink(name) < 0)
			rmdir(name);
	}
	rmdir(path);
	rmdir(base);
}

TestSuite(statedir, .init = begin, .fini = end);

static void open_it(void) {
	cr_assert_eq(statedir_open(&state, path), 0, "%s", state.why);
}

static void reopen(void) {
	statedir_close(&state);
	open_it();
}

static void put(const char *name, const char *text) {
	char file[2 * sizeof(path)];
	snprintf(file, sizeof(file), "%s/%s", path, name);
	FILE *out = fopen(file, "we");
	cr_assert_not_null(out);
	fputs(text, out);
	cr_assert_eq(fclose(out), 0);
}

/* A directory in the place of the file that is written first: it cannot be written, whoever we are. */
static void block(const char *name) {
	char file[2 * sizeof(path)];
	snprintf(file, sizeof(file), "%s/%s.new", path, name);
	cr_assert_eq(mkdir(file, 0700), 0);
}

static void unblock(const char *name) {
	char file[2 * sizeof(path)];
	snprintf(file, sizeof(file), "%s/%s.new", path, name);
	cr_assert_eq(rmdir(file), 0);
}

/* ---- numbers ---- */

Test(statedir, boot_numbers_are_the_clock_or_one_more) {
	uint64_t boot;
	open_it();
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	cr_assert_eq(boot, 1000);
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	cr_assert_eq(boot, 1001);
	reopen();
	cr_assert_eq(statedir_next_boot(&state, 5, &boot), 0);
	cr_assert_eq(boot, 1002, "the wall clock went back");
	cr_assert_eq(statedir_next_boot(&state, 2000, &boot), 0);
	cr_assert_eq(boot, 2000);
	cr_assert_eq(statedir_next_boot(&state, -1, &boot), 0);
	cr_assert_eq(boot, 2001, "the wall clock says a time before 1970");
}

Test(statedir, a_boot_number_that_was_lost_is_passed_by_the_next_one) {
	uint64_t boot;
	open_it();
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	cr_assert_eq(statedir_raise_boot(&state, 5000), 0);
	reopen();
	cr_assert_eq(statedir_next_boot(&state, 1001, &boot), 0);
	cr_assert_eq(boot, 5001);
	cr_assert_eq(statedir_raise_boot(&state, 2000), 0);
	cr_assert_eq(statedir_raise_boot(&state, INT64_MAX), -ERANGE);
	cr_assert_eq(statedir_raise_boot(&state, UINT64_MAX), -ERANGE);
	cr_assert_eq(statedir_next_boot(&state, 1001, &boot), 0);
	cr_assert_eq(boot, 5002, "it never goes back, and never beyond what can be");
}

Test(statedir, a_lost_boot_number_is_passed_even_when_it_cannot_be_written) {
	uint64_t boot;
	open_it();
	block("boot");
	cr_assert_lt(statedir_raise_boot(&state, 5000), 0);
	unblock("boot");
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	cr_assert_eq(boot, 5001);
}

Test(statedir, the_mark_is_never_below_an_epoch_asked_for) {
	open_it();
	cr_assert_eq(state.mark, 0);
	cr_assert_eq(statedir_reserve(&state, 64), 0);
	cr_assert_eq(state.mark, 64);
	cr_assert_eq(statedir_reserve(&state, 1000), 0);
	cr_assert_eq(state.mark, 1000);
	cr_assert_eq(statedir_reserve(&state, 7), 0);
	cr_assert_eq(state.mark, 1000, "it never goes back");
	reopen();
	cr_assert_eq(state.mark, 1000);
	cr_assert_eq(statedir_reserve(&state, UINT64_MAX), -ERANGE);
	cr_assert_eq(state.mark, 1000);
}

Test(statedir, a_number_that_cannot_be_written_is_said_and_not_believed) {
	uint64_t boot;
	open_it();
	cr_assert_eq(statedir_reserve(&state, 64), 0);
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	block("epoch");
	block("boot");
	cr_assert_eq(statedir_reserve(&state, 128), -EISDIR);
	cr_assert_eq(state.mark, 64);
	cr_assert_not_null(strstr(state.why, "/edge/epoch cannot be written: "), "%s", state.why);
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), -EISDIR);
	cr_assert_eq(boot, 1001, "a number is given in any case, and a new one");
	unblock("epoch");
	unblock("boot");
	cr_assert_eq(statedir_reserve(&state, 128), 0);
	cr_assert_eq(statedir_next_boot(&state, 1000, &boot), 0);
	cr_assert_eq(boot, 1002);
}

Test(statedir, damaged_numbers_are_refused) {
	static const char *const damaged[] = {
		"",
		"\n",
		"42",
		"4 2\n",
		"42\n\n",
		"42\n7\n",
		"-1\n",
		"+1\n",
		" 42\n",
		"42 \n",
		"0x2a\n",
		"4e1",
		"a\n",
		"42\r\n",
		"9223372036854775808\n",
		"18446744073709551616\n",
		"99999999999999999999\n",
	};
	static const char *const names[] = {"boot", "epoch"};
	open_it();
	for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
		for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
			char expected[64];
			statedir_close(&state);
			put(names[name], damaged[i]);
			cr_assert_eq(statedir_open(&state, path), -EBADMSG, "%s: \"%s\"", names[name], damaged[i]);
			snprintf(expected, sizeof(expected), "/edge/%s is damaged", names[name]);
			cr_assert_not_null(strstr(state.why, expected), "%s", state.why);
		}
		put(names[name], "42\n");
		open_it();
	}
	cr_assert_eq(state.boot, 42);
	cr_assert_eq(state.mark, 42);
}

/* ---- the lock ---- */

/* In another process, as it would be; a lock is the open file's, not the process's. */
Test(statedir, a_second_daemon_is_refused_with_the_firsts_process_id) {
	int told[2];
	cr_assert_eq(pipe2(told, O_CLOEXEC), 0);
	pid_t first = fork();
	if (first == 0) {
		bool opened = statedir_open(&state, path) == 0;
		if (write(told[1], &opened, sizeof(opened)) == sizeof(opened))
			pause();
		_exit(0);
	}
	bool opened = false;
	cr_assert_eq(read(told[0], &opened, sizeof(opened)), (ssize_t)sizeof(opened));
	cr_assert(opened);
	char expected[64];
	snprintf(expected, sizeof(expected), "another daemon, process %d, uses ", (int)first);
	int rc = statedir_open(&state, path);
	kill(first, SIGKILL);
	waitpid(first, NULL, 0);
	cr_assert_eq(rc, -EBUSY);
	cr_assert_eq(strncmp(state.why, expected, strlen(expected)), 0, "%s", state.why);
	open_it();
}

/* The supervisor is dead and its monitor, which inherited the lock, steps down meanwhile. */
Test(statedir, a_monitor_that_steps_down_is_waited_for) {
	int told[2];
	cr_assert_eq(pipe2(told, O_CLOEXEC), 0);
	pid_t supervisor = fork();
	if (supervisor == 0) {
		bool opened = statedir_open(&state, path) == 0;
		if (opened && fork() == 0) { /* the monitor */
			char go;
			_exit(read(told[0], &go, sizeof(go)) != sizeof(go));
		}
		_exit(!opened);
	}
	int status;
	cr_assert_eq(waitpid(supervisor, &status, 0), supervisor);
	cr_assert_eq(status, 0);
	cr_assert_eq(write(told[1], "x", 1), 1);
	open_it();
}

/* ---- lists ---- */

static void disable(struct message_operator *kept, const char *text) {
	struct ip_address address;
	cr_assert_eq(conf_address(text, &address), 0);
	kept->disabled[kept->disabled_n].family = address.family;
	memcpy(kept->disabled[kept->disabled_n++].bytes, address.bytes, sizeof(address.bytes));
}

Test(statedir, the_operators_state_survives) {
	static struct message_operator kept, read;
	open_it();
	cr_assert_eq(statedir_read_operator(&state, &read), 0);
	cr_assert(!read.paused && read.paused_until_real == 0 && read.disabled_n == 0, "no file: nothing was set");
	kept.paused = 1;
	kept.paused_until_real = 1755561611;
	disable(&kept, "192.0.2.10");
	disable(&kept, "2001:db8::10");
	cr_assert_eq(statedir_write_operator(&state, &kept), 0, "%s", state.why);
	reopen();
	cr_assert_eq(statedir_read_operator(&state, &read), 0, "%s", state.why);
	cr_assert_eq(read.paused, 1);
	cr_assert_eq(read.paused_until_real, kept.paused_until_real);
	cr_assert_eq(read.disabled_n, 2);
	cr_assert_eq(memcmp(kept.disabled, read.disabled, sizeof(kept.disabled)), 0);
}

Test(statedir, a_damaged_operators_state_is_refused_with_its_line) {
	static const char *const damaged[] = {"paused 2\n", "paused\n", "paused 1", "pause 1\n", "disabled here\n", "\n"};
	static struct message_operator read;
	open_it();
	read.paused_until_real = 7;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "paused-until 0\n%s", damaged[i]);
		put("operator", text);
		cr_assert_eq(statedir_read_operator(&state, &read), -EBADMSG, "%s", damaged[i]);
		cr_assert_not_null(strstr(state.why, "/edge/operator is damaged at line 2"), "%s", state.why);
	}
	cr_assert_eq(read.paused_until_real, 7, "untouched");
}

static void serve(struct conf *conf, const char *text, uint8_t prefix, const char *interface) {
	struct conf_ip *ip = &conf->ips[conf->ips_n++];
	cr_assert_eq(conf_address(text, &ip->address), 0);
	ip->prefix = prefix;
	snprintf(ip->interface, sizeof(ip->interface), "%s", interface);
}

Test(statedir, addresses_of_all_configurations_are_remembered) {
	static struct statedir_addresses addresses, read;
	static struct conf older, newer;
	serve(&older, "192.0.2.10", 24, "eth0");
	serve(&older, "2001:db8::10", 64, "eth0");
	serve(&newer, "2001:db8::10", 64, "eth0");
	serve(&newer, "2001:db8::10", 64, "eth1");
	open_it();
	cr_assert_eq(statedir_merge_addresses(&addresses, &older), 0);
	cr_assert_eq(statedir_merge_addresses(&addresses, &newer), 0);
	cr_assert_eq(addresses.n, 3);
	cr_assert_eq(statedir_write_addresses(&state, &addresses), 0, "%s", state.why);
	reopen();
	cr_assert_eq(statedir_read_addresses(&state, &read), 0, "%s", state.why);
	cr_assert_eq(read.n, 3);
	cr_assert_eq(memcmp(read.list, addresses.list, read.n * sizeof(read.list[0])), 0);
}

Test(statedir, the_list_of_addresses_is_bounded) {
	static struct statedir_addresses addresses = {.n = STATEDIR_ADDRESSES - 1};
	static struct conf conf;
	serve(&conf, "192.0.2.10", 24, "eth0");
	serve(&conf, "192.0.2.11", 24, "eth0");
	cr_assert_eq(statedir_merge_addresses(&addresses, &conf), -ENOSPC);
	cr_assert_eq(addresses.n, STATEDIR_ADDRESSES - 1);
}

Test(statedir, damaged_addresses_are_refused) {
	static const char *const damaged[] = {
		"eth0 192.0.2.10\n",      "eth0 192.0.2.10/33\n",
		"eth0 2001:db8::1/129\n", "eth0 192.0.2.10/24",
		"192.0.2.10/24\n",        " 192.0.2.10/24\n",
		"eth0 192.0.2.10/\n",     "eth0 x/24\n",
		"eth0 192.0.2.10/24 \n",  "an-interface-name-too-long 192.0.2.10/24\n",
	};
	static struct statedir_addresses read;
	open_it();
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		put("addresses", damaged[i]);
		cr_assert_eq(statedir_read_addresses(&state, &read), -EBADMSG, "%s", damaged[i]);
		cr_assert_not_null(strstr(state.why, "/edge/addresses is damaged at line 1"), "%s", state.why);
	}
}

/* ---- disks ---- */

Test(statedir, paths_that_cannot_be_are_refused) {
	char too_long[PATH_MAX + 1];
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	cr_assert_eq(statedir_open(&state, too_long), -ENAMETOOLONG);
	cr_assert_eq(statedir_open(&state, ""), -ENAMETOOLONG);
	cr_assert_eq(statedir_open(&state, "/proc/version/edge"), -ENOTDIR);
	cr_assert_not_null(strstr(state.why, "/proc/version/edge cannot be "), "%s", state.why);
}

Test(statedir, directories_above_it_are_made) {
	char deep[2 * sizeof(path)];
	snprintf(deep, sizeof(deep), "%s/a/b", path);
	cr_assert_eq(statedir_open(&state, deep), 0, "%s", state.why);
	statedir_close(&state);
	snprintf(deep, sizeof(deep), "rm -r %s", path);
	cr_assert_eq(system(deep), 0); // NOLINT(cert-env33-c): our own words
}

/* A file system of our own, in a mount namespace of this test alone (needs root). */
static void mount_at_base(const char *options) {
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "needs root");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("tmpfs", base, "tmpfs", 0, options), 0);
}

Test(statedir, a_read_only_directory_is_an_error_that_says_so) {
	mount_at_base("size=64k");
	open_it();
	statedir_close(&state);
	cr_assert_eq(mount(NULL, base, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	cr_assert_eq(statedir_open(&state, path), -EROFS);
	cr_assert_not_null(strstr(state.why, "Read-only file system"), "%s", state.why);
	umount(base);
}

Test(statedir, a_full_disk_keeps_what_was_there) {
	static struct message_operator kept, read;
	mount_at_base("size=64k,nr_inodes=8");
	open_it();
	cr_assert_eq(statedir_reserve(&state, 64), 0);
	kept.paused = 1;
	cr_assert_eq(statedir_write_operator(&state, &kept), 0);
	for (unsigned i = 0;; i++) {
		char name[16];
		snprintf(name, sizeof(name), "fill%u", i);
		int fd = openat(state.dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	cr_assert_eq(statedir_reserve(&state, 1000), -ENOSPC);
	kept.paused = 0;
	cr_assert_eq(statedir_write_operator(&state, &kept), -ENOSPC);
	reopen();
	cr_assert_eq(state.mark, 64);
	cr_assert_eq(statedir_read_operator(&state, &read), 0);
	cr_assert_eq(read.paused, 1);
	statedir_close(&state);
	umount(base);
}
