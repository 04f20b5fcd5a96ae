/* What a command is told. */
#include "hamon/hooks/environment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf conf;
static struct environment environment;

static void begin(void) {
	static const char text[] = "cluster = \"edge\"\n"
				   "psk-file = \"/etc/hamon/psk\"\n"
				   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
				   "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" },\n"
				   "               { address = \"2001:db8::10/64\" interface = \"eth0\" } )\n";
	static struct conf_errors errors;
	cr_assert_eq(conf_read(text, "test", "ha2", &conf, &errors), 0, "%s", errors.text[0]);
}

TestSuite(hooks_environment, .init = begin);

static const struct message_run order = {
	.run = RUN_PRIMARY,
	.from = STATE_CLAIMING,
	.to = STATE_PRIMARY,
	.cause = CAUSE_SERVING,
	.epoch = 42,
	.event = 7,
};

/* All variables in one string, a line each. */
static char *made(const struct message_run *of) {
	static char text[2 * ENVIRONMENT_TEXT];
	text[0] = '\0';
	environment_make(&environment, &conf, of);
	for (char **variable = environment.list; *variable; variable++)
		sprintf(text + strlen(text), "%s\n", *variable);
	return text;
}

#define SAME                                                                                                               \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"                                              \
	"HAMON_CLUSTER=edge\n"                                                                                             \
	"HAMON_NODE=ha2\n"                                                                                                 \
	"HAMON_PEER=ha1\n"

Test(hooks_environment, a_change_of_state_is_told_whole) {
	setenv("SECRET", "of the daemon", 1); // NOLINT(concurrency-mt-unsafe): one thread
	cr_assert_str_eq(made(&order), SAME "HAMON_EVENT=primary\n"
					    "HAMON_SHARED_IPS=192.0.2.10/24 2001:db8::10/64\n"
					    "HAMON_FROM=claiming\n"
					    "HAMON_TO=primary\n"
					    "HAMON_CAUSE=serving\n"
					    "HAMON_EPOCH=42\n"
					    "HAMON_EVENT_NUMBER=7\n");
}

Test(hooks_environment, health_is_asked_about_the_service_alone) {
	struct message_run health = {.run = RUN_HEALTH};
	cr_assert_str_eq(made(&health), SAME "HAMON_EVENT=health\n"
					     "HAMON_SHARED_IPS=192.0.2.10/24 2001:db8::10/64\n");
}

Test(hooks_environment, as_many_shared_ips_as_there_may_be_fit) {
	struct ip_address longest = {.family = AF_INET6};
	memset(longest.bytes, 0xff, sizeof(longest.bytes));
	for (conf.ips_n = 0; conf.ips_n < CORE_IPS; conf.ips_n++)
		conf.ips[conf.ips_n] = (struct conf_ip){.address = longest, .prefix = 128};
	memset(conf.cluster, 'c', CONF_NAME - 1);
	memset(conf.nodes[0].name, 'a', CONF_NAME - 1);
	memset(conf.nodes[1].name, 'b', CONF_NAME - 1);
	const char *text = made(&order);
	cr_assert_not_null(strstr(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128\nHAMON_FROM="));
}

Test(hooks_environment, a_fence_agent_reads_whom_to_switch_off) {
	char input[ENVIRONMENT_INPUT];
	environment_fence_input(input, &conf);
	cr_assert_str_eq(input, "action=off\nnodename=ha1\nplug=ha1\nport=ha1\n");
	memset(conf.nodes[0].name, 'a', CONF_NAME - 1);
	environment_fence_input(input, &conf);
	cr_assert_eq(input[strlen(input) - 1], '\n');
}
