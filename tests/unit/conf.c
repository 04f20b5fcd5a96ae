/* The configuration, good and bad: what a short one means, what a full one means on either node, and the exact lines that
 * people get for their mistakes. */
#include "hamon/conf/conf.h"

#include <arpa/inet.h>
#include <assert.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The settings that are needed, a line each, so that what a test adds stands in line 5. */
#define CLUSTER "cluster = \"edge\"\n"
#define PSK     "psk-file = \"/etc/hamon/psk\"\n"
#define NODES   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
#define IPS     "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
#define SHORT   CLUSTER PSK NODES IPS

static struct conf conf;
static struct conf_errors errors;

static int read_as(const char *text, const char *node) {
	return conf_read(text, "t", node, &conf, &errors);
}

static void expect_interface(const char *is, const char *should) {
	cr_expect_str_eq(is, should);
}

/* The last link, in this slot, stands for heartbeats by way of the test IPs. */
static void expect_reflect(unsigned slot) {
	cr_expect_eq(conf.links_n, slot + 1);
	cr_expect_str_eq(conf.links[slot].name, "reflect");
	cr_expect_str_empty(conf.links[slot].interface);
	cr_expect_eq(conf.links[slot].transport, TRANSPORT_REFLECT);
	cr_expect(conf.reflect);
}

static void expect_address(const struct ip_address *is, const char *should) {
	char text[INET6_ADDRSTRLEN];
	cr_expect_str_eq(is->family ? conf_address_text(is, text) : "none", should);
}

/* ---- good ---- */

Test(conf, the_short_one_is_enough) {
	cr_assert_eq(read_as(SHORT, "ha2"), 0, "%s", errors.text[0]);
	cr_expect_str_eq(conf.cluster, "edge");
	cr_expect_str_eq(conf.psk_file, "/etc/hamon/psk");
	cr_expect_str_eq(conf.nodes[0].name, "ha1");
	cr_expect_eq(conf.self, 1);
	cr_expect(conf.nodes[0].automatic && conf.nodes[1].backup_operations);
	cr_expect_eq(conf.ips_n, 1);
	cr_expect_eq(conf.ips[0].prefix, 24);
	expect_interface(conf.ips[0].interface, "eth0");
	cr_expect_eq(conf.links_n, 2, "one link on the shared IP's interface, and one by way of the test IPs");
	expect_interface(conf.links[0].interface, "eth0");
	cr_expect_eq(conf.links[0].transport, TRANSPORT_ETHERNET);
	expect_reflect(1);
	cr_expect_eq(conf.tests_n, 0, "the default gateway");
	cr_expect_eq(conf.policy, POLICY_MAJORITY);
	cr_expect_eq(conf.alone, ALONE_TESTED);
	cr_expect_eq(conf.within, 500 * MSEC);
	cr_expect(!conf.heartbeat && !conf.lease && !conf.lease_off && !conf.dead);
	cr_expect_eq(conf.dedicated_cpus, -1);
	cr_expect(!*conf.operators && !*conf.observers);
	cr_expect_eq(errors.warnings_n, 1, "no test IPs");
}

Test(conf, the_short_one_has_these_defaults_before_a_takeover) {
	cr_assert_eq(read_as(SHORT, "ha2"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.port, CONF_PORT);
	cr_expect(conf.reflect && !conf.wait_for_peer && !conf.stand_down);
	cr_expect(!conf.nodes[0].host.family && !conf.nodes[0].preference && !conf.nodes[1].preference);
	cr_expect(!conf.countdown && !conf.failback);
	cr_expect_eq(conf.hold_down, SEC);
	cr_expect_eq(conf.hold_down_most, 60 * SEC);
	for (unsigned run = 0; run < RUN__COUNT; run++)
		cr_expect_str_empty(conf.command[run]);
	cr_expect_eq(conf.hook_timeout, 10 * SEC);
	cr_expect_eq(conf.fence, FENCE_OFF);
	cr_expect(!conf.fence_delay && conf.fence_timeout == 20 * SEC);
	cr_expect_eq(conf.health_interval, 2 * SEC);
	cr_expect(conf.health_fall == 3 && conf.health_rise == 2);
}

static const char full[] = CLUSTER PSK
	"nodes = (\n"
	" { name = \"ha1\" automatic = false links = ( { name = \"heart\" interface = \"enp9s0\" } ) },\n"
	" { name = \"ha2\" backup-operations = false\n"
	"   interfaces = ( { name = \"eth0\" interface = \"enp1s0.7\" }, { name = \"eth1\" interface = \"enp2s0\" } ) } )\n"
	"shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" },\n"
	"               { address = \"2001:db8::10/64\" interface = \"eth0\" },\n"
	"               { address = \"198.51.100.10/32\" interface = \"eth2\" } )\n"
	"links = ( { name = \"eth0\" transport = \"ethernet\" }, { name = \"heart\" interface = \"eth1\" } )\n"
	"failover = { within = \"1.5s\" automatic = true heartbeat-interval = \"37500us\" lease = \"120ms\"\n"
	"             dead-interval = \"1s\" alone = \"always\" dedicated-cpus = true }\n"
	"connectivity-test = { ips = [ \"192.0.2.1\", \"2001:db8::1\" ] policy = \"any\" }\n"
	"operators = \"netadmin\"\n"
	"observers = \"adm\"\n";

Test(conf, the_full_one_on_the_first_node) {
	cr_assert_eq(read_as(full, "ha1"), 0, "%s", errors.text[0]);
	cr_expect_not(conf.nodes[0].automatic, "the node's word counts more than the group's");
	cr_expect(conf.nodes[1].automatic);
	cr_expect_not(conf.nodes[1].backup_operations);
	expect_interface(conf.ips[0].interface, "eth0");
	cr_expect_str_eq(conf.links[1].name, "heart");
	expect_interface(conf.links[1].interface, "enp9s0");
	cr_expect_eq(conf.within, 1500 * MSEC);
	cr_expect_eq(conf.heartbeat, 37500 * USEC);
	cr_expect_eq(conf.lease, 120 * MSEC);
	cr_expect_eq(conf.dead, SEC);
	cr_expect_eq(conf.alone, ALONE_ALWAYS);
	cr_expect_eq(conf.policy, POLICY_ANY);
	cr_expect_eq(conf.dedicated_cpus, 1);
	cr_expect_eq(conf.tests_n, 2);
	cr_expect_eq(conf.tests[1].family, AF_INET6);
	cr_expect_str_eq(conf.operators, "netadmin");
	cr_expect_str_eq(conf.observers, "adm");
	cr_expect_eq(errors.warnings_n, 2, "policy any, alone always");
	cr_expect_eq(conf_parity(&conf, 0), 0);
	cr_expect_eq(conf_parity(&conf, 1), 1);
}

static const char lease_off[] = SHORT "failover = { lease = \"off\" }\n";

Test(conf, a_lease_that_is_off_is_warned_of) {
	cr_assert_eq(read_as(lease_off, "ha1"), 0, "%s", errors.text[0]);
	cr_expect(conf.lease_off);
	cr_expect_eq(conf.lease, 0, "its length is derived: the other node still waits for so long");
	cr_expect_eq(errors.warnings_n, 2, "no test IPs, no lease");
	cr_expect_str_eq(errors.warnings[1], CONF_LEASE_OFF);
}

Test(conf, the_full_one_on_the_second_node) {
	cr_assert_eq(read_as(full, "ha2"), 0, "%s", errors.text[0]);
	expect_interface(conf.ips[1].interface, "enp1s0.7");
	expect_interface(conf.ips[2].interface, "eth2");
	expect_interface(conf.links[0].interface, "enp1s0.7");
	expect_interface(conf.links[1].interface, "enp2s0");
	cr_expect_str_eq(conf.links[1].name, "heart");
}

/* Every key that the proof before a takeover knows, none as it is by default. */
static const char guarded[] = CLUSTER PSK IPS
	"nodes = (\n"
	" { name = \"ha1\" host = \"192.0.2.11\" preference = 10\n"
	"   links = ( { name = \"heart\" interface = \"enp9s0\" address = \"198.51.100.1\" },\n"
	"             { name = \"six\" address = \"2001:db8::1\" } ) },\n"
	" { name = \"ha2\" host = \"2001:db8:1::2\" interfaces = ( { name = \"eth1\" interface = \"enp2s0\" } )\n"
	"   links = ( { name = \"heart\" address = \"198.51.100.2\" }, { name = \"six\" address = \"2001:db8::2\" } ) } )\n"
	"links = ( { name = \"eth0\" }, { name = \"heart\" transport = \"udp\" interface = \"eth1\" },\n"
	"          { name = \"six\" transport = \"udp\" interface = \"eth0\" } )\n"
	"heartbeat-port = 4500\n"
	"failover = { countdown = \"60s\" failback = \"after 10min\" cold-start = \"wait-for-peer\"\n"
	"             hold-down = \"2s\" hold-down-most = \"5min\" }\n"
	"connectivity-test = { ips = [ \"192.0.2.1\" ] reflect = false }\n"
	"foreign-claim = \"stand-down\"\n"
	"hooks = { primary = \"/bin/up --really\" backup = \"/bin/down\" fault = \"/bin/fault\" quiesce = \"/bin/quiet\"\n"
	"          unquiesce = \"/bin/loud\" before-primary = \"/bin/test -e \\\"/srv/a b\\\"\" timeout = \"5s\" }\n"
	"fence = { command = \"/sbin/fence_x < /etc/fence\" mode = \"best-effort\" delay = \"3s\" timeout = \"30s\" }\n"
	"health = { command = \"/bin/well\" interval = \"100ms\" fall = 100 rise = 1 }\n";

Test(conf, the_guarded_one_on_the_first_node) {
	cr_assert_eq(read_as(guarded, "ha1"), 0, "%s", errors.text[0]);
	expect_address(&conf.nodes[0].host, "192.0.2.11");
	expect_address(&conf.nodes[1].host, "2001:db8:1::2");
	cr_expect(conf.nodes[0].preference == 10 && conf.nodes[1].preference == 0);
	cr_assert_eq(conf.links_n, 3, "reflected heartbeats are off");
	cr_expect(!conf.reflect);
	cr_expect_eq(conf.links[1].transport, TRANSPORT_UDP);
	expect_interface(conf.links[1].interface, "enp9s0");
	expect_interface(conf.links[2].interface, "eth0");
	expect_address(&conf.links[0].address[0], "none");
	expect_address(&conf.links[1].address[0], "198.51.100.1");
	expect_address(&conf.links[1].address[1], "198.51.100.2");
	expect_address(&conf.links[2].address[1], "2001:db8::2");
	cr_expect_eq(conf.port, 4500);
	cr_expect_eq(conf.countdown, 60 * SEC);
	cr_expect_eq(conf.failback, 600 * SEC);
	cr_expect(conf.wait_for_peer && conf.stand_down);
	cr_expect_eq(conf.hold_down, 2 * SEC);
	cr_expect_eq(conf.hold_down_most, 300 * SEC);
	cr_expect_eq(errors.warnings_n, 0);
}

Test(conf, the_guarded_ones_commands) {
	static const char *const commands[] = {
		[RUN_PRIMARY] = "/bin/up --really",
		[RUN_BACKUP] = "/bin/down",
		[RUN_FAULT] = "/bin/fault",
		[RUN_QUIESCE] = "/bin/quiet",
		[RUN_UNQUIESCE] = "/bin/loud",
		[RUN_BEFORE_PRIMARY] = "/bin/test -e \"/srv/a b\"",
		[RUN_FENCE] = "/sbin/fence_x < /etc/fence",
		[RUN_HEALTH] = "/bin/well",
	};
	static_assert(sizeof commands / sizeof *commands == RUN__COUNT, "every command");
	cr_assert_eq(read_as(guarded, "ha2"), 0, "%s", errors.text[0]);
	for (unsigned run = 0; run < RUN__COUNT; run++)
		cr_expect_str_eq(conf.command[run], commands[run]);
	cr_expect_eq(conf.hook_timeout, 5 * SEC);
	cr_expect_eq(conf.fence, FENCE_BEST_EFFORT);
	cr_expect(conf.fence_delay == 3 * SEC && conf.fence_timeout == 30 * SEC);
	cr_expect_eq(conf.health_interval, 100 * MSEC);
	cr_expect(conf.health_fall == 100 && conf.health_rise == 1);
}

Test(conf, a_link_that_only_its_address_tells_apart_keeps_its_renamed_interface) {
	cr_assert_eq(read_as(guarded, "ha2"), 0, "%s", errors.text[0]);
	expect_interface(conf.links[1].interface, "enp2s0");
	expect_interface(conf.links[2].interface, "eth0");
}

Test(conf, a_fence_is_required_unless_said_otherwise) {
	cr_assert_eq(read_as(SHORT "fence = { command = \"/sbin/fence\" }\n", "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.fence, FENCE_REQUIRED);
}

Test(conf, a_long_hold_down_is_its_own_most) {
	cr_assert_eq(read_as(SHORT "failover = { hold-down = \"2min\" }\n", "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.hold_down_most, 120 * SEC);
	cr_assert_eq(read_as(SHORT "failover = { hold-down = \"0s\" }\n", "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.hold_down, 0);
}

#define SEVEN                                                                                                              \
	"{ name = \"1\" }, { name = \"2\" }, { name = \"3\" }, { name = \"4\" }, { name = \"5\" }, { name = \"6\" }, "     \
	"{ name = \"7\" }"

Test(conf, reflected_heartbeats_take_the_last_link_if_there_is_one) {
	cr_assert_eq(read_as(SHORT "links = ( " SEVEN " )\n", "ha1"), 0, "%s", errors.text[0]);
	expect_reflect(CORE_LINKS - 1);
	cr_assert_eq(read_as(SHORT "links = ( " SEVEN ", { name = \"8\" } )\n", "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.links_n, CORE_LINKS);
	cr_expect_not(conf.reflect);
	cr_expect_not_null(strstr(errors.warnings[0], "leave no room for reflected heartbeats"));
	cr_assert_eq(read_as(SHORT "links = ( " SEVEN ", { name = \"8\" } )\n"
				   "connectivity-test = { ips = [ \"192.0.2.1\" ] reflect = false }\n",
			     "ha1"),
		     0);
	cr_expect_eq(errors.warnings_n, 0, "that was chosen");
}

Test(conf, what_works_and_could_be_better) {
	static const struct {
		const char *text, *warning;
	} cases[] = {
		{"nodes = ( { name = \"ha1\" }, { name = \"ha2\" preference = 1 automatic = false } )\n"
		 "failover = { failback = \"after 1h\" }\n",
		 "failback: node \"ha2\" is preferred, and does nothing by itself: "},
		{NODES "fence = { command = \"/sbin/fence\" delay = \"59s\" }\n",
		 "fence with cold-start = \"alone\": after a power failure on site the node that is up first fences "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[1024];
		snprintf(text, sizeof text, CLUSTER PSK IPS "connectivity-test = { ips = [ \"192.0.2.1\" ] }\n%s",
			 cases[i].text);
		cr_assert_eq(read_as(text, "ha1"), 0, "%s", errors.text[0]);
		cr_expect_eq(errors.warnings_n, 1, "%s", cases[i].warning);
		cr_expect_eq(strncmp(errors.warnings[0], cases[i].warning, strlen(cases[i].warning)), 0, "%s",
			     errors.warnings[0]);
	}
}

Test(conf, a_fence_that_waits_for_the_other_node_to_boot) {
	static const char *const enough[] = {
		"fence = { command = \"/sbin/fence\" delay = \"1min\" }\n",
		"fence = { command = \"/sbin/fence\" }\nfailover = { cold-start = \"wait-for-peer\" }\n",
	};
	for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
		char text[1024];
		snprintf(text, sizeof text, SHORT "connectivity-test = { ips = [ \"192.0.2.1\" ] }\n%s", enough[i]);
		cr_assert_eq(read_as(text, "ha1"), 0, "%s", errors.text[0]);
		cr_expect_eq(errors.warnings_n, 0, "%s", errors.warnings[0]);
	}
}

Test(conf, more_warnings_than_fit) {
	memset(&errors, 0, sizeof errors);
	for (unsigned i = 0; i <= CONF_WARNINGS; i++)
		conf_warn(&errors, "%u\x1b", i);
	cr_expect_eq(errors.warnings_n, CONF_WARNINGS);
	char last[16];
	snprintf(last, sizeof last, "%d?", CONF_WARNINGS - 1);
	cr_expect_str_eq(errors.warnings[CONF_WARNINGS - 1], last, "the first ones stay, and are fit to be printed");
}

Test(conf, a_default_link_on_each_interface) {
	cr_assert_eq(read_as(CLUSTER PSK NODES "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"a\" },\n"
					       "{ address = \"192.0.2.11/24\" interface = \"b\" },\n"
					       "{ address = \"192.0.2.12/24\" interface = \"a\" } )",
			     "ha1"),
		     0);
	expect_interface(conf.links[1].interface, "b");
	expect_reflect(2);
}

Test(conf, a_node_knows_itself_by_the_host_name) {
	char host[64] = "", text[512];
	cr_assert_eq(gethostname(host, sizeof host - 1), 0);
	snprintf(text, sizeof text, CLUSTER PSK "nodes = ( { name = \"other-%s\" }, { name = \"%s\" } )\n" IPS, host, host);
	cr_assert_eq(read_as(text, NULL), 0, "%s", errors.text[0]);
	cr_expect_str_eq(conf.nodes[conf.self].name, host);
}

/* Takes away what comments out a setting: the hash, and the space behind it at the left margin. Sentences stay. */
static void uncomment(char *text) {
	for (char *line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		size_t key = strspn(line + (line[0] == '#'), " abcdefghijklmnopqrstuvwxyz-");
		bool setting = line[1] == '\t' || (line[0] == '#' && strchr("=)}", line[1 + key]));
		if (line[0] == '#' && setting)
			line[0] = ' ';
	}
}

Test(conf, the_example_is_good_and_so_is_what_it_comments_out) {
	char *text;
	cr_assert_eq(conf_load("etc/hamon.conf", &text), 0);
	cr_expect_eq(read_as(text, "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(errors.warnings_n, 0, "%s", errors.warnings[0]);
	cr_expect_eq(conf.fence, FENCE_OFF);
	uncomment(text);
	cr_expect_eq(read_as(text, "ha2"), 0, "%s", errors.text[0]);
	cr_expect_eq(errors.warnings_n, 1, "%s", errors.warnings[0]);
	cr_expect_not_null(strstr(errors.warnings[0], "fence with cold-start"), "%s", errors.warnings[0]);
	cr_expect_eq(conf.links[1].transport, TRANSPORT_UDP);
	for (unsigned run = 0; run < RUN__COUNT; run++)
		cr_expect_str_not_empty(conf.command[run], "%s", run_name((enum run)run));
	cr_expect_str_eq(conf.observers, "adm");
	free(text);
}

static char *print(const struct conf *c) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	conf_print(c, out);
	fclose(out);
	return text;
}

/* What is printed reads to the same configuration, byte for byte, but for the digest: it sets every default. */
Test(conf, printing_and_reading_again_changes_nothing) {
	static const char *const texts[] = {SHORT, full, guarded, lease_off,
					    CLUSTER NODES IPS "psk-file = \"/etc/a \\\"b\\\\c\"\n"};
	static const char *const nodes[] = {"ha1", "ha2"};
	for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
		cr_assert_eq(read_as(texts[i / 2], nodes[i % 2]), 0, "%s", errors.text[0]);
		static struct conf again;
		char *text = print(&conf);
		cr_assert_eq(conf_read(text, "printed", nodes[i % 2], &again, &errors), 0, "%s", errors.text[0]);
		again.digest = conf.digest;
		cr_expect_arr_eq(&again, &conf, sizeof conf, "%s", text);
		free(text);
	}
}

Test(conf, as_many_shared_ips_as_there_may_be) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(CLUSTER PSK NODES "shared-ips = (\n", out);
	for (unsigned i = 0; i < CORE_IPS; i++)
		fprintf(out, "%s{ address = \"2001:db8::1:%x/64\" interface = \"eth0\" }\n", i ? "," : "", i + 1);
	fputs(")\n", out);
	fclose(out);
	cr_expect_eq(read_as(text, "ha1"), 0, "%s", errors.text[0]);
	cr_expect_eq(conf.ips_n, CORE_IPS);
	free(text);
}

static int read_on_interfaces(unsigned n) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(CLUSTER PSK NODES "links = ( { name = \"eth0\" } )\nshared-ips = (\n", out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s{ address = \"2001:db8::1:%x/64\" interface = \"eth%u\" }\n", i ? "," : "", i + 1, i);
	fputs(")\n", out);
	fclose(out);
	int result = read_as(text, "ha1");
	free(text);
	return result;
}

Test(conf, as_many_interfaces_as_there_may_be) {
	cr_expect_eq(read_on_interfaces(CONF_INTERFACES), 0, "%s", errors.text[0]);
	cr_expect_eq(read_on_interfaces(CONF_INTERFACES + 1), -EINVAL);
	cr_expect(strstr(errors.text[0], "different interfaces"), "%s", errors.text[0]);
}

/* ---- bad ---- */

struct mistake {
	const char *text;
	const char *errors; /* every line, in order */
};

static void expect_mistakes(const struct mistake *mistakes, size_t n) {
	static char all[CONF_ERRORS * CONF_ERROR_TEXT];
	for (size_t i = 0; i < n; i++) {
		static struct conf before;
		memset(&conf, 0x5a, sizeof conf);
		memcpy(&before, &conf, sizeof conf);
		cr_expect_eq(read_as(mistakes[i].text, "ha1"), -EINVAL);
		cr_expect_arr_eq(&conf, &before, sizeof conf, "touched");
		FILE *out = fmemopen(all, sizeof all, "w");
		conf_errors_print(&errors, out);
		fclose(out);
		cr_expect_str_eq(all, mistakes[i].errors, "\n%s\nsaid:\n%s\nnot:\n%s", mistakes[i].text, all,
				 mistakes[i].errors);
	}
}
#define EXPECT_MISTAKES(list) expect_mistakes(list, sizeof(list) / sizeof(list)[0])

Test(conf, syntax_errors_stand_alone) {
	static const struct mistake list[] = {
		{"cluster = \"edge\"\nnodes = (\nfoo = 1\n", "t:3: syntax error here or just before; a setting is key = "
							     "value, strings stand in quotes, a group in { }, a "
							     "list in ( ) with a comma between its entries\n"},
		{CLUSTER CLUSTER, "t:2: this key stands in the same group already\n"},
		{CLUSTER "@include \"/etc/passwd\"\n", "t:2: @include is not possible: a configuration is one file\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, missing_and_unknown_keys) {
	static const struct mistake list[] = {
		{"",
		 "t: cluster is missing in the file; write cluster = \"edge\"\n"
		 "t: psk-file is missing in the file; write psk-file = \"/etc/hamon/psk\"\n"
		 "t: nodes is missing in the file; write nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
		 "t: shared-ips is missing in the file; write shared-ips = ( { address = \"192.0.2.10/24\"  interface = "
		 "\"eth0\" } )\n"},
		{SHORT "failovr = { }\n", "t:5: unknown key \"failovr\" in the file; did you mean \"failover\"?\n"},
		{SHORT "failover = { witihn = \"1s\"\n automatc = true }\n",
		 "t:5: unknown key \"witihn\" in failover; did you mean \"within\"?\n"
		 "t:6: unknown key \"automatc\" in failover; did you mean \"automatic\"?\n"},
		{SHORT "connectivity-test = { host = \"192.0.2.1\" }\n",
		 "t:5: unknown key \"host\" in connectivity-test, which knows ips, policy, reflect\n"},
		{SHORT "hooks = { primry = \"/bin/a\" }\nfence = { mode = \"required\" }\nhealth = { riss = 3 }\n"
		       "foreign-clam = \"defend\"\n",
		 "t:5: unknown key \"primry\" in hooks; did you mean \"primary\"?\n"
		 "t:6: command is missing in fence; write command = \"/etc/hamon/fence\"\n"
		 "t:7: unknown key \"riss\" in health; did you mean \"rise\"?\n"
		 "t:7: command is missing in health; write command = \"/etc/hamon/healthy\"\n"
		 "t:8: unknown key \"foreign-clam\" in the file; did you mean \"foreign-claim\"?\n"},
		/* keys of other versions */
		{SHORT "links = ( { name = \"eth0\" transport = \"sctp\" port = 4410 } )\n",
		 "t:5: transport \"sctp\" is unknown; it is \"ethernet\" or \"udp\"\n"
		 "t:5: unknown key \"port\" in links, which knows name, transport, interface\n"},
		{CLUSTER PSK "nodes = ( { name = \"ha1\" bandwidth = \"20MB/s\" }, { } )\n" IPS,
		 "t:3: unknown key \"bandwidth\" in nodes, which knows name, host, preference, links, interfaces, "
		 "backup-operations, automatic\n"
		 "t:3: name is missing in nodes; write name = \"ha1\"\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, wrong_kinds_of_value) {
	static const struct mistake list[] = {
		{PSK NODES IPS "cluster = 7\n", "t:4: cluster must be a string, such as \"edge\"\n"},
		{SHORT "failover = [ ]\n", "t:5: failover must be a group: { key = value, ... }\n"},
		{SHORT "failover = { automatic = \"yes\" dedicated-cpus = 1 }\n",
		 "t:5: automatic must be true or false, such as true\n"
		 "t:5: dedicated-cpus must be true or false, such as true\n"},
		{SHORT "links = \"eth0\"\n", "t:5: links must be a list, such as ( { name = \"eth0\" } )\n"},
		{SHORT "links = ( \"eth0\" )\n", "t:5: links must be a group: { key = value, ... }\n"},
		{SHORT "links = ( )\n", "t:5: links is empty; write ( { name = \"eth0\" } )\n"},
		{SHORT "connectivity-test = { ips = [ 1, 2 ] }\n",
		 "t:5: a test IP must be a string, such as \"192.0.2.1\"\n"
		 "t:5: a test IP must be a string, such as \"192.0.2.1\"\n"},
		{CLUSTER PSK IPS "nodes = [ \"ha1\", \"ha2\" ]\n",
		 "t:4: nodes must be a list of groups, such as ( { name = \"ha1\" }, { name = \"ha2\" } )\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, names_and_paths) {
	static const struct mistake list[] = {
		{PSK NODES IPS "cluster = \"../etc\"\n",
		 "t:4: cluster \"../etc\": a name is letters, digits, \".\", \"-\" and \"_\", a letter or digit first\n"},
		{PSK NODES IPS "cluster = \"a\\x1b[31m\"\n",
		 "t:4: cluster \"a?[31m\": a name is letters, digits, \".\", \"-\" and \"_\", a letter or digit first\n"},
		{PSK NODES IPS "cluster = \"a23456789012345678901234567890123456789012345678901234567890123x\"\n",
		 "t:4: cluster \"a23456789012345678901234567890123456789012345678901234567890123x...\" is too long: 63 "
		 "characters are the most\n"},
		{CLUSTER NODES IPS "psk-file = \"psk\"\n",
		 "t:4: psk-file \"psk\" must begin with \"/\" and be printable, such as \"/etc/hamon/psk\"\n"},
		{SHORT "operators = \"\"\n",
		 "t:5: operators \"\": a name is letters, digits, \".\", \"-\" and \"_\", a letter or digit first\n"},
		{SHORT "links = ( { name = \"eth/0\" },\n { name = \"averyveryverylong\" }, { name = \"\" } )\n",
		 "t:5: name \"eth/0\" cannot be an interface's name\n"
		 "t:6: name \"averyveryverylong\" is too long: 15 characters are the most\n"
		 "t:6: name \"\" cannot be an interface's name\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, nodes) {
	static const struct mistake list[] = {
		{CLUSTER PSK IPS "nodes = ( { name = \"ha1\" } )\n",
		 "t:4: nodes must be 2, and here is 1; such as ( { name = \"ha1\" }, { name = \"ha2\" } )\n"},
		{CLUSTER PSK IPS "nodes = ( { name = \"a\" }, { name = \"b\" }, { name = \"c\" } )\n",
		 "t:4: nodes must be 2, and here are 3; such as ( { name = \"ha1\" }, { name = \"ha2\" } )\n"},
		{CLUSTER PSK IPS "nodes = ( { name = \"ha1\" },\n { name = \"ha1\" } )\n",
		 "t:5: both nodes are called \"ha1\"\n"},
		{CLUSTER PSK
		 "nodes = ( { name = \"ha1\" },\n { name = \"ha2\" links = ( { name = \"eht0\" interface = \"x\" } )\n"
		 "interfaces = ( { name = \"eth1\" interface = \"x\" }, { name = \"lo\" interface = \"y\" } ) } )\n" IPS,
		 "t:4: no link is called \"eht0\"; did you mean \"eth0\"?\n"
		 "t:5: no interface of a shared IP or a link is called \"eth1\"; did you mean \"eth0\"?\n"
		 "t:5: no interface of a shared IP or a link is called \"lo\"\n"},
		{CLUSTER PSK
		 "nodes = ( { name = \"ha1\" }, { name = \"ha2\" interfaces = ( { name = \"eth0\" interface = \"x\" },\n"
		 "{ name = \"eth0\" interface = \"y\" } ) } )\n" IPS,
		 "t:4: the interface \"eth0\" stands in line 3 already\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, a_node_that_is_not_there) {
	cr_expect_eq(read_as(SHORT, "ha3"), -EINVAL);
	cr_expect_str_eq(errors.text[0], "t:3: no node is called \"ha3\"; the nodes are \"ha1\" and \"ha2\"");
}

Test(conf, a_host_that_is_no_node) {
	char host[64] = "", text[512], line[512];
	cr_assert_eq(gethostname(host, sizeof host - 1), 0);
	snprintf(text, sizeof text, CLUSTER PSK "nodes = ( { name = \"not-%s\" }, { name = \"nor-%s\" } )\n" IPS, host,
		 host);
	cr_expect_eq(read_as(text, NULL), -EINVAL);
	snprintf(line, sizeof line,
		 "t:3: this host, \"%s\", is neither \"not-%s\" nor \"nor-%s\"; say which one it is with --node NAME", host,
		 host, host);
	cr_expect_str_eq(errors.text[0], line);
}

Test(conf, addresses) {
	static const struct mistake list[] = {
		{CLUSTER PSK NODES "shared-ips = (\n"
				   "{ address = \"192.0.2.256/24\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.010/24\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.10\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.10/33\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.10/0\" interface = \"e\" },\n"
				   "{ address = \"2001:db8::1/129\" interface = \"e\" },\n"
				   "{ address = \"0.0.0.0/8\" interface = \"e\" },\n"
				   "{ address = \"127.0.0.2/8\" interface = \"e\" },\n"
				   "{ address = \"224.0.0.18/24\" interface = \"e\" },\n"
				   "{ address = \"255.255.255.255/32\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.255/24\" interface = \"e\" },\n"
				   "{ address = \"192.0.2.0/24\" interface = \"e\" },\n"
				   "{ address = \"::/64\" interface = \"e\" },\n"
				   "{ address = \"::1/128\" interface = \"e\" },\n"
				   "{ address = \"ff02::12/64\" interface = \"e\" },\n"
				   "{ address = \"::ffff:192.0.2.1/120\" interface = \"e\" },\n"
				   "{ address = \"2001:db8::/64\" interface = \"e\" },\n"
				   "{ interface = \"e\" }, { address = \"192.0.2.31/31\" } )\n",
		 "t:5: address \"192.0.2.256/24\" is no IP address with its prefix, such as \"192.0.2.10/24\"\n"
		 "t:6: address \"192.0.2.010/24\" is no IP address with its prefix, such as \"192.0.2.10/24\"\n"
		 "t:7: address \"192.0.2.10\" needs a prefix from /1 to /32, such as \"192.0.2.10/24\"\n"
		 "t:8: address \"192.0.2.10/33\" needs a prefix from /1 to /32, such as \"192.0.2.10/24\"\n"
		 "t:9: address \"192.0.2.10/0\" needs a prefix from /1 to /32, such as \"192.0.2.10/24\"\n"
		 "t:10: address \"2001:db8::1/129\" needs a prefix from /1 to /128, such as \"192.0.2.10/24\"\n"
		 "t:11: address \"0.0.0.0/8\" is unspecified\n"
		 "t:12: address \"127.0.0.2/8\" is a loopback address\n"
		 "t:13: address \"224.0.0.18/24\" is a multicast address\n"
		 "t:14: address \"255.255.255.255/32\" is the broadcast address\n"
		 "t:15: address \"192.0.2.255/24\" is its network's broadcast address\n"
		 "t:16: address \"192.0.2.0/24\" is its network's own address\n"
		 "t:17: address \"::/64\" is unspecified\n"
		 "t:18: address \"::1/128\" is a loopback address\n"
		 "t:19: address \"ff02::12/64\" is a multicast address\n"
		 "t:20: address \"::ffff:192.0.2.1/120\" is an IPv4 address in IPv6's dress; write it as IPv4\n"
		 "t:21: address \"2001:db8::/64\" is its network's own address\n"
		 "t:22: address is missing in shared-ips; write address = \"192.0.2.10/24\"\n"
		 "t:22: interface is missing in shared-ips; write interface = \"eth0\"\n"},
		{CLUSTER PSK NODES
		 "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" },\n"
		 "{ address = \"192.0.2.10/32\" interface = \"eth1\" } )\n"
		 "connectivity-test = { ips = [ \"192.0.2.1\",\n\"192.0.2.1\",\n\"192.0.2.10\",\n\"fe80::1\",\n"
		 "\"gateway\" ] }\n",
		 "t:5: the shared IP 192.0.2.10 stands in line 4 already\n"
		 "t:7: the test IP 192.0.2.1 is listed twice\n"
		 "t:8: the test IP 192.0.2.10 is a shared IP, which the pair itself answers; test a router or a switch\n"
		 "t:9: a test IP \"fe80::1\" is link-local, which means nothing without an interface\n"
		 "t:10: a test IP \"gateway\" is no IP address\n"},
		{SHORT "connectivity-test = { policy = \"majorty\" ips = ( \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", "
		       "\"192.0.2.4\", "
		       "\"192.0.2.5\", \"192.0.2.6\", \"192.0.2.7\", \"192.0.2.8\", \"192.0.2.9\", \"192.0.2.11\", "
		       "\"192.0.2.12\", \"192.0.2.13\", \"192.0.2.14\", \"192.0.2.15\", \"192.0.2.16\", \"192.0.2.17\", "
		       "\"192.0.2.18\" ) }\n",
		 "t:5: policy \"majorty\" is unknown; it is \"majority\" or \"any\"\n"
		 "t:5: ips has 17 entries; 16 is the most\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, links) {
	static const struct mistake list[] = {
		{SHORT "links = ( { name = \"a\" }, { name = \"b\" },\n{ name = \"a\" interface = \"c\" } )\n",
		 "t:6: the link \"a\" stands in line 5 already\n"},
		{SHORT "links = ( { name = \"a\" },\n{ name = \"b\" interface = \"a\" } )\n",
		 "t:6: the links \"a\" and \"b\" are both on a of node \"ha1\"\n"
		 "t:6: the links \"a\" and \"b\" are both on a of node \"ha2\"\n"},
		{SHORT
		 "links = ( { name = \"1\" }, { name = \"2\" }, { name = \"3\" }, { name = \"4\" }, { name = \"5\" }, "
		 "{ name = \"6\" }, { name = \"7\" }, { name = \"8\" }, { name = \"9\" } )\n",
		 "t:5: links has 9 entries; 8 is the most\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, durations_in_the_file) {
	static const struct mistake list[] = {
		{SHORT "failover = { within = 500\n"
		       "lease = \"500\"\n"
		       "dead-interval = \"-5ms\"\n"
		       "heartbeat-interval = \"2s\" }\n",
		 "t:5: within must be a duration with its unit, such as \"500ms\"\n"
		 "t:6: lease \"500\": a duration is a number and its unit (us, ms, s, min, h, d), such as \"120ms\", "
		 "or \"off\"\n"
		 "t:7: dead-interval \"-5ms\": a duration is a number and its unit (us, ms, s, min, h, d), such as "
		 "\"450ms\"\n"
		 "t:8: heartbeat-interval \"2s\" is out of range: from 1ms to 1s\n"},
		{SHORT "failover = { within = \"99999999999999999999h\"\n lease = \"0s\"\n dead-interval = \"61min\" }\n",
		 "t:5: within \"99999999999999999999h\" is out of range: from 1ms to 1h\n"
		 "t:6: lease \"0s\" is out of range: from 1ms to 1h, or \"off\"\n"
		 "t:7: dead-interval \"61min\" is out of range: from 1ms to 1h\n"},
		{SHORT "failover = { lease = false }\n",
		 "t:5: lease must be a duration with its unit, such as \"120ms\", or \"off\"\n"},
		{SHORT "failover = { alone = \"never\" }\n",
		 "t:5: alone \"never\" is unknown; it is \"tested\" or \"always\"\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, words_and_numbers_before_a_takeover) {
	static const struct mistake list[] = {
		{SHORT "failover = { countdown = \"61min\"\n failback = \"10min\"\n cold-start = \"wait\"\n"
		       " hold-down = 1\n hold-down-most = \"0s\" }\n",
		 "t:5: countdown \"61min\" is out of range: from 0s to 1h\n"
		 "t:6: failback must be \"never\", or a duration behind the word \"after\": \"after 10min\"\n"
		 "t:7: cold-start \"wait\" is unknown; it is \"alone\" or \"wait-for-peer\"\n"
		 "t:8: hold-down must be a duration with its unit, such as \"1s\"\n"
		 "t:9: hold-down-most \"0s\" is out of range: from 1ms to 1h\n"},
		{SHORT "failover = { failback = \"after 999ms\" hold-down = \"10s\"\n hold-down-most = \"9s\" }\n",
		 "t:5: failback \"after 999ms\" is out of range: from 1s to 30d\n"
		 "t:5: hold-down-most \"9s\" is less than hold-down \"10s\", with which it begins\n"},
		{SHORT "failover = { failback = true }\n",
		 "t:5: failback must be \"never\", or a duration behind the word \"after\": \"after 10min\"\n"},
		{SHORT "failover = { failback = \"after 1d\" }\n",
		 "t:5: failback gives the role back to the node of higher preference, and both have 0; write preference = "
		 "10 in one node's block, or failback = \"never\"\n"},
		{CLUSTER PSK IPS "nodes = ( { name = \"ha1\" preference = 10 }, { name = \"ha2\" preference = 10 } )\n"
				 "failover = { failback = \"after 1d\" }\n",
		 "t:5: failback gives the role back to the node of higher preference, and both have 10; write preference = "
		 "0 in one node's block, or failback = \"never\"\n"},
		{CLUSTER PSK IPS "nodes = ( { name = \"ha1\" preference = -1 },\n{ name = \"ha2\" preference = 1001 } )\n",
		 "t:4: preference must be a number from 0 to 1000, such as 10\n"
		 "t:5: preference must be a number from 0 to 1000, such as 10\n"},
		{SHORT "heartbeat-port = 0\nforeign-claim = \"ignore\"\n",
		 "t:5: heartbeat-port must be a number from 1 to 65535, such as 4411\n"
		 "t:6: foreign-claim \"ignore\" is unknown; it is \"defend\" or \"stand-down\"\n"},
		{SHORT "heartbeat-port = 65536\n", "t:5: heartbeat-port must be a number from 1 to 65535, such as 4411\n"},
		{SHORT "fence = { command = \"/a\" mode = \"off\"\n delay = \"2h\"\n timeout = \"99ms\" }\n",
		 "t:5: mode \"off\" is unknown; it is \"best-effort\" or \"required\"\n"
		 "t:6: delay \"2h\" is out of range: from 0s to 1h\n"
		 "t:7: timeout \"99ms\" is out of range: from 100ms to 1h\n"},
		{SHORT "health = { command = \"/a\"\n interval = \"99ms\"\n fall = 0\n rise = 101 }\n",
		 "t:6: interval \"99ms\" is out of range: from 100ms to 1h\n"
		 "t:7: fall must be a number from 1 to 100, such as 3\n"
		 "t:8: rise must be a number from 1 to 100, such as 2\n"},
		{SHORT "health = { command = \"/a\" fall = 2.5\n rise = \"2\" }\n",
		 "t:5: fall must be a number from 1 to 100, such as 3\n"
		 "t:6: rise must be a number from 1 to 100, such as 2\n"},
		{SHORT "hooks = { primary = \"\"\n backup = \"  \"\n fault = \"/bin/a\\n/bin/b\"\n quiesce = 1 }\n",
		 "t:5: primary is empty: it is a command, such as \"/etc/hamon/primary\"; leave it out for none\n"
		 "t:6: backup is empty: it is a command, such as \"/etc/hamon/backup\"; leave it out for none\n"
		 "t:7: fault \"/bin/a?/bin/b\" must be printable, and one line\n"
		 "t:8: quiesce must be a string, such as \"/etc/hamon/quiesce\"\n"},
		{SHORT "connectivity-test = { reflect = \"on\" }\n", "t:5: reflect must be true or false, such as true\n"},
		{SHORT "links = ( " SEVEN ", { name = \"8\" } )\nconnectivity-test = { reflect = true }\n",
		 "t:6: 8 links leave no room for reflected heartbeats: leave out a link, or write reflect = false\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, a_command_of_any_length) {
	for (int length = CONF_COMMAND - 1; length <= CONF_COMMAND; length++) {
		char text[2 * CONF_COMMAND];
		snprintf(text, sizeof text, SHORT "hooks = { fault = \"/%0*d\" }\n", length - 1, 7);
		cr_expect_eq(read_as(text, "ha1"), length < CONF_COMMAND ? 0 : -EINVAL);
		if (length < CONF_COMMAND)
			cr_expect_eq(strlen(conf.command[RUN_FAULT]), (size_t)length);
		else
			cr_expect_str_eq(errors.text[0], "t:5: fault is too long: 511 characters are the most");
	}
}

/* ---- the nodes' own addresses ---- */

#define NODES_WITH(first, second) "nodes = ( { name = \"ha1\" " first " },\n{ name = \"ha2\" " second " } )\n"
#define LINK(name, address)       "links = ( { name = \"" name "\" address = \"" address "\" } )"
#define UDP(name)                 "links = ( { name = \"" name "\" transport = \"udp\" } )\n"

Test(conf, links_between_addresses) {
	static const struct mistake list[] = {
		{SHORT UDP("a"), "t:3: the link \"a\" is udp and needs an address of node \"ha1\"; write in its block: "
				 "links = ( { name = \"a\"  address = \"198.51.100.1\" } )\n"
				 "t:3: the link \"a\" is udp and needs an address of node \"ha2\"; write in its block: "
				 "links = ( { name = \"a\"  address = \"198.51.100.2\" } )\n"},
		{CLUSTER PSK IPS NODES_WITH(LINK("a", "198.51.100.1"), "") UDP("a"),
		 "t:5: the link \"a\" is udp and needs an address of node \"ha2\"; write in its block: links = ( { name = "
		 "\"a\"  address = \"198.51.100.2\" } )\n"},
		{CLUSTER PSK IPS NODES_WITH(LINK("a", "198.51.100.1"), LINK("a", "2001:db8::2")) UDP("a"),
		 "t:6: the link \"a\" has an IPv4 address on one node and an IPv6 address on the other\n"},
		{CLUSTER PSK IPS NODES_WITH(LINK("a", "198.51.100.1"), LINK("a", "198.51.100.1")) UDP("a"),
		 "t:5: 198.51.100.1 is an address of both nodes; it must be node \"ha2\"'s own\n"},
		{CLUSTER PSK IPS NODES_WITH(LINK("a", "192.0.2.10"), LINK("a", "fe80::1")) UDP("a"),
		 "t:4: 192.0.2.10 is a shared IP, which moves between the nodes; this must be an address that node "
		 "\"ha1\" keeps\n"
		 "t:5: address \"fe80::1\" is link-local, which means nothing without an interface\n"},
		{CLUSTER PSK IPS NODES_WITH(LINK("eth0", "198.51.100.1"), ""),
		 "t:4: the link \"eth0\" is ethernet, which has no address; leave it out, or write transport = \"udp\" in "
		 "links\n"},
		{CLUSTER PSK IPS NODES_WITH("links = ( { name = \"eth0\" } )", "links = ( { address = \"192.0.2.2\" } )"),
		 "t:4: neither interface nor address is in links of a node; write interface = \"enp1s0\"\n"
		 "t:5: name is missing in links of a node; write name = \"eth0\"\n"},
		{SHORT "links = ( { name = \"reflect\" } )\n",
		 "t:5: the link cannot be called \"reflect\": that is what heartbeats by way of the test IPs are called\n"},
		{SHORT "links = ( { name = \"a\" transport = \"reflect\" } )\n",
		 "t:5: transport \"reflect\" is unknown; it is \"ethernet\" or \"udp\"\n"},
	};
	EXPECT_MISTAKES(list);
}

Test(conf, two_links_on_one_interface) {
#define TWO(a, b) "links = ( { name = \"a\" address = \"" a "\" }, { name = \"b\" address = \"" b "\" } )"
	static const struct mistake list[] = {
		{CLUSTER PSK IPS NODES_WITH(
			 TWO("198.51.100.1", "203.0.113.1"),
			 TWO("198.51.100.2", "203.0.113.2")) "links = ( { name = \"a\" transport = \"udp\" },\n{ name = "
							     "\"b\" transport = \"udp\" interface = \"a\" } )\n",
		 "t:7: the links \"a\" and \"b\" are both on a of node \"ha1\"\n"
		 "t:7: the links \"a\" and \"b\" are both on a of node \"ha2\"\n"},
		{CLUSTER PSK IPS NODES_WITH(
			 TWO("198.51.100.1", "198.51.100.1"),
			 TWO("198.51.100.2", "203.0.113.2")) "links = ( { name = \"a\" transport = \"udp\" }, { name = "
							     "\"b\" transport = \"udp\" } )\n",
		 "t:4: 198.51.100.1 is the address of two links of node \"ha1\"\n"},
	};
	EXPECT_MISTAKES(list);
	cr_expect_eq(
		read_as(CLUSTER PSK IPS NODES_WITH(LINK("b", "198.51.100.1"),
						   LINK("b", "198.51.100.2")) "links = ( { name = \"a\" }, { name = \"b\" "
									      "transport = \"udp\" interface = \"a\" } )\n",
			"ha1"),
		0, "one of each kind: %s", errors.text[0]);
}

Test(conf, hosts) {
	static const struct mistake list[] = {
		{CLUSTER PSK IPS NODES_WITH("host = \"ha1.example\"", "host = \"192.0.2.10\""),
		 "t:4: host \"ha1.example\" is no IP address\n"
		 "t:5: 192.0.2.10 is a shared IP, which moves between the nodes; this must be an address that node "
		 "\"ha2\" keeps\n"},
		{CLUSTER PSK IPS NODES_WITH("host = \"192.0.2.11\"", "host = \"192.0.2.11\""),
		 "t:5: 192.0.2.11 is an address of both nodes; it must be node \"ha2\"'s own\n"},
		{CLUSTER PSK IPS NODES_WITH("host = \"192.0.2.11\" " LINK("a", "198.51.100.1"),
					    "host = \"198.51.100.1\" " LINK("a", "198.51.100.2")) UDP("a"),
		 "t:5: 198.51.100.1 is an address of both nodes; it must be node \"ha2\"'s own\n"},
		{CLUSTER PSK IPS NODES_WITH("host = \"192.0.2.11\" " LINK("a", "198.51.100.1"), LINK("a", "198.51.100.2"))
			 UDP("a") "connectivity-test = { ips = [ \"192.0.2.11\",\n\"198.51.100.2\", \"192.0.2.1\" ] }\n",
		 "t:7: the test IP 192.0.2.11 is an address of node \"ha1\"; test a router or a switch\n"
		 "t:8: the test IP 198.51.100.2 is an address of node \"ha2\"; test a router or a switch\n"},
	};
	EXPECT_MISTAKES(list);
	cr_expect_eq(read_as(CLUSTER PSK IPS NODES_WITH("host = \"198.51.100.1\" " LINK("a", "198.51.100.1"),
							LINK("a", "198.51.100.2")) UDP("a"),
			     "ha1"),
		     0, "a link may use the node's own address: %s", errors.text[0]);
}

/* ---- the digest ---- */

static uint64_t digest_as(const char *text, const char *node) {
	cr_assert_eq(read_as(text, node), 0, "%s: %s", text, errors.text[0]);
	cr_expect_neq(conf.digest, 0);
	return conf.digest;
}

/* As the comment in hamon/conf/digest.c and hamon.conf(5) have it: anybody can compute it. */
Test(conf, the_digest_is_of_the_canonical_text) {
	static const char canonical[] =
		"{cluster=\"edge\";failover={automatic=true;failback=\"after 600000000000\";within=\"1500000000\";};"
		"nodes=[{name=\"ha1\";};{name=\"ha2\";};];"
		"shared-ips=[{address=\"192.0.2.10/24\";interface=\"eth0\";};"
		"{address=\"2001:db8::10/64\";interface=\"a\\\"b\";};];};";
	static const char text[] =
		PSK "shared-ips = ( { address = \"2001:DB8:0::10/064\" interface = \"a\\\"b\" },\n"
		    "{ interface = \"eth0\" address = \"192.0.2.10/24\" } ) /* by way of the core switch */\n"
		    "nodes = ( { preference = 1 name = \"ha2\" }, { name = \"ha1\" automatic = false } )\n"
		    "failover = { within = \"1.5s\" failback = \"after 10min\" automatic = true } hooks = { }\n" CLUSTER;
	uint8_t hash[SHA256_DIGEST_LENGTH];
	SHA256((const uint8_t *)canonical, strlen(canonical), hash);
	uint64_t first = 0;
	for (size_t i = 0; i < sizeof first; i++)
		first = first << 8 | hash[i];
	cr_expect_eq(digest_as(text, "ha1"), first);
}

#define DIGESTED(failover, tests) SHORT "failover = { " failover " }\nconnectivity-test = { ips = [ " tests " ] }\n"

Test(conf, what_says_the_same_has_the_same_digest) {
	static const struct {
		const char *a, *b;
	} cases[] = {
		{SHORT, IPS NODES PSK CLUSTER},
		{SHORT, "# the pair\n" CLUSTER PSK "// it\n" NODES IPS "/* end */\n"},
		{SHORT, CLUSTER PSK IPS "nodes = ( { name = \"ha2\" }, { name = \"ha1\" } )\n"},
		{SHORT, SHORT "failover = { }\n"},
		{SHORT, CLUSTER "psk-file = \"/etc/other\"\n" NODES IPS},
		{SHORT, CLUSTER PSK IPS NODES_WITH("host = \"192.0.2.11\" automatic = false",
						   "preference = 5 backup-operations = false "
						   "interfaces = ( { name = \"eth0\" interface = \"x\" } )")},
		{DIGESTED("within = \"1s\" countdown = \"1min\"", "\"192.0.2.1\", \"192.0.2.2\", \"2001:db8::1\""),
		 DIGESTED("countdown = \"60s\" within = \"1000ms\"", "\"2001:DB8:0:0::1\", \"192.0.2.1\", \"192.0.2.2\"")},
		{SHORT "health = { command = \"/a\" fall = 16 }\n", SHORT "health = { fall = 0x10; command = \"/a\"; };\n"},
		{SHORT "connectivity-test = { ips = [ \"192.0.2.1\" ] }\n",
		 SHORT "connectivity-test : { ips : ( \"192.0.2.1\" ) }\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(digest_as(cases[i].a, "ha1"), digest_as(cases[i].b, "ha2"), "%s and %s", cases[i].a,
			     cases[i].b);
}

Test(conf, what_says_something_else_has_another_digest) {
	static const char *const texts[] = {
		SHORT,
		"cluster = \"core\"\n" PSK NODES IPS,
		CLUSTER PSK IPS "nodes = ( { name = \"ha1\" }, { name = \"ha3\" } )\n",
		CLUSTER PSK NODES "shared-ips = ( { address = \"192.0.2.10/25\" interface = \"eth0\" } )\n",
		SHORT "failover = { automatic = true }\n", /* the default, but said */
		SHORT "failover = { within = \"501ms\" }\n",
		SHORT "failover = { failback = \"never\" }\n",
		SHORT "connectivity-test = { ips = [ \"192.0.2.1\", \"192.0.2.2\" ] }\n",
		SHORT
		"connectivity-test = { ips = [ \"192.0.2.2\", \"192.0.2.1\" ] }\n", /* the other one has the casting vote */
		SHORT "foreign-claim = \"stand-down\"\n",
		SHORT "hooks = { primary = \"/bin/a\" }\n",
		SHORT "hooks = { primary = \"/bin/a \" }\n",
		SHORT "hooks = { backup = \"/bin/a\" }\n",
		SHORT "operators = \"a\"\n",
		SHORT "observers = \"a\"\n",
	};
	uint64_t digests[sizeof texts / sizeof *texts];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		digests[i] = digest_as(texts[i], "ha1");
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(digests[i], digests[j], "%s and %s", texts[i], texts[j]);
	}
}

/* More mistakes than an error list holds: counted, in the order of their lines. */
Test(conf, more_errors_than_fit) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(SHORT, out);
	for (int i = 0; i < 100; i++)
		fprintf(out, "zzz%d = %d\n", i, i);
	fclose(out);
	cr_expect_eq(read_as(text, "ha1"), -EINVAL);
	cr_expect_eq(errors.n, CONF_ERRORS);
	cr_expect_eq(errors.more, 100 - CONF_ERRORS);
	for (unsigned i = 0; i < CONF_ERRORS; i++)
		cr_expect_eq(errors.line[i], 5 + i);
	free(text);
}

/* ---- the small change ---- */

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

/* ---- from the configuration to the timers ---- */

Test(conf, timers_of_a_good_configuration) {
	struct timers t;
	cr_assert_eq(read_as(SHORT "failover = { within = \"1s\" dead-interval = \"900ms\" }\n", "ha1"), 0);
	cr_expect_eq(conf_timers(&conf, "t", 4 * MSEC, 24 * MSEC, &t, &errors), 0);
	cr_expect_eq(errors.n, 0);
	cr_expect_eq(t.within, SEC);
	cr_expect_eq(t.dead, 900 * MSEC);
}

Test(conf, timers_that_cannot_be_kept_are_refused_with_the_numbers) {
	static const struct {
		const char *failover, *says; /* %s: none of the lines may miss it */
	} cases[] = {
		{"failover = { within = \"20ms\" }\n",
		 "t:5: failover: within = \"20ms\" cannot be kept here; the least is "},
		{"failover = { dead-interval = \"200ms\" heartbeat-interval = \"37ms\" }\n",
		 "t:5: failover: no overlap needs D (1 - rho) >= (A + 2 L + J)(1 + rho) + q, and 199.800 ms is less than "},
		{"failover = { dead-interval = \"20ms\" }\n",
		 "t:5: failover: the explicit settings contradict each other, whatever within is; leave out "},
		{"failover = { lease = \"300ms\" }\n",
		 "t:5: failover: promise needs T >= D (1 + rho) + h + delta + claim, and 500.000 ms is less than "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		struct timers t;
		snprintf(text, sizeof text, SHORT "%s", cases[i].failover);
		cr_assert_eq(read_as(text, "ha1"), 0, "%s", errors.text[0]);
		cr_expect_eq(conf_timers(&conf, "t", 4 * MSEC, 24 * MSEC, &t, &errors), -EINVAL);
		bool said = false;
		for (unsigned j = 0; j < errors.n; j++)
			said |= strncmp(errors.text[j], cases[i].says, strlen(cases[i].says)) == 0;
		cr_expect(said, "%s said: %s", cases[i].failover, errors.text[0]);
	}
}
