/* What the log says: each kind of note and each cause as its sentence and priority, and the line around it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "hamon/log.h"
#include "hamon/report/sentence.h"
#include "hamon/wire/heartbeat.h"

static const struct sentence_names names = {
	.cluster = "edge",
	.self = "ha1",
	.peer = "ha2",
	.links_n = 2,
	.links = {"eth0", "eth1"},
	.tests_n = 2,
	.tests = {"192.0.2.1", "2001:db8::1"},
};

/* Two links, the second down; two tests, the first answered. */
static const struct facts facts = {
	.silent = 450 * MSEC,
	.echo_age = 460 * MSEC,
	.epoch = 42,
	.tests = 3,
	.tests_fresh = 1,
	.links = 3,
	.links_up = 1,
	.addresses = 3,
};

static void expect(const struct note *note, int priority, const char *sentence) {
	char text[SENTENCE_MAX];
	int got = sentence_write(&names, note, text);
	cr_expect_str_eq(text, sentence);
	cr_expect_eq(got, priority, "priority %d instead of %d: %s", got, priority, sentence);
}

Test(report, every_cause_reads_as_a_sentence) {
	static const char *const because[CAUSE__COUNT] = {
		[CAUSE_NONE] = "by the rules' order",
		[CAUSE_START] = "started",
		[CAUSE_HEARD] = "ha2 is heard",
		[CAUSE_LATE] = "ha2 silent 450 ms on eth0, eth1 (down)",
		[CAUSE_SILENCE] = "ha2 silent 450 ms on eth0, eth1 (down); test 192.0.2.1 ok, 2001:db8::1 failed",
		[CAUSE_CONSENT] = "ha2 agrees: it holds nothing, and the newest epoch is ours",
		[CAUSE_RELEASE] = "ha2 released it to our request",
		[CAUSE_FAREWELL] = "ha2 left in good order",
		[CAUSE_LAPSED] = "the lease ran out: newest echo of ha2 460 ms old; test 192.0.2.1 ok, 2001:db8::1 failed",
		[CAUSE_REFUSED] =
			"the kernel refused a marked heartbeat: the lease, or the permit to claim it, had run out",
		[CAUSE_LEASE_GONE] = "others took the lease away from the kernel",
		[CAUSE_CONFLICT] = "ha2 holds the lease with a higher epoch",
		[CAUSE_ASKED] = "ha2 asked for the role",
		[CAUSE_OPERATOR] = "an operator's request",
		[CAUSE_OFFER] = "ha2 offered the role",
		[CAUSE_ILL] = "ha2 is primary and ill, this node is fit",
		[CAUSE_CARRIER] = "the shared IPs' interfaces have their carrier again",
		[CAUSE_ADDRESSES] = "the shared IPs may be tried again",
		[CAUSE_EPOCHS] = "epochs are reserved again",
		[CAUSE_PERMIT] = "the permit may be tried again",
		[CAUSE_STALL] = "this machine stood still",
		[CAUSE_GUARD] = "the claim's guard did not hold a second time",
		[CAUSE_SERVING] = "3 shared IPs in place and announced",
		[CAUSE_TESTS] = "ha2 silent 450 ms on eth0, eth1 (down); test 192.0.2.1 ok, 2001:db8::1 failed",
		[CAUSE_TIMEOUT] = "ha2 did not answer the request",
		[CAUSE_STOP] = "told to stop",
		[CAUSE_HOLDER] = "ha2 is silent, and yet somebody answers for a shared IP: it lives",
		[CAUSE_STRANGER] = "no other host claims a shared IP any more",
		[CAUSE_FENCE] = "ha2 may still serve: the fence command failed, or did not end in time",
		[CAUSE_VETO] = "the before-primary command may be asked again",
		[CAUSE_FAILBACK] = "the role goes back to the node of higher preference",
	};
	for (unsigned cause = 0; cause < CAUSE__COUNT; cause++) {
		struct note note = {.event = 1131,
				    .type = NOTE_TRANSITION,
				    .from = STATE_BACKUP,
				    .to = STATE_PRIMARY,
				    .cause = (enum cause)cause,
				    .facts = facts};
		bool taken = cause == CAUSE_LAPSED || cause == CAUSE_REFUSED || cause == CAUSE_LEASE_GONE ||
			     cause == CAUSE_CONFLICT || cause == CAUSE_STALL;
		char sentence[SENTENCE_MAX];
		cr_assert_not_null(because[cause], "%s", cause_name((enum cause)cause));
		snprintf(sentence, sizeof(sentence), "ha1 backup → primary: %s; epoch 42; event 1131", because[cause]);
		expect(&note, taken ? LOG_WARNING : LOG_NOTICE, sentence);
	}
}

Test(report, faults_are_named_as_they_begin) {
	static const struct {
		enum cause cause;
		enum fault fault;
		const char *because;
	} cases[] = {
		{CAUSE_CARRIER, FAULT_CARRIER, "an interface of the shared IPs has no carrier"},
		{CAUSE_ADDRESSES, FAULT_ADDRESSES, "the shared IPs could not be added"},
		{CAUSE_EPOCHS, FAULT_EPOCHS, "no epoch is left, and the state directory cannot be written"},
		{CAUSE_PERMIT, FAULT_PERMIT, "the kernel refused the permit"},
		{CAUSE_VETO, FAULT_VETO, "the before-primary command said no"},
		{CAUSE_STRANGER, FAULT_STRANGER, "another host claims a shared IP"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct note note = {
			.type = NOTE_TRANSITION, .from = STATE_PRIMARY, .to = STATE_FAULT, .cause = cases[i].cause};
		char sentence[SENTENCE_MAX];
		note.facts.faults = (uint16_t)(cases[i].fault | FAULT_STANDDOWN);
		enum fault lower = cases[i].fault < FAULT_STANDDOWN ? cases[i].fault : FAULT_STANDDOWN;
		enum fault upper = cases[i].fault < FAULT_STANDDOWN ? FAULT_STANDDOWN : cases[i].fault;
		snprintf(sentence, sizeof(sentence), "ha1 primary → fault: %s; fault: %s, %s; epoch 0; event 0",
			 cases[i].because, fault_name(lower), fault_name(upper));
		expect(&note, LOG_ERR, sentence);
	}
}

Test(report, what_never_was_is_not_given_an_age) {
	struct note note = {.type = NOTE_TRANSITION, .from = STATE_INIT, .to = STATE_COUNTDOWN, .cause = CAUSE_SILENCE};
	note.facts = (struct facts){.silent = -1, .echo_age = -1, .links = 1, .links_up = 1};
	expect(&note, LOG_NOTICE, "ha1 init → countdown: ha2 was never heard on eth0; epoch 0; event 0");
	note.cause = CAUSE_LAPSED;
	expect(&note, LOG_WARNING, "ha1 init → countdown: the lease ran out: ha2 never echoed; epoch 0; event 0");
}

Test(report, flickers_are_for_those_who_look_closely) {
	static const struct {
		enum state from, to;
		int priority;
	} cases[] = {
		{STATE_BACKUP, STATE_SUSPECT, LOG_DEBUG},      {STATE_SUSPECT, STATE_BACKUP, LOG_DEBUG},
		{STATE_SUSPECT, STATE_WAITING, LOG_DEBUG},     {STATE_SUSPECT, STATE_COUNTDOWN, LOG_NOTICE},
		{STATE_COUNTDOWN, STATE_BACKUP, LOG_NOTICE},   {STATE_PRIMARY, STATE_ISOLATED, LOG_WARNING},
		{STATE_COUNTDOWN, STATE_DEAF, LOG_WARNING},    {STATE_BACKUP, STATE_FAULT, LOG_ERR},
		{STATE_COUNTDOWN, STATE_CLAIMING, LOG_NOTICE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[SENTENCE_MAX];
		struct note note = {
			.type = NOTE_TRANSITION, .from = cases[i].from, .to = cases[i].to, .cause = CAUSE_HEARD};
		cr_expect_eq(sentence_write(&names, &note, text), cases[i].priority, "%s", text);
	}
}

static const struct sentence_case {
	struct note note;
	int priority;
	const char *sentence;
} sentences[] = {
	{{.type = NOTE_STALL, .value = 480 * MSEC}, LOG_WARNING, "this machine stood still for 480 ms"},
	{{.type = NOTE_STALL, .value = 9700 * USEC}, LOG_WARNING, "this machine stood still for 9.7 ms"},
	{{.type = NOTE_STALL, .value = 12345 * MSEC}, LOG_WARNING, "this machine stood still for 12.3 s"},
	{{.type = NOTE_CONFLICT, .value = 41, .detail = 1, .facts.epoch = 42},
	 LOG_WARNING,
	 "both nodes hold the lease: ha1 stays, its epoch 42 is higher than ha2's 41"},
	{{.type = NOTE_CONFLICT, .value = 43, .facts.epoch = 42},
	 LOG_WARNING,
	 "both nodes hold the lease: ha1 steps down, ha2's epoch 43 is higher"},
	{{.type = NOTE_PEER_RESTARTED, .value = 1755561611}, LOG_NOTICE, "ha2 restarted, its boot number is 1755561611"},
	{{.type = NOTE_PEER_UNCOVERED, .value = 512 * MSEC},
	 LOG_WARNING,
	 "ha2's timers need a dead interval beyond 512 ms, ours is shorter: no takeover by silence"},
	{{.type = NOTE_EPOCH, .value = 44},
	 LOG_NOTICE,
	 "ha1 raised its epoch to 44: nobody serves under the higher one that was seen"},
	{{.type = NOTE_PAUSED}, LOG_NOTICE, "automatic failover goes on"},
	{{.type = NOTE_PAUSED, .detail = 1}, LOG_NOTICE, "automatic failover is paused until resumed"},
	{{.type = NOTE_PAUSED, .detail = 1, .value = 7200 * SEC}, LOG_NOTICE, "automatic failover is paused for 2 h"},
	{{.type = NOTE_PAUSED, .detail = 1, .value = 5400 * SEC}, LOG_NOTICE, "automatic failover is paused for 90 min"},
	{{.type = NOTE_ADDRESSES_LOST, .value = 2}, LOG_WARNING, "somebody else deleted 2 shared IPs of ours: restoring"},
	{{.type = NOTE_ADDRESSES_LOST, .value = 1}, LOG_WARNING, "somebody else deleted 1 shared IP of ours: restoring"},
	{{.type = NOTE_RESERVE, .detail = ENOSPC, .value = 12},
	 LOG_WARNING,
	 "no more epochs can be reserved on disk (No space left on device): 12 epochs left"},
	{{.type = NOTE_LINK, .value = 1, .detail = 1}, LOG_NOTICE, "link eth1 is up"},
	{{.type = NOTE_LINK, .value = 0}, LOG_WARNING, "link eth0 is down"},
	{{.type = NOTE_LINK, .value = CORE_LINKS}, LOG_WARNING, "link ? is down"},
	{{.type = NOTE_REQUEST, .value = VERB_TAKEOVER, .detail = OUTCOME_PEER_UNFIT},
	 LOG_NOTICE,
	 "operator's takeover: peer-unfit"},
	{{.type = NOTE_REQUEST, .value = VERB_STANDDOWN, .detail = OUTCOME_DONE, .text = "new disk"},
	 LOG_NOTICE,
	 "operator's standdown: done; reason: new disk"},
	{{.type = NOTE_REQUEST, .value = VERB__COUNT, .detail = -1}, LOG_NOTICE, "operator's ?: ?"},
	{{.type = NOTE_HOLDER, .text = "192.0.2.10"},
	 LOG_WARNING,
	 "somebody answers for 192.0.2.10, though ha2 is silent: standing down"},
	{{.type = NOTE_HOLDER}, LOG_WARNING, "somebody answers for a shared IP, though ha2 is silent: standing down"},
	{{.type = NOTE_FENCE, .detail = FENCE_IDLE}, LOG_NOTICE, "ha2 need not be fenced any more"},
	{{.type = NOTE_FENCE, .detail = FENCE_DELAYED}, LOG_NOTICE, "ha2 will be fenced when the delay is over"},
	{{.type = NOTE_FENCE, .detail = FENCE_RUNNING}, LOG_NOTICE, "ha2 is being fenced"},
	{{.type = NOTE_FENCE, .detail = FENCE_DONE}, LOG_NOTICE, "ha2 is fenced"},
	{{.type = NOTE_FENCE, .detail = FENCE_FAILED},
	 LOG_ERR,
	 "ha2 could not be fenced: the command failed, or did not end in time"},
	{{.type = NOTE_FENCE, .detail = FENCE_STATE__COUNT}, LOG_NOTICE, "ha2 ?"},
	{{.type = NOTE_VETO, .detail = 1}, LOG_WARNING, "the before-primary command said no: no takeover now"},
	{{.type = NOTE_VETO}, LOG_INFO, "the before-primary command agreed"},
	{{.type = NOTE_HEALTH, .detail = HEALTH_UNKNOWN},
	 LOG_INFO,
	 "the service on ha1 may be well or ill: its command said nothing yet"},
	{{.type = NOTE_HEALTH, .detail = HEALTH_WELL}, LOG_NOTICE, "the service on ha1 is well"},
	{{.type = NOTE_HEALTH, .detail = HEALTH_ILL}, LOG_WARNING, "the service on ha1 is ill"},
	{{.type = NOTE_HEALTH, .detail = HEALTH__COUNT}, LOG_NOTICE, "the service on ha1 ?"},
	{{.type = NOTE_DIGEST, .detail = 1},
	 LOG_WARNING,
	 "the configurations of ha1 and ha2 differ: no automatic takeover until they are the same"},
	{{.type = NOTE_DIGEST}, LOG_NOTICE, "the configurations of ha1 and ha2 are the same again"},
	{{.type = NOTE_HOLD_DOWN, .value = 4 * SEC, .detail = 5},
	 LOG_NOTICE,
	 "hold-down: after 5 failovers the next automatic takeover waits 4000 ms longer"},
	{{.type = NOTE_HOLD_DOWN, .detail = 3}, LOG_NOTICE, "the hold-down is over"},
	{{.type = NOTE_ABORTED},
	 LOG_NOTICE,
	 "an operator stopped the countdown: no automatic takeover until ha2 is heard again"},
	{{.type = NOTE_REFLECT},
	 LOG_WARNING,
	 "heartbeats reflected by the test IPs never reach ha2, and are switched off: something on the way drops them"},
	{{.type = NOTE_REFLECT, .detail = 1}, LOG_INFO, "heartbeats reflected by the test IPs are tried again"},
	{{.type = NOTE_BOOT, .value = 1755561611},
	 LOG_WARNING,
	 "ha2 knows a later boot number of this node, 1755561611: ours was lost, and is made anew above it"},
	{{.type = NOTE_STRANGER, .detail = 1, .text = "192.0.2.10 is at 52:54:00:12:34:56 on eth0, not ha1, not ha2"},
	 LOG_ERR,
	 "ARP conflict: 192.0.2.10 is at 52:54:00:12:34:56 on eth0, not ha1, not ha2"},
	{{.type = NOTE_STRANGER, .detail = 1, .text = "2001:db8::10 is at 52:54:00:12:34:56 on eth0, not ha1, not ha2"},
	 LOG_ERR,
	 "ND conflict: 2001:db8::10 is at 52:54:00:12:34:56 on eth0, not ha1, not ha2"},
	{{.type = NOTE_STRANGER, .text = "192.0.2.10 was at 52:54:00:12:34:56"},
	 LOG_NOTICE,
	 "ARP conflict over: 192.0.2.10 was at 52:54:00:12:34:56"},
	{{.type = NOTE_COMMAND, .detail = RUN_PRIMARY, .text = "the primary command says: hello"},
	 LOG_INFO,
	 "the primary command says: hello"},
	{{.type = NOTE_TEST, .text = "test IP 192.0.2.1 answers after 92.1 ms"},
	 LOG_WARNING,
	 "test IP 192.0.2.1 answers after 92.1 ms"},
	{{.type = NOTE_LEASE_CHANGED, .text = "the table was removed, by nft (process 123)"},
	 LOG_WARNING,
	 "the lease's table was changed by others: the table was removed, by nft (process 123): restored"},
	{{.type = NOTE_LEASE_CHANGED, .text = "the table was removed", .detail = EPERM},
	 LOG_ERR,
	 "the lease's table was changed by others: the table was removed: it could not be restored: Operation not "
	 "permitted"},
	{{.type = NOTE_WRONG_KEY}, LOG_WARNING, "a hamon node of cluster edge is there, but its key differs"},
	{{.type = NOTE_WRONG_KEY, .text = "on eth0"},
	 LOG_WARNING,
	 "a hamon node of cluster edge is there, but its key differs: on eth0"},
	{{.type = NOTE_REJECTED, .value = REJECT__COUNT},
	 LOG_WARNING,
	 "a frame was not believed: ?; more of this kind are only counted"},
	{{.type = NOTE_INTERFACE, .text = "eth0 was renamed to lan0"}, LOG_NOTICE, "eth0 was renamed to lan0"},
	{{.type = NOTE_WARNING, .text = "no test IP"}, LOG_WARNING, "no test IP"},
	{{.type = NOTE_ERROR, .text = "eth0 cannot be opened", .detail = ENODEV},
	 LOG_ERR,
	 "eth0 cannot be opened: No such device"},
	{{.type = NOTE_ERROR, .text = "eth0 is gone"}, LOG_ERR, "eth0 is gone"},
	{{.type = NOTE_INFO, .text = "hello"}, LOG_INFO, "hello"},
};

Test(report, every_note_reads_as_a_sentence) {
	bool said[NOTE__COUNT] = {[NOTE_TRANSITION] = true};
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		said[sentences[i].note.type] = true;
		expect(&sentences[i].note, sentences[i].priority, sentences[i].sentence);
	}
	for (unsigned type = 0; type < NOTE__COUNT; type++)
		cr_expect(said[type], "%s", note_name((enum note_type)type));
}

Test(report, a_rejected_frame_is_named_by_its_reason) {
	for (int reason = REJECT_SHORT; reason < REJECT__COUNT; reason++) {
		char text[SENTENCE_MAX];
		struct note note = {.type = NOTE_REJECTED, .value = reason};
		sentence_write(&names, &note, text);
		cr_expect_not_null(strstr(text, heartbeat_reject_name((enum heartbeat_reject)reason)), "%s", text);
	}
}

/* Names as long as they may be, all links down, all tests failed: cut, never beyond the end. */
Test(report, a_sentence_is_cut_at_its_bound) {
	static struct sentence_names longest = {.links_n = CORE_LINKS, .tests_n = CORE_TESTS};
	struct {
		char text[SENTENCE_MAX], guard;
	} out = {.guard = 'g'};
	memset(longest.self, 'a', CONF_NAME - 1);
	memset(longest.peer, 'b', CONF_NAME - 1);
	for (unsigned i = 0; i < CORE_LINKS; i++)
		memset(longest.links[i], 'l', IF_NAMESIZE - 1);
	for (unsigned i = 0; i < CORE_TESTS; i++)
		memset(longest.tests[i], 't', INET6_ADDRSTRLEN - 1);
	struct note note = {.type = NOTE_TRANSITION, .cause = CAUSE_SILENCE, .facts = {.links = 0xff, .tests = 0xffff}};
	sentence_write(&longest, &note, out.text);
	cr_assert_eq(strlen(out.text), SENTENCE_MAX - 1);
	cr_assert_eq(out.guard, 'g');
}

Test(report, names_come_from_the_configuration) {
	static const struct {
		const char *tests, *expected;
	} cases[] = {{"connectivity-test = { ips = [ \"192.0.2.1\" ] }", "192.0.2.1"}, {"", "gateway"}};
	static struct conf conf;
	static struct conf_errors errors;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct sentence_names read;
		snprintf(text, sizeof(text),
			 "cluster = \"edge\"\n"
			 "psk-file = \"/etc/hamon/psk\"\n"
			 "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
			 "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
			 "%s\n",
			 cases[i].tests);
		cr_assert_eq(conf_read(text, "test", "ha2", &conf, &errors), 0, "%s", errors.text[0]);
		sentence_names(&conf, &read);
		cr_assert_str_eq(read.cluster, "edge");
		cr_assert_str_eq(read.self, "ha2");
		cr_assert_str_eq(read.peer, "ha1");
		cr_assert_str_eq(read.links[0], "eth0");
		cr_assert_str_eq(read.tests[0], cases[i].expected);
	}
}

/* ---- the line ---- */

static int reader = -1;

/* stderr becomes a pipe that this test reads. */
static void catch_stderr(void) {
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	reader = ends[0];
}

static const char *caught(void) {
	static char line[4096];
	ssize_t n = read(reader, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

Test(report, a_line_bears_the_wall_clock_to_the_millisecond) {
	catch_stderr();
	setenv("TZ", "UTC", 1); // NOLINT(concurrency-mt-unsafe): one thread
	unsetenv("JOURNAL_STREAM");
	log_init(0, true);
	log_line(LOG_INFO, 1755561611 * SEC + 204 * MSEC, "ha1 → primary\x1b[31m\nx");
	cr_assert_str_eq(caught(), "2025-08-19 00:00:11.204 ha1 → primary?[31m?x\n");
}

Test(report, the_journal_gets_a_priority_instead) {
	catch_stderr();
	struct stat file;
	char stream[64];
	cr_assert_eq(fstat(STDERR_FILENO, &file), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);
	setenv("JOURNAL_STREAM", stream, 1); // NOLINT(concurrency-mt-unsafe): one thread
	log_init(0, true);
	log_line(LOG_WARNING, 0, "hello");
	cr_assert_str_eq(caught(), "<4>hello\n");
}

Test(report, verbosity_chooses_what_is_written) {
	static const struct { int verbosity, least; } cases[] = {{-1, LOG_NOTICE}, {0, LOG_INFO}, {1, LOG_DEBUG}};
	catch_stderr();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_init(cases[i].verbosity, true);
		for (int priority = LOG_ERR; priority <= LOG_DEBUG; priority++) {
			log_line(priority, 0, "x");
			cr_assert_eq(*caught() != '\0', priority <= cases[i].least);
		}
	}
}

/* The supervisor must silence a node even when nobody reads what it says about it. */
Test(report, a_reader_that_stalls_costs_lines_and_no_time) {
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_init(0, false);
	int size = fcntl(ends[0], F_GETPIPE_SZ);
	cr_assert_gt(size, 0);
	for (int i = 0; i < size; i++)
		log_line(LOG_ERR, 0, "x");
}
