/* Bad configurations: the exact lines that people get for their mistakes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/conf_scene.h"

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

/* ---- the nodes' own addresses ---- */

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
