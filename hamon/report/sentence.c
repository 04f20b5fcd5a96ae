/* Notes in words, as sentence.h says. One function a note type that has more to say than a format can. */
#include "hamon/report/sentence.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "hamon/wire/heartbeat.h"

struct text {
	char *out;
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
	va_list values;
	va_start(values, format);
	int n = vsnprintf(text->out + text->n, SENTENCE_MAX - text->n, format, values);
	va_end(values);
	if (n > 0)
		text->n += (size_t)n < SENTENCE_MAX - text->n ? (size_t)n : SENTENCE_MAX - text->n - 1;
}

/* "0.7 ms", "450 ms", "12.3 s", "90 min", "2 h": as exact as somebody would say it. */
static void add_span(struct text *text, span_t span) {
	if (span < 10 * MSEC)
		add(text, "%" PRId64 ".%" PRId64 " ms", span / MSEC, span % MSEC / (100 * USEC));
	else if (span < 10 * SEC)
		add(text, "%" PRId64 " ms", span / MSEC);
	else if (span < 600 * SEC)
		add(text, "%" PRId64 ".%" PRId64 " s", span / SEC, span % SEC / (100 * MSEC));
	else if (span % (3600 * SEC))
		add(text, "%" PRId64 " min", span / (60 * SEC));
	else
		add(text, "%" PRId64 " h", span / (3600 * SEC));
}

static void add_count(struct text *text, int64_t n, const char *thing) {
	add(text, "%" PRId64 " %s%s", n, thing, n == 1 ? "" : "s");
}

/* ---- the facts ---- */

/* "on eth0, eth1 (down)" */
static void add_links(struct text *text, const struct sentence_names *names, const struct facts *facts) {
	const char *before = " on ";
	for (unsigned i = 0; i < names->links_n; i++) {
		if (!(facts->links >> i & 1))
			continue;
		add(text, "%s%s%s", before, names->links[i], facts->links_up >> i & 1 ? "" : " (down)");
		before = ", ";
	}
}

/* "; test 192.0.2.1 ok, 192.0.2.254 failed", or nothing where nothing is tested. */
static void add_tests(struct text *text, const struct sentence_names *names, const struct facts *facts) {
	const char *before = "; test ";
	for (unsigned i = 0; i < names->tests_n; i++) {
		if (!(facts->tests >> i & 1))
			continue;
		add(text, "%s%s %s", before, names->tests[i], facts->tests_fresh >> i & 1 ? "ok" : "failed");
		before = ", ";
	}
}

static void add_silence(struct text *text, const struct sentence_names *names, const struct facts *facts) {
	if (facts->silent < 0) {
		add(text, "%s was never heard", names->peer);
	} else {
		add(text, "%s silent ", names->peer);
		add_span(text, facts->silent);
	}
	add_links(text, names, facts);
}

static void add_lapse(struct text *text, const struct sentence_names *names, const struct facts *facts) {
	add(text, "the lease ran out: ");
	if (facts->echo_age < 0) {
		add(text, "%s never echoed", names->peer);
	} else {
		add(text, "newest echo of %s ", names->peer);
		add_span(text, facts->echo_age);
		add(text, " old");
	}
	add_tests(text, names, facts);
}

static void add_faults(struct text *text, const struct facts *facts) {
	const char *before = "; fault: ";
	for (unsigned bit = 0; bit < FAULTS; bit++) {
		if (!(facts->faults >> bit & 1))
			continue;
		add(text, "%s%s", before, fault_name((enum fault)(1 << bit)));
		before = ", ";
	}
}

/* ---- transitions ---- */

/* A cause that is a fault's beginning or its end. */
static const char *fault_words(const struct facts *facts, enum fault fault, const char *begins, const char *ends) {
	return facts->faults & fault ? begins : ends;
}

/* The causes that say all by themselves; NULL: the others. */
static const char *plain_words(enum cause cause, const struct facts *facts) {
	switch (cause) {
	case CAUSE_NONE:
		return "by the rules' order";
	case CAUSE_START:
		return "started";
	case CAUSE_REFUSED:
		return "the kernel refused a marked heartbeat: the lease, or the permit to claim it, had run out";
	case CAUSE_LEASE_GONE:
		return "others took the lease away from the kernel";
	case CAUSE_OPERATOR:
		return "an operator's request";
	case CAUSE_CARRIER:
		return fault_words(facts, FAULT_CARRIER, "an interface of the shared IPs has no carrier",
				   "the shared IPs' interfaces have their carrier again");
	case CAUSE_ADDRESSES:
		return fault_words(facts, FAULT_ADDRESSES, "the shared IPs could not be added",
				   "the shared IPs may be tried again");
	case CAUSE_EPOCHS:
		return fault_words(facts, FAULT_EPOCHS, "no epoch is left, and the state directory cannot be written",
				   "epochs are reserved again");
	case CAUSE_PERMIT:
		return fault_words(facts, FAULT_PERMIT, "the kernel refused the permit", "the permit may be tried again");
	case CAUSE_STALL:
		return "this machine stood still";
	case CAUSE_GUARD:
		return "the claim's guard did not hold a second time";
	case CAUSE_STOP:
		return "told to stop";
	case CAUSE_HEARD:
	case CAUSE_LATE:
	case CAUSE_SILENCE:
	case CAUSE_CONSENT:
	case CAUSE_RELEASE:
	case CAUSE_FAREWELL:
	case CAUSE_LAPSED:
	case CAUSE_CONFLICT:
	case CAUSE_ASKED:
	case CAUSE_OFFER:
	case CAUSE_ILL:
	case CAUSE_SERVING:
	case CAUSE_TESTS:
	case CAUSE_TIMEOUT:
	case CAUSE__COUNT:
		break;
	}
	return NULL;
}

/* The causes that are about the peer: what follows its name. NULL: the others. */
static const char *peer_words(enum cause cause) {
	switch (cause) {
	case CAUSE_HEARD:
		return "is heard";
	case CAUSE_CONSENT:
		return "agrees: it holds nothing, and the newest epoch is ours";
	case CAUSE_RELEASE:
		return "released it to our request";
	case CAUSE_FAREWELL:
		return "left in good order";
	case CAUSE_CONFLICT:
		return "holds the lease with a higher epoch";
	case CAUSE_ASKED:
		return "asked for the role";
	case CAUSE_OFFER:
		return "offered the role";
	case CAUSE_ILL:
		return "is primary and ill, this node is fit";
	case CAUSE_TIMEOUT:
		return "did not answer the request";
	case CAUSE_NONE:
	case CAUSE_START:
	case CAUSE_LATE:
	case CAUSE_SILENCE:
	case CAUSE_LAPSED:
	case CAUSE_REFUSED:
	case CAUSE_LEASE_GONE:
	case CAUSE_OPERATOR:
	case CAUSE_CARRIER:
	case CAUSE_ADDRESSES:
	case CAUSE_EPOCHS:
	case CAUSE_PERMIT:
	case CAUSE_STALL:
	case CAUSE_GUARD:
	case CAUSE_SERVING:
	case CAUSE_TESTS:
	case CAUSE_STOP:
	case CAUSE__COUNT:
		break;
	}
	return NULL;
}

static void add_cause(struct text *text, const struct sentence_names *names, const struct note *note) {
	const struct facts *facts = &note->facts;
	const char *plain = plain_words(note->cause, facts), *peer = peer_words(note->cause);
	if (plain) {
		add(text, "%s", plain);
	} else if (peer) {
		add(text, "%s %s", names->peer, peer);
	} else if (note->cause == CAUSE_LAPSED) {
		add_lapse(text, names, facts);
	} else if (note->cause == CAUSE_SERVING) {
		add_count(text, facts->addresses, "shared IP");
		add(text, " in place and announced");
	} else {
		add_silence(text, names, facts);
		if (note->cause != CAUSE_LATE)
			add_tests(text, names, facts);
	}
}

static void add_transition(struct text *text, const struct sentence_names *names, const struct note *note) {
	add(text, "%s %s → %s: ", names->self, state_name(note->from), state_name(note->to));
	add_cause(text, names, note);
	if (note->to == STATE_FAULT)
		add_faults(text, &note->facts);
	add(text, "; epoch %" PRIu64 "; event %" PRIu64, note->facts.epoch, note->event);
}

/* Lost without anybody's wish? */
static bool was_taken(enum cause cause) {
	return cause == CAUSE_LAPSED || cause == CAUSE_REFUSED || cause == CAUSE_LEASE_GONE || cause == CAUSE_CONFLICT ||
	       cause == CAUSE_STALL;
}

/* A peer that is late for a moment and heard again is for those who look closely. */
static bool is_flicker(const struct note *note) {
	return note->to == STATE_SUSPECT ||
	       (note->from == STATE_SUSPECT && (note->to == STATE_BACKUP || note->to == STATE_WAITING));
}

static int transition_priority(const struct note *note) {
	if (is_flicker(note))
		return LOG_DEBUG;
	if (note->to == STATE_FAULT)
		return LOG_ERR;
	if (note->to == STATE_ISOLATED || note->to == STATE_DEAF || was_taken(note->cause))
		return LOG_WARNING;
	return LOG_NOTICE;
}

/* ---- the other notes ---- */

static void add_paused(struct text *text, const struct note *note) {
	if (!note->detail) {
		add(text, "automatic failover goes on");
	} else if (note->value > 0) {
		add(text, "automatic failover is paused for ");
		add_span(text, note->value);
	} else {
		add(text, "automatic failover is paused until resumed");
	}
}

static void add_conflict(struct text *text, const struct sentence_names *names, const struct note *note) {
	add(text, "both nodes hold the lease: ");
	if (note->detail)
		add(text, "%s stays, its epoch %" PRIu64 " is higher than %s's %" PRId64, names->self, note->facts.epoch,
		    names->peer, note->value);
	else
		add(text, "%s steps down, %s's epoch %" PRId64 " is higher", names->self, names->peer, note->value);
}

static void add_request(struct text *text, const struct note *note) {
	const char *verb = note->value >= 0 && note->value < VERB__COUNT ? verb_name((enum verb)note->value) : "?";
	const char *outcome =
		note->detail >= 0 && note->detail < OUTCOME__COUNT ? outcome_name((enum outcome)note->detail) : "?";
	add(text, "operator's %s: %s", verb, outcome);
	if (note->text[0])
		add(text, "; reason: %s", note->text);
}

static void add_link(struct text *text, const struct sentence_names *names, const struct note *note) {
	bool known = note->value >= 0 && note->value < names->links_n;
	add(text, "link %s is %s", known ? names->links[note->value] : "?", note->detail ? "up" : "down");
}

static void add_rejected(struct text *text, const struct note *note) {
	bool known = note->value >= 0 && note->value < REJECT__COUNT;
	add(text, "a frame was not believed: %s; more of this kind are only counted",
	    known ? heartbeat_reject_name((enum heartbeat_reject)note->value) : "?");
}

static void add_uncovered(struct text *text, const struct sentence_names *names, const struct note *note) {
	add(text, "%s's timers need a dead interval beyond ", names->peer);
	add_span(text, note->value);
	add(text, ", ours is shorter: no takeover by silence");
}

static void add_reserve(struct text *text, const struct note *note) {
	add(text, "no more epochs can be reserved on disk (%s): ", strerror(abs(note->detail)));
	add_count(text, note->value, "epoch");
	add(text, " left");
}

static void add_lease_changed(struct text *text, const struct note *note) {
	add(text, "the lease's table was changed by others: %s: ", note->text);
	if (note->detail)
		add(text, "it could not be restored: %s", strerror(abs(note->detail)));
	else
		add(text, "restored");
}

static void add_free_text(struct text *text, const struct note *note) {
	add(text, "%s", note->text);
	if (note->type == NOTE_ERROR && note->detail)
		add(text, ": %s", strerror(abs(note->detail)));
}

static void add_note(struct text *text, const struct sentence_names *names, const struct note *note) {
	switch (note->type) {
	case NOTE_TRANSITION:
		add_transition(text, names, note);
		break;
	case NOTE_STALL:
		add(text, "this machine stood still for ");
		add_span(text, note->value);
		break;
	case NOTE_CONFLICT:
		add_conflict(text, names, note);
		break;
	case NOTE_PEER_RESTARTED:
		add(text, "%s restarted, its boot number is %" PRId64, names->peer, note->value);
		break;
	case NOTE_PEER_UNCOVERED:
		add_uncovered(text, names, note);
		break;
	case NOTE_EPOCH:
		add(text, "%s raised its epoch to %" PRId64 ": nobody serves under the higher one that was seen",
		    names->self, note->value);
		break;
	case NOTE_PAUSED:
		add_paused(text, note);
		break;
	case NOTE_ADDRESSES_LOST:
		add(text, "somebody else deleted ");
		add_count(text, note->value, "shared IP");
		add(text, " of ours: restoring");
		break;
	case NOTE_RESERVE:
		add_reserve(text, note);
		break;
	case NOTE_LINK:
		add_link(text, names, note);
		break;
	case NOTE_REQUEST:
		add_request(text, note);
		break;
	case NOTE_LEASE_CHANGED:
		add_lease_changed(text, note);
		break;
	case NOTE_WRONG_KEY:
		add(text, "a hamon node of cluster %s is there, but its key differs%s%s", names->cluster,
		    note->text[0] ? ": " : "", note->text);
		break;
	case NOTE_REJECTED:
		add_rejected(text, note);
		break;
	case NOTE_INTERFACE:
	case NOTE_WARNING:
	case NOTE_ERROR:
	case NOTE_INFO:
		add_free_text(text, note);
		break;
	case NOTE__COUNT:
		break;
	}
}

static int priority_of(const struct note *note) {
	switch (note->type) {
	case NOTE_TRANSITION:
		return transition_priority(note);
	case NOTE_ERROR:
		return LOG_ERR;
	case NOTE_LEASE_CHANGED:
		return note->detail ? LOG_ERR : LOG_WARNING;
	case NOTE_STALL:
	case NOTE_CONFLICT:
	case NOTE_PEER_UNCOVERED:
	case NOTE_ADDRESSES_LOST:
	case NOTE_RESERVE:
	case NOTE_WRONG_KEY:
	case NOTE_REJECTED:
	case NOTE_WARNING:
		return LOG_WARNING;
	case NOTE_LINK:
		return note->detail ? LOG_NOTICE : LOG_WARNING;
	case NOTE_PEER_RESTARTED:
	case NOTE_EPOCH:
	case NOTE_PAUSED:
	case NOTE_REQUEST:
	case NOTE_INTERFACE:
		return LOG_NOTICE;
	case NOTE_INFO:
	case NOTE__COUNT:
		break;
	}
	return LOG_INFO;
}

int sentence_write(const struct sentence_names *names, const struct note *note, char out[static SENTENCE_MAX]) {
	struct text text = {.out = out};
	out[0] = '\0';
	add_note(&text, names, note);
	return priority_of(note);
}

void sentence_names(const struct conf *conf, struct sentence_names *names) {
	*names = (struct sentence_names){.links_n = conf->links_n, .tests_n = conf->tests_n};
	memcpy(names->cluster, conf->cluster, sizeof(names->cluster));
	memcpy(names->self, conf->nodes[conf->self].name, sizeof(names->self));
	memcpy(names->peer, conf->nodes[!conf->self].name, sizeof(names->peer));
	for (unsigned i = 0; i < conf->links_n; i++)
		memcpy(names->links[i], conf->links[i].name, sizeof(names->links[i]));
	for (unsigned i = 0; i < conf->tests_n; i++)
		conf_address_text(&conf->tests[i], names->tests[i]);
	if (conf->tests_n == 0)
		names->tests_n = CORE_TESTS;
	for (unsigned i = conf->tests_n; i < names->tests_n; i++)
		memcpy(names->tests[i], "gateway", sizeof("gateway"));
}
