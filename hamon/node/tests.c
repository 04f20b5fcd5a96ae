/* The connectivity tests: echo requests out, answers in, the gateway where no test IP is configured, and the rounds that an
 * operator asks for. The verdicts are the core's. */
#include <errno.h>
#include <string.h>

#include "hamon/node/parts.h"

/* A round by hand waits so long for its answers. */
static const span_t trial_patience = 1 * SEC;

static void forget_rtt(struct node_tests *tests) {
	for (unsigned i = 0; i < CORE_TESTS; i++)
		tests->rtt[i] = -1;
}

/* ---- which ---- */

static void add(struct node_tests *tests, unsigned slot, const struct ip_address *address, int ifindex) {
	tests->address[slot] = *address;
	tests->ifindex[slot] = ifindex;
	tests->mask |= (uint16_t)(1U << slot);
}

/* The default gateway of the first shared IP's interface, of its own family first. */
static void find_gateway(struct node *node, struct node_tests *tests) {
	static const int families[2][2] = {{AF_INET, AF_INET6}, {AF_INET6, AF_INET}};
	const struct conf_ip *ip = &node->conf.ips[0];
	int slot = node->ips.slot_of[0];
	int ifindex = slot < 0 ? 0 : node->interfaces[node->ips.slots[slot].interface].iface.ifindex;
	struct ip_address gateway;

	for (unsigned i = 0; i < 2 && ifindex != 0; i++)
		if (route_gateway(&node->rtnl, ifindex, families[ip->address.family == AF_INET6][i], &gateway) == 0) {
			add(tests, 0, &gateway, ifindex);
			return;
		}
}

static void look(struct node *node, struct node_tests *tests) {
	memset(tests->address, 0, sizeof tests->address);
	memset(tests->ifindex, 0, sizeof tests->ifindex);
	tests->mask = 0;
	tests->gateway = node->conf.tests_n == 0;
	if (tests->gateway)
		find_gateway(node, tests);
	for (unsigned i = 0; i < node->conf.tests_n; i++)
		add(tests, i, &node->conf.tests[i], 0);
}

/* What one test IP proved says nothing of the next in its slot: the core begins with those afresh. */
static uint16_t renewed(const struct node_tests *before, const struct node_tests *now) {
	uint16_t mask = 0;

	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (memcmp(&before->address[i], &now->address[i], sizeof now->address[i]) != 0 ||
		    before->ifindex[i] != now->ifindex[i])
			mask |= (uint16_t)(1U << i);
	return mask;
}

/* The kernel flushes a lost interface's routes, the gateway's too: that does not make it another one, and to test nothing
 * just then would be to count connectivity as given. A gateway once known is kept until another is found. */
void node_tests_gateway(struct node *node) {
	struct node_tests *tests = &node->tests, found = node->tests;
	char text[INET6_ADDRSTRLEN];

	if (!node->gateway_changed)
		return;
	node->gateway_changed = false;
	if (!tests->gateway)
		return;
	look(node, &found);
	if (found.mask == 0 || renewed(tests, &found) == 0)
		return;
	node->core_config.tests_renewed |= renewed(tests, &found);
	*tests = found;
	forget_rtt(tests);
	node_say(node, NOTE_INFO, 0, "the default gateway %s is the test IP", conf_address_text(&tests->address[0], text));
	node_reload_core(node);
}

/* ---- out and in ---- */

void node_tests_send(struct node *node, uint16_t mask) {
	struct node_tests *tests = &node->tests;

	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (mask & tests->mask & 1U << i)
			/* No answer is what a failure means; the reasons (no route, no carrier) are others' to tell. */
			(void)icmp_send(&node->icmp, i, &tests->address[i], tests->ifindex[i], node->now);
}

static void note_trials(struct node *node, const struct icmp_answer *answer, span_t rtt) {
	for (unsigned i = 0; i < NODE_TRIALS; i++) {
		struct node_trial *trial = &node->tests.trials[i];
		if (trial->client == 0 || !(trial->waiting & 1U << answer->slot) || answer->sent < trial->sent)
			continue;
		trial->waiting &= (uint16_t) ~(1U << answer->slot);
		trial->rtt[answer->slot] = rtt;
	}
}

void node_tests_drain(struct node *node) {
	struct icmp_answer answer;

	while (icmp_receive(&node->icmp, &answer) == 0) {
		struct event event = {.type = EV_TEST_ANSWERED, .answer = {.slot = answer.slot, .sent = answer.sent}};
		span_t rtt = mono_now() - answer.sent;
		node->tests.rtt[answer.slot] = rtt;
		note_trials(node, &answer, rtt);
		node_step(node, &event);
	}
}

static void icmp_ready(void *arg, uint32_t events) {
	(void)events;
	node_tests_drain(arg);
}

/* ---- by hand ---- */

static struct json_object *trial_result(const struct node *node, const struct node_trial *trial, unsigned slot) {
	struct json_object *result = json_object_new_object();
	char text[INET6_ADDRSTRLEN];
	bool answered = trial->rtt[slot] >= 0;

	json_object_object_add(result, "address",
			       json_object_new_string(conf_address_text(&node->tests.address[slot], text)));
	json_object_object_add(result, "answered", json_object_new_boolean(answered));
	if (answered)
		json_object_object_add(result, "rtt_ms", json_object_new_double((double)trial->rtt[slot] / MSEC));
	else if (trial->error[slot])
		json_object_object_add(result, "error", json_object_new_string(strerror(-trial->error[slot])));
	return result;
}

static void end_trial(struct node *node, struct node_trial *trial) {
	struct json_object *list = json_object_new_array();
	unsigned answered = 0, all = 0;

	for (unsigned i = 0; i < CORE_TESTS; i++) {
		if (!(node->tests.mask & 1U << i))
			continue;
		all++;
		answered += trial->rtt[i] >= 0;
		json_object_array_add(list, trial_result(node, trial, i));
	}
	struct json_object *reply = reply_ok("%u of %u test IPs answered", answered, all);
	json_object_object_add(reply, "gateway", json_object_new_boolean(node->tests.gateway));
	json_object_object_add(reply, "tests", list);
	control_reply(&node->control, trial->client, reply);
	trial->client = 0;
}

void node_tests_request(struct node *node, uint32_t client) {
	struct node_tests *tests = &node->tests;
	struct node_trial *trial = tests->trials;

	while (trial < tests->trials + NODE_TRIALS && trial->client != 0)
		trial++;
	if (trial == tests->trials + NODE_TRIALS) {
		control_reply(&node->control, client,
			      reply_error(EXIT_FAILED, "try again in a second", "too many tests by hand are under way"));
		return;
	}
	if (tests->mask == 0) {
		control_reply(&node->control, client,
			      reply_error(EXIT_FAILED, "set connectivity-test.ips in the configuration",
					  "no test IP is configured, and there is no default gateway"));
		return;
	}
	*trial = (struct node_trial){
		.client = client, .sent = node->now, .until = node->now + trial_patience, .waiting = tests->mask};
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		trial->rtt[i] = -1;
		if (tests->mask & 1U << i)
			trial->error[i] = icmp_send(&node->icmp, i, &tests->address[i], tests->ifindex[i], node->now);
		if (trial->error[i])
			trial->waiting &= (uint16_t) ~(1U << i);
	}
}

void node_tests_tick(struct node *node) {
	for (unsigned i = 0; i < NODE_TRIALS; i++) {
		struct node_trial *trial = &node->tests.trials[i];
		if (trial->client != 0 && (trial->waiting == 0 || node->now >= trial->until))
			end_trial(node, trial);
	}
}

mono_t node_tests_deadline(const struct node *node) {
	mono_t at = MONO_FAR;

	for (unsigned i = 0; i < NODE_TRIALS; i++)
		if (node->tests.trials[i].client != 0)
			at = mono_min(at, node->tests.trials[i].until);
	return at;
}

/* ---- setting up ---- */

void node_tests_configure(struct node *node) {
	struct node_tests before = node->tests;

	look(node, &node->tests);
	node->core_config.tests_renewed |= renewed(&before, &node->tests);
	forget_rtt(&node->tests);
}

int node_tests_init(struct node *node) {
	int error = loop_add(&node->loop, icmp_fd4(&node->icmp), EPOLLIN, icmp_ready, node);

	if (!error && icmp_fd6(&node->icmp) >= 0)
		error = loop_add(&node->loop, icmp_fd6(&node->icmp), EPOLLIN, icmp_ready, node);
	return error;
}
