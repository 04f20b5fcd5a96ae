/* Durations and addresses, to and from text; files as they are loaded. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/conf_scene.h"

Test(conf, durations) {
	static const struct {
		const char *text;
		span_t is;
		int error;
	} cases[] = {
		{"500ms", 500 * MSEC, 0},
		{"1.5s", 1500 * MSEC, 0},
		{"2h", 7200 * SEC, 0},
		{"1d", 86400 * SEC, 0},
		{"15min", 900 * SEC, 0},
		{"37333us", 37333 * USEC, 0},
		{"0.001ms", USEC, 0},
		{"1.50s", 1500 * MSEC, 0},
		{"0s", 0, 0},
		{"007ms", 7 * MSEC, 0},
		{"", 0, -EINVAL},
		{"ms", 0, -EINVAL},
		{"5", 0, -EINVAL},
		{"5 ms", 0, -EINVAL},
		{"5m", 0, -EINVAL},
		{"5MS", 0, -EINVAL},
		{"-5ms", 0, -EINVAL},
		{"+5ms", 0, -EINVAL},
		{".5s", 0, -EINVAL},
		{"5.s", 0, -EINVAL},
		{"5.5.5s", 0, -EINVAL},
		{"1.5us", 0, -EINVAL},
		{"0.0000001s", 0, -EINVAL},
		{"0x10s", 0, -EINVAL},
		{"5msx", 0, -EINVAL},
		{"99999999999999999999s", 0, -ERANGE},
		{"9223372036854775807us", 0, -ERANGE},
		{"100000d", 0, -ERANGE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span_t span = -7;
		cr_expect_eq(conf_duration(cases[i].text, &span), cases[i].error, "%s", cases[i].text);
		cr_expect_eq(span, cases[i].error ? -7 : cases[i].is, "%s", cases[i].text);
	}
}

Test(conf, durations_as_text) {
	static const struct {
		span_t span;
		const char *text;
	} cases[] = {{500 * MSEC, "500ms"}, {1500 * MSEC, "1500ms"},   {SEC, "1s"}, {90 * SEC, "90s"}, {60 * SEC, "1min"},
		     {7200 * SEC, "2h"},    {37333 * USEC, "37333us"}, {0, "0s"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[CONF_DURATION];
		span_t again;
		cr_expect_str_eq(conf_duration_text(cases[i].span, text), cases[i].text);
		cr_expect_eq(conf_duration(text, &again), 0);
		cr_expect_eq(again, cases[i].span);
	}
}

Test(conf, addresses_as_text) {
	static const char *const good[] = {"192.0.2.10", "2001:db8::10"};
	static const char *const bad[] = {"",          "192.0.2", "192.0.2.1/24", "192.0.2.01", "2001:db8::10%eth0",
					  "localhost", ":"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct ip_address address;
		char text[INET6_ADDRSTRLEN];
		cr_expect_eq(conf_address(good[i], &address), 0);
		cr_expect_str_eq(conf_address_text(&address, text), good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ip_address address = {.family = 99};
		cr_expect_eq(conf_address(bad[i], &address), -EINVAL, "%s", bad[i]);
		cr_expect_eq(address.family, 99, "untouched");
	}
}

static void write_file(char *path, const void *bytes, size_t size) {
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

Test(conf, loading) {
	char path[] = "/tmp/hamon-conf-XXXXXX", *text = NULL;
	write_file(path, SHORT, strlen(SHORT));
	cr_expect_eq(conf_load(path, &text), 0);
	cr_expect_str_eq(text, SHORT);
	free(text);
	unlink(path);

	char *untouched = path;
	text = untouched;
	cr_expect_eq(conf_load(path, &text), -ENOENT);
	cr_expect_eq(conf_load("/", &text), -EISDIR);
	char with_nul[] = "/tmp/hamon-conf-XXXXXX", large[] = "/tmp/hamon-conf-XXXXXX";
	write_file(with_nul, "a\0b", 3);
	cr_expect_eq(conf_load(with_nul, &text), -EILSEQ);
	unlink(with_nul);
	write_file(large, "", 0);
	cr_assert_eq(truncate(large, (1 << 20) + 1), 0);
	cr_expect_eq(conf_load(large, &text), -EFBIG);
	unlink(large);
	cr_expect_eq(text, untouched);
}

Test(conf, a_fifo_that_nobody_writes_to_holds_nothing_up, .timeout = 10) {
	char folder[] = "/tmp/hamon-conf-XXXXXX", path[64], *text = NULL;
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/fifo", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(conf_load(path, &text), 0);
	cr_expect_str_eq(text, "");
	free(text);

	text = NULL;
	int silent = open(path, O_RDWR | O_CLOEXEC);
	cr_expect_eq(conf_load(path, &text), -ETIMEDOUT);
	cr_expect_null(text);
	close(silent);
	unlink(path);
	rmdir(folder);
}
