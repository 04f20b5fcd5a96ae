/* The connectivity tests: echo requests out, answers in and their figures, the gateway where no test IP is configured, and
 * the rounds that an operator asks for. The verdicts are the core's. */
#include <errno.h>
#include <string.h>

#include "hamon/node/parts.h"

/* A round by hand waits so long for its answers. */
static const span_t trial_patience = 1 * SEC;
/* That a test IP is too slow is told again after so long. */
static const span_t slow_again = 60 * SEC;

static void forget(struct node_tests *tests, uint16_t mask) {
	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (mask & 1U << i) {
			tests->rtt[i] = -1;
			tests->record[i] = (struct node_record){.warned = MONO_NEVER};
		}
}

/* ---- which ---- */

/* A choice of test IPs: node_tests without what became of them. */
struct choice {
	struct ip_address address[CORE_TESTS];
	int ifindex[CORE_TESTS];
	uint16_t mask;
	bool gateway;
};

static void add(struct choice *choice, unsigned slot, const struct ip_address *address, int ifindex) {
	choice->address[slot] = *address;
	choice->ifindex[slot] = ifindex;
	choice->mask |= (uint16_t)(1U << slot);
}

/* The default gateway of the first shared IP's interface, of its own family first. */
static void find_gateway(struct node *node, struct choice *choice) {
	static const int families[2][2] = {{AF_INET, AF_INET6}, {AF_INET6, AF_INET}};
	const struct conf_ip *ip = &node->conf.ips[0];
	int slot = node->ips.slot_of[0];
	int ifindex = slot < 0 ? 0 : node->interfaces[node->ips.slots[slot].interface].iface.ifindex;
	struct ip_address gateway;

	for (unsigned i = 0; i < 2 && ifindex != 0; i++)
		if (route_gateway(&node->rtnl, ifindex, families[ip->address.family == AF_INET6][i], &gateway) == 0) {
			add(choice, 0, &gateway, ifindex);
			return;
		}
}

static struct choice look(struct node *node) {
	struct choice choice = {.gateway = node->conf.tests_n == 0};

	if (choice.gateway)
		find_gateway(node, &choice);
	for (unsigned i = 0; i < node->conf.tests_n; i++)
		add(&choice, i, &node->conf.tests[i], 0);
	return choice;
}

/* What one test IP proved says nothing of the next in its slot: the core begins with those afresh. */
static uint16_t renewed(const struct node_tests *before, const struct choice *now) {
	uint16_t mask = 0;

	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (memcmp(&before->address[i], &now->address[i], sizeof now->address[i]) != 0 ||
		    before->ifindex[i] != now->ifindex[i])
			mask |= (uint16_t)(1U << i);
	return mask;
}

static void adopt(struct node *node, const struct choice *choice) {
	struct node_tests *tests = &node->tests;
	uint16_t fresh = renewed(tests, choice);

	node->core_config.tests_renewed |= fresh;
	forget(tests, fresh | (uint16_t)~choice->mask);
	tests->peers &= (uint16_t) ~(fresh | ~choice->mask);
	memcpy(tests->address, choice->address, sizeof tests->address);
	memcpy(tests->ifindex, choice->ifindex, sizeof tests->ifindex);
	tests->mask = choice->mask;
	tests->gateway = choice->gateway;
}

/* ---- those that are our own ---- */

/* The test IPs that have this address: a mask. A link-local one (a gateway's) is another on each interface. */
static uint16_t with_address(const struct node_tests *tests, const struct addr_entry *entry) {
	uint16_t mask = 0;

	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (tests->mask & 1U << i && conf_address_same(&tests->address[i], &entry->address) &&
		    (tests->ifindex[i] == 0 || tests->ifindex[i] == entry->ifindex))
			mask |= (uint16_t)(1U << i);
	return mask;
}

static void listed(void *arg, const struct addr_entry *entry) {
	struct node_tests *tests = arg;

	tests->own |= with_address(tests, entry);
}

/* A node that asks itself is answered whatever befalls the network. So it does not ask, and the test IP counts as one that
 * does not answer: were it left out of the policy's count here alone, the nodes' majorities need not share a test IP. */
static void find_own(struct node *node) {
	struct node_tests *tests = &node->tests;
	uint16_t before = tests->own;
	char text[INET6_ADDRSTRLEN];

	tests->own_changed = false;
	tests->own = 0;
	int error = addr_list(&node->rtnl, 0, listed, tests);
	if (error) {
		tests->own |= before;
		tests->own_changed = error == -EINTR; /* it changed meanwhile: once more, in the next wake */
	}
	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (tests->own & ~before & 1U << i)
			node_say(node, NOTE_TEST, 0,
				 "test IP %s is an address of this very node: it counts as one that does not answer",
				 conf_address_text(&tests->address[i], text));
}

void node_tests_noticed(struct node *node, const struct addr_entry *entry) {
	node->tests.own_changed |= !entry || with_address(&node->tests, entry) != 0;
}

/* ---- the peer ---- */

/* It is asked all the same: who hears the peer answer is not alone. But where it answers, the network need not, and when
 * the peer dies the test fails with it. */
void node_tests_peer(struct node *node, const struct ip_address peer[static PEERLINK_FAMILIES]) {
	struct node_tests *tests = &node->tests;
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < CORE_TESTS * PEERLINK_FAMILIES; i++) {
		unsigned slot = i / PEERLINK_FAMILIES;
		uint16_t bit = (uint16_t)(1U << slot);
		if (!(tests->mask & ~tests->peers & bit) ||
		    !conf_address_same(&tests->address[slot], &peer[i % PEERLINK_FAMILIES]))
			continue;
		tests->peers |= bit;
		node_say(node, NOTE_TEST, 0,
			 "test IP %s is an address of %s: its answer says nothing of the network; choose another one",
			 conf_address_text(&tests->address[slot], text), node->names[1 - node->self]);
	}
}

/* ---- the gateway that stands in ---- */

/* The kernel flushes a lost interface's routes, the gateway's too: that does not make it another one, and to test nothing
 * just then would be to count connectivity as given. A gateway once known is kept until another is found. */
void node_tests_gateway(struct node *node) {
	struct node_tests *tests = &node->tests;
	char text[INET6_ADDRSTRLEN];

	/* Routes change with interfaces, and addresses that vanish with one have no notice each. */
	if (tests->own_changed || (node->gateway_changed && tests->own != 0))
		find_own(node);
	if (!node->gateway_changed)
		return;
	node->gateway_changed = false;
	if (!tests->gateway)
		return;
	struct choice found = look(node);
	if (found.mask == 0 || renewed(tests, &found) == 0)
		return;
	adopt(node, &found);
	node_say(node, NOTE_INFO, 0, "the default gateway %s is the test IP", conf_address_text(&tests->address[0], text));
	node_reload_core(node);
}

/* ---- figures ---- */

static bool in_time(const struct node *node, span_t rtt) {
	return rtt >= 0 && rtt <= node->core_config.timers.test_fresh;
}

static void record_request(struct node *node, unsigned slot) {
	struct node_record *record = &node->tests.record[slot];
	unsigned at = record->sent++ % NODE_REQUESTS;

	record->ring[at].sent = node->now;
	record->ring[at].rtt = -1;
}

/* How many of the newest requests the ring holds; request i of these, from the newest on, is ring[newest(record, i)]. */
static unsigned held(const struct node_record *record) {
	return record->sent < NODE_REQUESTS ? (unsigned)record->sent : NODE_REQUESTS;
}

static unsigned newest(const struct node_record *record, unsigned i) {
	return (unsigned)((record->sent - 1 - i) % NODE_REQUESTS);
}

/* A second answer to one request (networks duplicate) counts for nothing. */
static void record_answer(struct node *node, unsigned slot, mono_t sent, span_t rtt) {
	struct node_record *record = &node->tests.record[slot];

	for (unsigned i = 0; i < held(record); i++) {
		unsigned at = newest(record, i);
		if (record->ring[at].sent != sent || record->ring[at].rtt >= 0)
			continue;
		record->ring[at].rtt = rtt;
		record->answered += in_time(node, rtt);
		return;
	}
}

void node_tests_figures(const struct node *node, unsigned slot, struct node_test_figures *out) {
	const struct node_record *record = &node->tests.record[slot];
	unsigned judged = 0, lost = 0, answers = 0;
	span_t sum = 0, greatest = -1;

	for (unsigned i = 0; i < held(record); i++) {
		unsigned at = newest(record, i);
		span_t rtt = record->ring[at].rtt;
		if (rtt < 0 && in_time(node, node->now - record->ring[at].sent))
			continue; /* its answer may still come */
		judged++;
		lost += !in_time(node, rtt);
		if (rtt < 0)
			continue;
		answers++;
		sum += rtt;
		greatest = mono_max(greatest, rtt);
	}
	*out = (struct node_test_figures){
		.sent = record->sent,
		.answered = record->answered,
		.loss = judged ? (100 * lost + judged / 2) / judged : 0,
		.last = node->tests.rtt[slot],
		.average = answers ? sum / answers : -1,
		.greatest = greatest,
		.slow = record->slow,
		.own = node->tests.own >> slot & 1,
	};
}

/* The quickest of the newest answers; -1: there are too few for a verdict. One that a freeze held up is no proof of
 * slowness. */
static span_t quickest(const struct node_record *record) {
	enum { ANSWERS = 5 };
	span_t least = MONO_FAR;
	unsigned answers = 0;

	for (unsigned i = 0; i < held(record) && answers < ANSWERS; i++) {
		span_t rtt = record->ring[newest(record, i)].rtt;
		answers += rtt >= 0;
		if (rtt >= 0)
			least = mono_min(least, rtt);
	}
	return answers == ANSWERS ? least : -1;
}

/* A request goes out every h, and its answer counts for F after it was decided: a round trip that leaves less of F than an
 * interval and a half leaves gaps, in which the test IP counts as silent. */
static void judge_slowness(struct node *node, unsigned slot) {
	const struct timers *timers = &node->core_config.timers;
	struct node_record *record = &node->tests.record[slot];
	span_t limit = timers->test_fresh - 3 * timers->heartbeat / 2, rtt = quickest(record);
	char address[INET6_ADDRSTRLEN], within[CONF_DURATION];

	record->slow = rtt > limit;
	if (!record->slow || node->now - record->warned < slow_again)
		return;
	record->warned = node->now;
	node_say(node, NOTE_TEST, 0,
		 "test IP %s answers after %.1f ms; failover within %s needs it within %.1f ms: choose a nearer one, "
		 "or "
		 "a longer `within`",
		 conf_address_text(&node->tests.address[slot], address), (double)rtt / MSEC,
		 conf_duration_text(node->conf.within, within), (double)limit / MSEC);
}

/* ---- out and in ---- */

static int ask(struct node *node, unsigned slot) {
	const struct node_tests *tests = &node->tests;

	record_request(node, slot);
	return icmp_send(&node->icmp, slot, &tests->address[slot], tests->ifindex[slot], node->now);
}

void node_tests_send(struct node *node, uint16_t mask) {
	for (unsigned i = 0; i < CORE_TESTS; i++)
		if (mask & node->tests.mask & ~node->tests.own & 1U << i)
			/* No answer is what a failure means; the reasons (no route, no carrier) are others' to tell. */
			(void)ask(node, i);
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
		if (node->tests.own >> answer.slot & 1)
			continue;
		node->tests.rtt[answer.slot] = rtt;
		record_answer(node, answer.slot, answer.sent, rtt);
		judge_slowness(node, answer.slot);
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
	else if (trial->error[slot] == -EADDRINUSE)
		json_object_object_add(result, "error", json_object_new_string("an address of this very node"));
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
	struct json_object *reply = answered ? reply_ok("%u of %u test IPs answered", answered, all)
					     : reply_error(EXIT_FAILED, NULL, "none of %u test IPs answered", all);
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
			trial->error[i] = tests->own >> i & 1 ? -EADDRINUSE : ask(node, i);
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
	struct choice choice = look(node);

	adopt(node, &choice);
	find_own(node);
}

int node_tests_init(struct node *node) {
	int error = loop_add(&node->loop, icmp_fd4(&node->icmp), EPOLLIN, icmp_ready, node);

	if (!error && icmp_fd6(&node->icmp) >= 0)
		error = loop_add(&node->loop, icmp_fd6(&node->icmp), EPOLLIN, icmp_ready, node);
	return error;
}
