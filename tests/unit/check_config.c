/* `hamon check-config` and `hamon show-config` on files: what they say for machines, and their exit statuses. */
#include "hamon/cli/cli.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/auth.h"
#include "hamon/cli/check.h"
#include "hamon/conf/conf.h"
#include "hamon/core/timers.h"
#include "tests/unit/netlink_sandbox.h"
#include "tests/unit/refuse.h"

#define GOOD                                                                                                               \
	"cluster = \"edge\" psk-file = \"/nonexistent/psk\" nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"          \
	"shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"

/* The kernel is asked whether it can keep the lease: in a namespace that nobody else looks at. */
TestSuite(check_config, .init = sandbox_enter);

static bool quiet;

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
	struct cli cli = {
		.verb = "check-config", .node = "ha1", .json = json, .quiet = quiet, .words_n = 1, .words = words};
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

#define GUARDED                                                                                                            \
	"cluster = \"edge\" psk-file = \"/nonexistent/psk\"\n"                                                             \
	"nodes = ( { name = \"ha1\" links = ( { name = \"b\" interface = \"c\" address = \"198.51.100.1\" } ) },\n"        \
	"{ name = \"ha2\" preference = 1 links = ( { name = \"b\" address = \"198.51.100.2\" } ) } )\n"                    \
	"shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"                                          \
	"links = ( { name = \"eth0\" }, { name = \"b\" transport = \"udp\" } ) heartbeat-port = 4500\n"                    \
	"failover = { within = \"2s\" dead-interval = \"1500ms\" countdown = \"10s\" hold-down-most = \"20s\"\n"           \
	"failback = \"after 1h\" }\n"                                                                                      \
	"connectivity-test = { ips = [ \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", \"192.0.2.4\" ] }\n"

static const char guarded[] = GUARDED "hooks = { before-primary = \"/bin/may\" timeout = \"5s\" }\n"
				      "fence = { command = \"/bin/fence\" delay = \"2s\" timeout = \"30s\" }\n"
				      "health = { command = \"/bin/well\" interval = \"200ms\" }\n";

static void expect_lines(const char *out, const char *const *lines, size_t n) {
	for (size_t i = 0; i < n; i++)
		cr_expect_not_null(strstr(out, lines[i]), "%s is missing in\n%s", lines[i], out);
}
#define EXPECT_LINES(out, lines) expect_lines(out, lines, sizeof(lines) / sizeof *(lines))

Test(check_config, what_comes_before_a_takeover_for_people) {
	static const char *const lines[] = {
		"\n  eth0           ethernet on eth0\n",
		"\n  b              udp      on c, from 198.51.100.1 to 198.51.100.2, port 4500\n",
		"\n  reflect        reflect  by way of the test IPs\n",
		"\nconnectivity test: 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4; 3 of the 4 must answer",
		"answer, or 2 with 192.0.2.1 among them\n",
		"\na primary that hears nobody serves on while this holds, and no longer\n",
		/* D and the countdown, or the longer hold-down; then the fence's delay and deadline */
		"\nautomatic takeover: after 13500.000 ms of silence at the earliest, 53500.000 ms at the latest\n",
		"\n  dead interval  1500.000 ms\n",
		"\n  countdown      10s, which `hamon abort` ends\n",
		"\n  hold-down      after takeovers in a row: 1s first, 20s at most\n",
		"\n  cold start     alone, once the test holds and the other node is fenced\n",
		"\n  foreign claim  of a shared IP: defended\n",
		"\n  failback       to ha2 after 1h\n",
		"\n  before-primary /bin/may (within 5s, may veto)\n",
		"\n  fence          /bin/fence (within 30s, required, 2s later)\n",
		"\n  health         /bin/well (within 1s, every 200ms, ill after 3, well after 2)\n",
		"\ndigest: ",
	};
	char *out;
	cr_assert_eq(run(cli_check_config, guarded, false, &out), EXIT_OK, "%s", out);
	EXPECT_LINES(out, lines);
	free(out);
}

Test(check_config, the_other_choices_for_people) {
	static const char *const lines[] = {
		"\nconnectivity test: 192.0.2.1, 192.0.2.2; one of the 2 must answer\n",
		"\na primary that hears nobody serves on in any case\n",
		"\nautomatic takeover: never on this node\n",
		"\n  cold start     not before the peer was heard\n",
		"\n  foreign claim  of a shared IP: this node stands down\n",
		"\n  failback       never\n",
		"\n  primary        /bin/up (within 10s)\n",
	};
	char *out;
	cr_assert_eq(
		run(cli_check_config,
		    GOOD
		    "failover = { cold-start = \"wait-for-peer\" hold-down = \"0s\" automatic = false alone = \"always\" "
		    "}\n"
		    "foreign-claim = \"stand-down\" hooks = { primary = \"/bin/up\" }\n"
		    "connectivity-test = { ips = [ \"192.0.2.1\", \"192.0.2.2\" ] policy = \"any\" reflect = false }\n",
		    false, &out),
		EXIT_OK, "%s", out);
	EXPECT_LINES(out, lines);
	cr_expect_null(strstr(out, "hold-down"), "it is off");
	cr_expect_null(strstr(out, "reflect"), "it is off");
	free(out);
}

Test(check_config, a_cold_start_and_the_fence) {
	static const struct {
		const char *fence, *says;
	} cases[] = {
		{"", "alone, once the test holds\n"},
		{"mode = \"best-effort\"", "alone, once the test holds, and after the fence was tried\n"},
		{"mode = \"required\"", "alone, once the test holds and the other node is fenced\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char file[1024], *out;
		snprintf(file, sizeof file, GOOD "%s%s%s\n", *cases[i].fence ? "fence = { command = \"/bin/fence\" " : "",
			 cases[i].fence, *cases[i].fence ? " }" : "");
		cr_assert_eq(run(cli_check_config, file, false, &out), EXIT_OK, "%s", out);
		cr_expect_not_null(strstr(out, cases[i].says), "%s is missing in\n%s", cases[i].says, out);
		free(out);
	}
}

Test(check_config, an_odd_number_of_test_ips_or_none) {
	static const struct {
		const char *ips, *says;
	} cases[] = {
		{"", "connectivity test: the default gateway of eth0; it must answer\n"},
		{"connectivity-test = { ips = [ \"192.0.2.1\" ] }", "connectivity test: 192.0.2.1; it must answer\n"},
		{"connectivity-test = { ips = [ \"192.0.2.1\", \"192.0.2.2\", \"2001:db8::1\" ] }",
		 "connectivity test: 192.0.2.1, 192.0.2.2, 2001:db8::1; 2 of the 3 must answer\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char file[1024], *out;
		snprintf(file, sizeof file, GOOD "%s\n", cases[i].ips);
		cr_assert_eq(run(cli_check_config, file, false, &out), EXIT_OK, "%s", out);
		cr_expect_not_null(strstr(out, cases[i].says), "%s is missing in\n%s", cases[i].says, out);
		free(out);
	}
}

Test(check_config, what_comes_before_a_takeover_for_machines) {
	char *out;
	cr_assert_eq(run(cli_check_config, guarded, true, &out), EXIT_OK, "%s", out);
	struct json_object *report = json_tokener_parse(out);
	cr_assert_not_null(report);
	const struct json_object *links = member(report, "links");
	cr_assert_eq(json_object_array_length(links), 3);
	const struct json_object *udp = json_object_array_get_idx(links, 1);
	cr_expect_str_eq(text(udp, "transport"), "udp");
	cr_expect_str_eq(text(udp, "interface"), "c");
	cr_expect_str_eq(text(udp, "address"), "198.51.100.1");
	cr_expect_str_eq(text(udp, "peer_address"), "198.51.100.2");
	cr_expect_eq(json_object_get_int(member(udp, "port")), 4500);
	cr_expect_str_eq(text(json_object_array_get_idx(links, 2), "name"), "reflect");
	cr_expect_eq(json_object_array_length(member(report, "tests")), 4);
	cr_expect_str_eq(text(report, "policy"), "majority");
	cr_expect_str_eq(text(report, "fence"), "required");
	const struct json_object *takeover = member(report, "takeover_ns"), *commands = member(report, "commands");
	cr_expect_eq(json_object_get_int64(member(takeover, "fastest")), 13500 * MSEC);
	cr_expect_eq(json_object_get_int64(member(takeover, "latest")), 53500 * MSEC);
	cr_expect_eq(json_object_object_length(commands), 3);
	cr_expect_str_eq(text(member(commands, "fence"), "command"), "/bin/fence");
	cr_expect_eq(json_object_get_int64(member(member(commands, "fence"), "timeout_ns")), 30 * SEC);
	cr_expect_eq(strlen(text(report, "digest")), 16);
	json_object_put(report);
	free(out);
}

static void expect_choices(const struct json_object *report, const char *const (*texts)[2], size_t n) {
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(text(report, texts[i][0]), texts[i][1], "%s", texts[i][0]);
}

/* Each choice by itself, and what belongs to single commands. */
Test(check_config, the_choices_for_machines) {
	static const char *const chosen[][2] = {{"policy", "majority"},         {"alone", "tested"},
						{"cold_start", "alone"},        {"foreign_claim", "defend"},
						{"automatic", "true"},          {"countdown_ns", "10000000000"},
						{"hold_down_ns", "1000000000"}, {"hold_down_most_ns", "20000000000"}};
	static const char *const others[][2] = {{"policy", "any"},
						{"alone", "always"},
						{"cold_start", "wait-for-peer"},
						{"foreign_claim", "stand-down"},
						{"automatic", "false"},
						{"countdown_ns", "0"},
						{"hold_down_ns", "0"}};
	char *out;
	cr_assert_eq(run(cli_check_config, guarded, true, &out), EXIT_OK, "%s", out);
	struct json_object *report = json_tokener_parse(out);
	expect_choices(report, chosen, sizeof chosen / sizeof *chosen);
	cr_expect_str_eq(text(member(report, "failback"), "node"), "ha2");
	cr_expect_eq(json_object_get_int64(member(member(report, "failback"), "after_ns")), 3600 * SEC);
	const struct json_object *commands = member(report, "commands"), *health = member(commands, "health");
	cr_expect_eq(json_object_get_int64(member(member(commands, "fence"), "delay_ns")), 2 * SEC);
	cr_expect_eq(json_object_get_int64(member(health, "interval_ns")), 200 * MSEC);
	cr_expect_eq(json_object_get_int(member(health, "fall")), 3);
	cr_expect_eq(json_object_get_int(member(health, "rise")), 2);
	json_object_put(report);
	free(out);

	cr_assert_eq(
		run(cli_check_config,
		    GOOD
		    "failover = { cold-start = \"wait-for-peer\" hold-down = \"0s\" automatic = false alone = \"always\" "
		    "}\n"
		    "foreign-claim = \"stand-down\" connectivity-test = { ips = [ \"192.0.2.1\" ] policy = \"any\" }\n",
		    true, &out),
		EXIT_OK, "%s", out);
	report = json_tokener_parse(out);
	expect_choices(report, others, sizeof others / sizeof *others);
	cr_expect_eq(json_object_get_int64(member(member(report, "failback"), "after_ns")), 0);
	json_object_put(report);
	free(out);
}

/* A veto may take longer than the silence. */
Test(check_config, the_latest_takeover_waits_for_a_slow_veto) {
	static struct conf conf;
	const struct timers timers = {.dead = 400 * MSEC, .unheard = 150 * MSEC};
	conf.hook_timeout = 10 * SEC;
	cr_expect_eq(check_silence(&conf, &timers).latest, 400 * MSEC);
	strcpy(conf.command[RUN_BEFORE_PRIMARY], "/bin/may");
	cr_expect_eq(check_silence(&conf, &timers).fastest, 400 * MSEC);
	cr_expect_eq(check_silence(&conf, &timers).latest, 10150 * MSEC);
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

/* ---- what this host has, and has not ---- */

/* The host is the node ha1 from now on; the pair's key is at hand, and readable by root alone. */
#define HERE                                                                                                               \
	"cluster = \"edge\" psk-file = \"%s\"\n"                                                                           \
	"nodes = ( { name = \"ha1\" links = ( { name = \"b\" interface = \"left\" address = \"%s\" } ) },\n"               \
	"{ name = \"ha2\" links = ( { name = \"b\" address = \"198.51.100.2\" } ) } )\n"                                   \
	"links = ( { name = \"left\" }, { name = \"b\" transport = \"udp\" } )\n"                                          \
	"shared-ips = ( { address = \"192.0.2.10/24\" interface = \"%s\" } )\n"                                            \
	"connectivity-test = { ips = [ \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\" ] }\n%s\n"

static char psk[] = "/tmp/hamon-psk-XXXXXX";

static void be_ha1(void) {
	static char key[AUTH_KEY_TEXT];
	sandbox_enter();
	cr_assert_eq(unshare(CLONE_NEWUTS), 0);
	cr_assert_eq(sethostname("ha1.example", strlen("ha1.example")), 0);
	sandbox_run("ip address add 198.51.100.1/24 dev left");
	int fd = mkstemp(psk);
	cr_assert(fd >= 0 && auth_key_generate(key) == 0);
	cr_assert_eq(write(fd, key, strlen(key)), (ssize_t)strlen(key));
	close(fd);
}

static void forget_psk(void) {
	unlink(psk);
}

TestSuite(check_config_here, .init = be_ha1, .fini = forget_psk);

/* Checks such a file on this host, for machines. Returns the report, which the caller puts. */
static struct json_object *check_here(int status, const char *key, const char *address, const char *interface,
				      const char *more) {
	char file[2048], *out;
	snprintf(file, sizeof file, HERE, key, address, interface, more);
	cr_assert_eq(run(cli_check_config, file, true, &out), status, "%s", out);
	struct json_object *report = json_tokener_parse(out);
	cr_assert_not_null(report);
	free(out);
	return report;
}

static void expect_warnings(struct json_object *report, const char *const *lines, size_t n) {
	const struct json_object *warnings = member(report, "warnings");
	cr_expect_eq(json_object_array_length(warnings), n, "%s", json_object_to_json_string(report));
	for (size_t i = 0; i < n && i < json_object_array_length(warnings); i++)
		cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(warnings, i)), lines[i]);
	json_object_put(report);
}

Test(check_config_here, what_is_all_there_is_worth_no_word) {
	expect_warnings(check_here(EXIT_OK, psk, "198.51.100.1", "left", "hooks = { primary = \"/bin/sh -c true\" }"), NULL,
			0);
}

Test(check_config_here, interfaces_addresses_and_commands_that_are_not_there) {
	static const char *const lines[] = {
		"there is no interface eth7 on this host",
		"no interface of this host has the address 198.51.100.7 of link b",
		"primary: /nonexistent/up is no executable file on this host",
		"backup: /etc/passwd is no executable file on this host",
		"before-primary: /tmp is no executable file on this host",
		"fence: /nonexistent/fence is no executable file on this host",
		"health: /nonexistent/well is no executable file on this host",
	};
	expect_warnings(check_here(EXIT_OK, psk, "198.51.100.7", "eth7",
				   "hooks = { primary = \"/nonexistent/up now\" backup = \" /etc/passwd;true\"\n"
				   "before-primary = \"/tmp\" fault = \"nonexistent\" quiesce = \"/nonexistent/$X\" }\n"
				   "fence = { command = \"/nonexistent/fence\" delay = \"2min\" }\n"
				   "health = { command = \"/nonexistent/well\" }"),
			lines, sizeof lines / sizeof *lines);
}

Test(check_config_here, a_key_that_run_refuses_is_an_error) {
	static const struct {
		const char *path;
		mode_t mode;
		const char *says;
	} cases[] = {
		{"/nonexistent/psk", 0600, "/nonexistent/psk: No such file or directory"},
		{psk, 0640, "readable by its owner alone"},
		{psk, 0604, "readable by its owner alone"},
		{"/etc", 0600, "no key: "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_assert_eq(chmod(psk, cases[i].mode), 0);
		struct json_object *report = check_here(EXIT_USAGE, cases[i].path, "198.51.100.1", "left", "");
		const struct json_object *errors = member(report, "errors");
		cr_assert_eq(json_object_array_length(errors), 1);
		const char *first = json_object_get_string(json_object_array_get_idx(errors, 0));
		cr_expect_not_null(strstr(first, cases[i].says), "%s", first);
		json_object_put(report);
	}
	cr_assert_eq(chmod(psk, 0600), 0);
	cr_assert_eq(truncate(psk, 10), 0);
	json_object_put(check_here(EXIT_USAGE, psk, "198.51.100.1", "left", ""));
}

/* Who may not read the key sees whether it could be read by others, and that suffices. */
Test(check_config_here, a_key_that_only_root_may_read) {
	enum { NOBODY = 65534 };
	cr_assert_eq(seteuid(NOBODY), 0);
	expect_warnings(check_here(EXIT_OK, psk, "198.51.100.1", "left", ""), NULL, 0);
	json_object_put(check_here(EXIT_USAGE, "/nonexistent/psk", "198.51.100.1", "left", ""));
	cr_assert_eq(seteuid(0), 0);
}

/* Of another node this host knows nothing, but for a key that may not have been made yet. */
Test(check_config_here, the_other_node_is_warned_of_its_key_alone) {
	static const char *const lines[] = {"psk-file /nonexistent/psk: No such file or directory"};
	cr_assert_eq(sethostname("ha2", strlen("ha2")), 0);
	expect_warnings(check_here(EXIT_OK, "/nonexistent/psk", "198.51.100.7", "eth7",
				   "hooks = { primary = \"/nonexistent/up\" }"),
			lines, sizeof lines / sizeof *lines);
}

/* Quiet is about what is well. */
Test(check_config_here, warnings_alone_when_quiet) {
	char file[2048], *out;
	snprintf(file, sizeof file, HERE, psk, "198.51.100.1", "eth7", "");
	quiet = true;
	cr_assert_eq(run(cli_check_config, file, false, &out), EXIT_OK);
	cr_expect_str_eq(out, "warning: there is no interface eth7 on this host\n");
	free(out);
	quiet = false;
}

/* ---- good and bad files ---- */

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
	static const char *const texts[] = {GOOD, guarded};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		cr_assert_eq(run(cli_show_config, texts[i], false, &shown), EXIT_OK);
		cr_assert_eq(run(cli_show_config, shown, false, &again), EXIT_OK);
		cr_expect_str_eq(again, shown);
		free(shown);
		free(again);
	}
}

Test(check_config, a_file_that_is_not_there) {
	char *words[] = {"/nonexistent/hamon.conf", NULL};
	struct cli cli = {.verb = "check-config", .words_n = 1, .words = words};
	cr_expect_eq(cli_check_config(&cli), EXIT_USAGE);
	cr_expect_eq(cli_show_config(&cli), EXIT_USAGE);
}
