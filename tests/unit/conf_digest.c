/* The digest of the shared part: the same for what says the same, another for what says something else. */
#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <string.h>

#include "tests/unit/conf_scene.h"

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
