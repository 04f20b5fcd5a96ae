/* Good configurations: what a short one means, what a full one means on either node, and the timers that follow. */
#include <arpa/inet.h>
#include <assert.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/conf_scene.h"

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
