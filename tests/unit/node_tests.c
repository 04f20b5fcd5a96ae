/* The connectivity tests' figures, from a real kernel's answers, and the test IPs that cannot do: too slow, or our own. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "hamon/node/parts.h"
#include "tests/unit/netlink_sandbox.h"

enum { ANSWERS4, ANSWERS6, SILENT, OWN4, TESTS };

static struct node *node;

static void set_up(void) {
	static const char text[] = "cluster = \"edge\"\npsk-file = \"/etc/hamon/psk\"\n"
				   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
				   "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"left\" } )\n"
				   "connectivity-test = { ips = [ \"192.0.2.2\", \"2001:db8::2\", \"192.0.2.99\",\n"
				   "                              \"192.0.2.4\" ] }\n";
	static const struct core_memory memory = {.boot = 1, .reserved = 64};
	static struct conf_errors errors;
	sandbox_enter();
	sandbox_run("ip address add 192.0.2.1/24 dev left && ip address add 2001:db8::1/64 dev left nodad");
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.2/24 dev right && ip address add 2001:db8::2/64 dev right nodad");
	sandbox_run("ip address add 192.0.2.4/24 dev right");
	sandbox_go(SANDBOX_LEFT);
	node = calloc(1, sizeof *node);
	cr_assert_eq(conf_read(text, "test", "ha1", &node->conf, &errors), 0, "%s", errors.text[0]);
	struct timers_ask ask = conf_timers_ask(&node->conf, 4 * MSEC, 4 * MSEC);
	cr_assert_eq(timers_derive(&ask, &node->core_config.timers), 0);
	/* So long that no freeze of the machine makes an answer late. */
	node->core_config.timers.test_fresh = 600 * SEC;
	node->names[1 - node->self] = "ha2";
	node->now = mono_now();
	notes_init(&node->notes);
	cr_assert_eq(loop_init(&node->loop), 0);
	cr_assert_eq(rtnl_init(&node->rtnl), 0);
	cr_assert_eq(icmp_init(&node->icmp), 0);
	node_tests_configure(node);
	cr_assert_eq(node->tests.mask, (1 << TESTS) - 1);
	node->core_config.tests = node->tests.mask;
	core_init(&node->core, &node->core_config, &memory, node->now);
	cr_assert_eq(node_tests_init(node), 0);
}

static void tear_down(void) {
	icmp_fini(&node->icmp);
	rtnl_fini(&node->rtnl);
	loop_fini(&node->loop);
	free(node);
}

TestSuite(node_tests, .init = set_up, .fini = tear_down);

static struct node_test_figures figures(unsigned slot) {
	struct node_test_figures out;
	node_tests_figures(node, slot, &out);
	return out;
}

static void ask(uint16_t mask) {
	node->now = mono_now();
	node_tests_send(node, mask);
}

static void await_answers(unsigned slot, uint64_t answers) {
	for (struct sandbox_wait wait = {0}; figures(slot).answered < answers;) {
		cr_assert(sandbox_waiting(&wait), "%llu answers", (unsigned long long)figures(slot).answered);
		node_tests_drain(node);
	}
}

static unsigned notes(const char *begin) {
	unsigned n = 0;
	for (unsigned i = 0; i < node->notes.n; i++) {
		const struct note *note = &node->notes.ring[(node->notes.first + i) % NOTES_RING].note;
		n += note->type == NOTE_TEST && strncmp(note->text, begin, strlen(begin)) == 0;
	}
	return n;
}

Test(node_tests, nothing_was_asked_yet) {
	struct node_test_figures f = figures(ANSWERS4);
	cr_assert_eq(f.sent, 0);
	cr_assert_eq(f.answered, 0);
	cr_assert_eq(f.loss, 0);
	cr_assert_eq(f.last, -1);
	cr_assert_eq(f.average, -1);
	cr_assert_eq(f.greatest, -1);
	cr_assert_not(f.slow || f.own);
}

Test(node_tests, answers_of_both_families_are_counted) {
	for (unsigned i = 1; i <= 3; i++) {
		ask(1 << ANSWERS4 | 1 << ANSWERS6);
		await_answers(ANSWERS4, i);
		await_answers(ANSWERS6, i);
	}
	for (unsigned slot = ANSWERS4; slot <= ANSWERS6; slot++) {
		struct node_test_figures f = figures(slot);
		cr_assert_eq(f.sent, 3);
		cr_assert_eq(f.loss, 0);
		cr_assert_gt(f.last, 0);
		cr_assert_gt(f.average, 0);
		cr_assert_geq(f.greatest, f.average);
		cr_assert_geq(f.greatest, f.last);
		cr_assert_not(f.slow);
	}
	cr_assert_eq(figures(SILENT).sent, 0);
}

/* A request is lost when its answer would be of no use any more; until then it is on its way. */
Test(node_tests, silence_becomes_loss) {
	ask(1 << SILENT);
	cr_assert_eq(figures(SILENT).sent, 1);
	cr_assert_eq(figures(SILENT).loss, 0);
	node->now += node->core_config.timers.test_fresh + 1;
	cr_assert_eq(figures(SILENT).loss, 100);
	cr_assert_eq(figures(SILENT).last, -1);
}

Test(node_tests, loss_in_percent_of_the_last_hundred) {
	for (unsigned i = 1; i <= 10; i++) {
		ask(1 << ANSWERS4);
		await_answers(ANSWERS4, i);
	}
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("sysctl -q net.ipv4.icmp_echo_ignore_all=1");
	sandbox_go(SANDBOX_LEFT);
	for (unsigned i = 0; i < 30; i++)
		ask(1 << ANSWERS4);
	node->now += node->core_config.timers.test_fresh + 1;
	cr_assert_eq(figures(ANSWERS4).loss, 75);
	cr_assert_eq(figures(ANSWERS4).sent, 40);
	cr_assert_eq(figures(ANSWERS4).answered, 10);
	for (unsigned i = 0; i < NODE_REQUESTS; i++)
		ask(1 << ANSWERS4);
	node->now += node->core_config.timers.test_fresh + 1;
	cr_assert_eq(figures(ANSWERS4).loss, 100);
	cr_assert_eq(figures(ANSWERS4).average, -1, "the answered ones are forgotten");
	cr_assert_gt(figures(ANSWERS4).last, 0);
}

static void ask_and_await(unsigned slot) {
	unsigned at = (unsigned)(node->tests.record[slot].sent % NODE_REQUESTS);
	ask((uint16_t)(1U << slot));
	for (struct sandbox_wait wait = {0}; node->tests.record[slot].ring[at].rtt < 0;) {
		cr_assert(sandbox_waiting(&wait));
		node_tests_drain(node);
	}
}

/* It answers, and each answer comes too late: said once, and again after a minute. */
Test(node_tests, a_test_ip_too_far_away) {
	enum { JUDGED = 5 };
	static const char said[] = "test IP 192.0.2.2 answers after ";
	struct timers *timers = &node->core_config.timers;
	timers->test_fresh = 3 * timers->heartbeat / 2; /* nothing is left for the way there and back */
	for (unsigned i = 0; i < JUDGED; i++) {
		cr_assert_not(figures(ANSWERS4).slow, "%u answers may all have been held up", i);
		ask_and_await(ANSWERS4);
	}
	cr_assert(figures(ANSWERS4).slow);
	cr_assert_eq(notes(said), 1);
	ask_and_await(ANSWERS4);
	cr_assert_eq(notes(said), 1);
	node->tests.record[ANSWERS4].warned -= 60 * SEC;
	ask_and_await(ANSWERS4);
	cr_assert_eq(notes(said), 2);
	timers->test_fresh = 600 * SEC;
	ask_and_await(ANSWERS4);
	cr_assert_not(figures(ANSWERS4).slow, "it is near enough now");
	cr_assert_eq(notes(said), 2);
}

/* An address that this node has, or is given while it runs, is not asked: it would answer whatever befalls the network. */
Test(node_tests, our_own_address_proves_nothing) {
	ask(1 << OWN4);
	await_answers(OWN4, 1);
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address del 192.0.2.4/24 dev right");
	sandbox_go(SANDBOX_LEFT);
	sandbox_run("ip address add 192.0.2.4/24 dev left");
	struct addr_entry entry = {.ifindex = sandbox_index("left"), .address = sandbox_address("192.0.2.1")};
	node_tests_noticed(node, &entry);
	node_tests_gateway(node);
	cr_assert_not(figures(OWN4).own, "that one is none of the test IPs");
	entry.address = sandbox_address("192.0.2.4");
	node_tests_noticed(node, &entry);
	node_tests_gateway(node);
	cr_assert(figures(OWN4).own);
	cr_assert_eq(notes("test IP 192.0.2.4 is an address of this very node"), 1);
	ask(1 << OWN4 | 1 << ANSWERS4);
	await_answers(ANSWERS4, 1);
	cr_assert_eq(figures(OWN4).sent, 1, "it is not asked");
	cr_assert(node->tests.mask >> OWN4 & 1, "and counts, as one that does not answer");
	sandbox_run("ip address del 192.0.2.4/24 dev left");
	node_tests_noticed(node, NULL);
	node_tests_gateway(node);
	cr_assert_not(figures(OWN4).own);
	ask(1 << OWN4);
	cr_assert_eq(figures(OWN4).sent, 2);
}

static void peer_is_at(const char *ipv4, const char *ipv6) {
	const struct ip_address peer[PEERLINK_FAMILIES] = {sandbox_address(ipv4), sandbox_address(ipv6)};
	node_tests_peer(node, peer);
}

/* It is asked and counted as any other; that it proves little is said once. */
Test(node_tests, an_address_of_the_peer_is_warned_of) {
	peer_is_at("192.0.2.3", "2001:db8::3");
	cr_assert_eq(notes("test IP "), 0);
	peer_is_at("192.0.2.4", "2001:db8::2");
	peer_is_at("192.0.2.4", "2001:db8::2");
	cr_assert_eq(notes("test IP 192.0.2.4 is an address of ha2: "), 1);
	cr_assert_eq(notes("test IP 2001:db8::2 is an address of ha2: "), 1);
	cr_assert_eq(notes("test IP "), 2);
	ask(1 << OWN4);
	await_answers(OWN4, 1);
}

/* A reload keeps the figures of what stays, and begins anew with what is new in a slot. */
Test(node_tests, figures_of_a_new_test_ip) {
	ask(1 << ANSWERS4 | 1 << OWN4);
	await_answers(ANSWERS4, 1);
	await_answers(OWN4, 1);
	node->conf.tests[ANSWERS4] = sandbox_address("192.0.2.77");
	node->conf.tests_n = TESTS;
	node->core_config.tests_renewed = 0;
	node_tests_configure(node);
	cr_assert_eq(node->core_config.tests_renewed, 1 << ANSWERS4);
	cr_assert_eq(figures(ANSWERS4).sent, 0);
	cr_assert_eq(figures(ANSWERS4).last, -1);
	cr_assert_eq(figures(OWN4).answered, 1);
}
