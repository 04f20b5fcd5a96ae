/* `hamon check-config` and `hamon show-config` on files: what they say for machines, and their exit statuses. */
#include "hamon/cli/cli.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/conf/conf.h"
#include "hamon/core/timers.h"
#include "tests/unit/netlink_sandbox.h"
#include "tests/unit/refuse.h"

#define GOOD                                                                                                               \
	"cluster = \"edge\" psk-file = \"/nonexistent/psk\" nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"          \
	"shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"

/* The kernel is asked whether it can keep the lease: in a namespace that nobody else looks at. */
TestSuite(check_config, .init = sandbox_enter);

/* Runs the verb on a file of this text; *out is what it printed, which the caller frees. */
static int run(cli_verb_fn *verb, const char *text, bool json, char **out) {
	char file[] = "/tmp/hamon-check-XXXXXX", printed[] = "/tmp/hamon-printed-XXXXXX";
	int fd = mkstemp(file), printed_fd = mkstemp(printed);
	cr_assert(fd >= 0 && printed_fd >= 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	fflush(stdout);
	int terminal = dup(STDOUT_FILENO);
	dup2(printed_fd, STDOUT_FILENO);
	char *words[] = {file, NULL};
	struct cli cli = {.verb = "check-config", .node = "ha1", .json = json, .words_n = 1, .words = words};
	int status = verb(&cli);
	fflush(stdout);
	dup2(terminal, STDOUT_FILENO);
	close(terminal);
	off_t size = lseek(printed_fd, 0, SEEK_END);
	*out = calloc(1, (size_t)size + 1);
	cr_assert_eq(pread(printed_fd, *out, (size_t)size, 0), (ssize_t)size);
	close(printed_fd);
	unlink(printed);
	unlink(file);
	return status;
}

static const struct json_object *member(const struct json_object *object, const char *key) {
	struct json_object *value = NULL;
	cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
	return value;
}

static const char *text(const struct json_object *object, const char *key) {
	struct json_object *value = NULL;
	cr_assert(json_object_object_get_ex(object, key, &value), "%s", key);
	return json_object_get_string(value);
}

Test(check_config, a_good_file_and_what_follows_from_it) {
	char *out;
	cr_assert_eq(run(cli_check_config, GOOD "failover = { within = \"2s\" }\n", true, &out), EXIT_OK, "%s", out);
	struct json_object *report = json_tokener_parse(out);
	cr_assert_not_null(report);
	cr_expect(json_object_get_boolean(member(report, "ok")));
	cr_expect_eq(json_object_get_int64(member(report, "within_ns")), 2 * SEC);
	cr_expect_leq(json_object_get_int64(member(report, "kept_ns")), 2 * SEC);
	cr_expect_leq(json_object_get_int64(member(report, "least_ns")), json_object_get_int64(member(report, "kept_ns")));
	cr_expect_gt(json_object_get_int64(member(member(report, "timers_ns"), "h")), 0);
	const struct json_object *checks = member(report, "checks");
	cr_assert_eq(json_object_array_length(checks), TIMERS_CHECKS);
	for (size_t i = 0; i < TIMERS_CHECKS; i++) {
		const struct json_object *check = json_object_array_get_idx(checks, i);
		cr_expect(json_object_get_boolean(member(check, "holds")));
		cr_expect_geq(json_object_get_int64(member(check, "left_ns")),
			      json_object_get_int64(member(check, "right_ns")));
	}
	cr_expect_eq(json_object_array_length(member(report, "warnings")), 2, "no test IPs, no key");
	cr_expect_str_eq(text(report, "kernel_lease"), "can");
	json_object_put(report);
	free(out);
}

Test(check_config, the_kernels_lease) {
	char *out;
	cr_expect_eq(run(cli_check_config, GOOD, false, &out), EXIT_OK);
	cr_expect_not_null(strstr(out, "kernel lease: this kernel can do it\n"), "%s", out);
	free(out);
	cr_expect_eq(run(cli_check_config, GOOD "failover = { lease = \"off\" }\n", false, &out), EXIT_OK);
	cr_expect_not_null(strstr(out, "kernel lease: off\n"), "%s", out);
	cr_expect_not_null(strstr(out, CONF_LEASE_OFF), "%s", out);
	free(out);
}

/* Whoever may not ask is not told that the kernel cannot. */
Test(check_config, the_kernels_lease_without_root) {
	enum { NOBODY = 65534 };
	char *out;
	cr_assert_eq(seteuid(NOBODY), 0);
	cr_expect_eq(run(cli_check_config, GOOD, false, &out), EXIT_OK);
	cr_expect_not_null(strstr(out, "kernel lease: not looked at: needs root"), "%s", out);
	free(out);
}

Test(check_config, a_kernel_that_cannot_keep_the_lease) {
	char *out;
	refuse_nf_tables();
	cr_expect_eq(run(cli_check_config, GOOD, true, &out), EXIT_USAGE);
	struct json_object *report = json_tokener_parse(out);
	cr_assert_not_null(report);
	cr_expect_str_eq(text(report, "kernel_lease"), "cannot");
	const char *first = json_object_get_string(json_object_array_get_idx(member(report, "errors"), 0));
	cr_expect_not_null(strstr(first, "a netlink socket of nf_tables"), "%s", first);
	json_object_put(report);
	free(out);
	cr_expect_eq(run(cli_check_config, GOOD "failover = { lease = \"off\" }\n", false, &out), EXIT_OK, "%s", out);
	free(out);
}

Test(check_config, a_good_file_for_people) {
	char *out;
	cr_expect_eq(run(cli_check_config, GOOD, false, &out), EXIT_OK);
	cr_expect_not_null(strstr(out, ": OK\n"));
	cr_expect_not_null(strstr(out, "D (1 - rho) >= (A + 2 L + J)(1 + rho) + q"));
	cr_expect_not_null(strstr(out, "warning: no test IPs are configured"));
	free(out);
}

Test(check_config, a_bad_file) {
	static const char *const bad[] = {"cluster = ", "clster = \"edge\"\n", GOOD "failover = { within = \"3ms\" }\n"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *out;
		cr_expect_eq(run(cli_check_config, bad[i], true, &out), EXIT_USAGE);
		struct json_object *report = json_tokener_parse(out);
		cr_assert_not_null(report);
		cr_expect_not(json_object_get_boolean(member(report, "ok")));
		cr_expect_gt(json_object_array_length(member(report, "errors")), 0);
		json_object_put(report);
		free(out);
	}
}

Test(check_config, what_is_shown_is_good_again) {
	char *shown, *again;
	cr_assert_eq(run(cli_show_config, GOOD, false, &shown), EXIT_OK);
	cr_assert_eq(run(cli_show_config, shown, false, &again), EXIT_OK);
	cr_expect_str_eq(again, shown);
	free(shown);
	free(again);
}

Test(check_config, a_file_that_is_not_there) {
	char *words[] = {"/nonexistent/hamon.conf", NULL};
	struct cli cli = {.verb = "check-config", .words_n = 1, .words = words};
	cr_expect_eq(cli_check_config(&cli), EXIT_USAGE);
	cr_expect_eq(cli_show_config(&cli), EXIT_USAGE);
}
