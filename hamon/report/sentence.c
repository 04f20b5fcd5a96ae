/* Notes in words, as sentence.h says: a table of them, a function each. */
#include "hamon/report/sentence.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "hamon/wire/heartbeat.h"
#include "hamon/words.h"

struct saying {
	struct words *text;
	const struct sentence_names *names;
	const struct note *note;
};

/* ---- the facts ---- */

/* "on eth0, eth1 (down)" */
static void add_links(struct words *text, const struct sentence_names *names, const struct facts *facts) {
	const char *before = " on ";
	for (unsigned i = 0; i < names->links_n; i++) {
		if (!(facts->links >> i & 1))
			continue;
		words_add(text, "%s%s%s", before, names->links[i], facts->links_up >> i & 1 ? "" : " (down)");
		before = ", ";
	}
}

/* "; test 192.0.2.1 ok, 192.0.2.254 failed", or nothing where nothing is tested. */
static void add_tests(struct words *text, const struct sentence_names *names, const struct facts *facts) {
	const char *before = "; test ";
	for (unsigned i = 0; i < names->tests_n; i++) {
		if (!(facts->tests >> i & 1))
			continue;
		words_add(text, "%s%s %s", before, names->tests[i], facts->tests_fresh >> i & 1 ? "ok" : "failed");
		before = ", ";
	}
}

static void add_silence(struct words *text, const struct sentence_names *names, const struct facts *facts) {
	if (facts->silent < 0) {
		words_add(text, "%s was never heard", names->peer);
	} else {
		words_add(text, "%s silent ", names->peer);
		words_span(text, facts->silent);
	}
	add_links(text, names, facts);
}

static void add_lapse(struct words *text, const struct sentence_names *names, const struct facts *facts) {
	words_add(text, "the lease ran out: ");
	if (facts->echo_age < 0) {
		words_add(text, "%s never echoed", names->peer);
	} else {
		words_add(text, "newest echo of %s ", names->peer);
		words_span(text, facts->echo_age);
		words_add(text, " old");
	}
	add_tests(text, names, facts);
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
	case CAUSE_STRANGER:
		return fault_words(facts, FAULT_STRANGER, "another host claims a shared IP",
				   "no other host claims a shared IP any more");
	case CAUSE_VETO:
		return fault_words(facts, FAULT_VETO, "the before-primary command said no",
				   "the before-primary command may be asked again");
	case CAUSE_FAILBACK:
		return "the role goes back to the node of higher preference";
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
	case CAUSE_HOLDER:
	case CAUSE_FENCE:
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
	case CAUSE_HOLDER:
		return "is silent, and yet somebody answers for a shared IP: it lives";
	case CAUSE_FENCE:
		return "may still serve: the fence command failed, or did not end in time";
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
	case CAUSE_STRANGER:
	case CAUSE_VETO:
	case CAUSE_FAILBACK:
	case CAUSE__COUNT:
		break;
	}
	return NULL;
}

static void add_cause(struct words *text, const struct sentence_names *names, const struct note *note) {
	const struct facts *facts = &note->facts;
	const char *plain = plain_words(note->cause, facts), *peer = peer_words(note->cause);
	if (plain) {
		words_add(text, "%s", plain);
	} else if (peer) {
		words_add(text, "%s %s", names->peer, peer);
	} else if (note->cause == CAUSE_LAPSED) {
		add_lapse(text, names, facts);
	} else if (note->cause == CAUSE_SERVING) {
		words_count(text, facts->addresses, "shared IP");
		words_add(text, " in place and announced");
	} else {
		add_silence(text, names, facts);
		if (note->cause != CAUSE_LATE)
			add_tests(text, names, facts);
	}
}

static void say_transition(const struct saying *s) {
	const struct note *note = s->note;
	words_add(s->text, "%s %s → %s: ", s->names->self, state_name(note->from), state_name(note->to));
	add_cause(s->text, s->names, note);
	if (note->to == STATE_FAULT && note->facts.faults) {
		words_add(s->text, "; fault: ");
		words_faults(s->text, note->facts.faults);
	}
	words_add(s->text, "; epoch %" PRIu64 "; event %" PRIu64, note->facts.epoch, note->event);
}

/* Lost without anybody's wish? */
static bool was_taken(enum cause cause) {
	return cause == CAUSE_LAPSED || cause == CAUSE_REFUSED || cause == CAUSE_LEASE_GONE || cause == CAUSE_CONFLICT ||
	       cause == CAUSE_STALL;
}

/* A peer that is late for a moment and heard again is for those who look closely. */
static bool is_flicker(const struct note *note) {
	return (note->to == STATE_SUSPECT && note->from != STATE_COUNTDOWN && note->from != STATE_DEAF) ||
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

static void say_stall(const struct saying *s) {
	words_add(s->text, "this machine stood still for ");
	words_span(s->text, s->note->value);
}

static void say_conflict(const struct saying *s) {
	const char *self = s->names->self, *peer = s->names->peer;
	words_add(s->text, "both nodes hold the lease: ");
	if (s->note->detail)
		words_add(s->text, "%s stays, its epoch %" PRIu64 " is higher than %s's %" PRId64, self,
			  s->note->facts.epoch, peer, s->note->value);
	else
		words_add(s->text, "%s steps down, %s's epoch %" PRId64 " is higher", self, peer, s->note->value);
}

static void say_restarted(const struct saying *s) {
	words_add(s->text, "%s restarted, its boot number is %" PRId64, s->names->peer, s->note->value);
}

static void say_uncovered(const struct saying *s) {
	words_add(s->text, "%s's timers need a dead interval beyond ", s->names->peer);
	words_span(s->text, s->note->value);
	words_add(s->text, ", ours is shorter: no takeover by silence");
}

static void say_epoch(const struct saying *s) {
	words_add(s->text, "%s raised its epoch to %" PRId64 ": nobody serves under the higher one that was seen",
		  s->names->self, s->note->value);
}

static void say_paused(const struct saying *s) {
	if (!s->note->detail) {
		words_add(s->text, "automatic failover goes on");
	} else if (s->note->value > 0) {
		words_add(s->text, "automatic failover is paused for ");
		words_span(s->text, s->note->value);
	} else {
		words_add(s->text, "automatic failover is paused until resumed");
	}
}

static void say_addresses_lost(const struct saying *s) {
	words_add(s->text, "somebody else deleted ");
	words_count(s->text, s->note->value, "shared IP");
	words_add(s->text, " of ours: restoring");
}

static void say_reserve(const struct saying *s) {
	words_add(s->text, "no more epochs can be reserved on disk (%s): ", strerror(abs(s->note->detail)));
	words_count(s->text, s->note->value, "epoch");
	words_add(s->text, " left");
}

static void say_link(const struct saying *s) {
	bool known = s->note->value >= 0 && s->note->value < s->names->links_n;
	words_add(s->text, "link %s is %s", known ? s->names->links[s->note->value] : "?", s->note->detail ? "up" : "down");
}

static void say_request(const struct saying *s) {
	bool verb = s->note->value >= 0 && s->note->value < VERB__COUNT;
	bool outcome = s->note->detail >= 0 && s->note->detail < OUTCOME__COUNT;
	words_add(s->text, "operator's %s: %s", verb ? verb_name((enum verb)s->note->value) : "?",
		  outcome ? outcome_name((enum outcome)s->note->detail) : "?");
	if (s->note->text[0])
		words_add(s->text, "; reason: %s", s->note->text);
}

/* The note's text is the address, where the node knew it. */
static void say_holder(const struct saying *s) {
	words_add(s->text, "somebody answers for %s, though %s is silent: standing down",
		  s->note->text[0] ? s->note->text : "a shared IP", s->names->peer);
}

static const char *fence_words(int state) {
	static const char *const words[] = {
		[FENCE_IDLE] = "need not be fenced any more",
		[FENCE_DELAYED] = "will be fenced when the delay is over",
		[FENCE_RUNNING] = "is being fenced",
		[FENCE_DONE] = "is fenced",
		[FENCE_FAILED] = "could not be fenced: the command failed, or did not end in time",
	};
	static_assert(sizeof words / sizeof *words == FENCE_STATE__COUNT, "words for each");
	return state >= 0 && state < FENCE_STATE__COUNT ? words[state] : "?";
}

static void say_fence(const struct saying *s) {
	words_add(s->text, "%s %s", s->names->peer, fence_words(s->note->detail));
}

static void say_veto(const struct saying *s) {
	words_add(s->text, "the before-primary command %s", s->note->detail ? "said no: no takeover now" : "agreed");
}

static const char *health_words(int health) {
	static const char *const words[] = {
		[HEALTH_UNKNOWN] = "may be well or ill: its command said nothing yet",
		[HEALTH_WELL] = "is well",
		[HEALTH_ILL] = "is ill",
	};
	static_assert(sizeof words / sizeof *words == HEALTH__COUNT, "words for each");
	return health >= 0 && health < HEALTH__COUNT ? words[health] : "?";
}

static void say_health(const struct saying *s) {
	words_add(s->text, "the service on %s %s", s->names->self, health_words(s->note->detail));
}

static void say_digest(const struct saying *s) {
	words_add(s->text, "the configurations of %s and %s %s", s->names->self, s->names->peer,
		  s->note->detail ? "differ: no automatic takeover until they are the same" : "are the same again");
}

static void say_hold_down(const struct saying *s) {
	if (s->note->value <= 0) {
		words_add(s->text, "the hold-down is over");
		return;
	}
	words_add(s->text, "hold-down: after ");
	words_count(s->text, s->note->detail, "failover");
	words_add(s->text, " the next automatic takeover waits ");
	words_span(s->text, s->note->value);
	words_add(s->text, " longer");
}

static void say_aborted(const struct saying *s) {
	words_add(s->text, "an operator stopped the countdown: no automatic takeover until %s is heard again",
		  s->names->peer);
}

static void say_reflect(const struct saying *s) {
	if (s->note->detail)
		words_add(s->text, "heartbeats reflected by the test IPs are tried again");
	else
		words_add(s->text,
			  "heartbeats reflected by the test IPs never reach %s, and are switched off: something on the "
			  "way drops them",
			  s->names->peer);
}

static void say_boot(const struct saying *s) {
	words_add(s->text,
		  "%s knows a later boot number of this node, %" PRId64 ": ours was lost, and is made anew above it",
		  s->names->peer, s->note->value);
}

static void say_lease_changed(const struct saying *s) {
	words_add(s->text, "the lease's table was changed by others: %s: ", s->note->text);
	if (s->note->detail)
		words_add(s->text, "it could not be restored: %s", strerror(abs(s->note->detail)));
	else
		words_add(s->text, "restored");
}

/* "192.0.2.10 is at …": which protocol told of it, its first word shows. */
static void say_stranger(const struct saying *s) {
	const char *text = s->note->text;
	bool ipv6 = memchr(text, ':', strcspn(text, " ")) != NULL;
	words_add(s->text, "%s conflict%s: %s", ipv6 ? "ND" : "ARP", s->note->detail ? "" : " over", text);
}

static void say_wrong_key(const struct saying *s) {
	words_add(s->text, "a hamon node of cluster %s is there, but its key differs%s%s", s->names->cluster,
		  s->note->text[0] ? ": " : "", s->note->text);
}

static void say_rejected(const struct saying *s) {
	bool known = s->note->value >= 0 && s->note->value < REJECT__COUNT;
	words_add(s->text, "a frame was not believed: %s; more of this kind are only counted",
		  known ? heartbeat_reject_name((enum heartbeat_reject)s->note->value) : "?");
}

static void say_text(const struct saying *s) {
	words_add(s->text, "%s", s->note->text);
}

static void say_error(const struct saying *s) {
	words_add(s->text, "%s", s->note->text);
	if (s->note->detail)
		words_add(s->text, ": %s", strerror(abs(s->note->detail)));
}

/* What each says, and its priority: with a detail, and without one. */
static const struct {
	void (*say)(const struct saying *s);
	int with, without;
} notes[] = {
	[NOTE_TRANSITION] = {say_transition, LOG_NOTICE, LOG_NOTICE},
	[NOTE_STALL] = {say_stall, LOG_WARNING, LOG_WARNING},
	[NOTE_CONFLICT] = {say_conflict, LOG_WARNING, LOG_WARNING},
	[NOTE_PEER_RESTARTED] = {say_restarted, LOG_NOTICE, LOG_NOTICE},
	[NOTE_PEER_UNCOVERED] = {say_uncovered, LOG_WARNING, LOG_WARNING},
	[NOTE_EPOCH] = {say_epoch, LOG_NOTICE, LOG_NOTICE},
	[NOTE_PAUSED] = {say_paused, LOG_NOTICE, LOG_NOTICE},
	[NOTE_ADDRESSES_LOST] = {say_addresses_lost, LOG_WARNING, LOG_WARNING},
	[NOTE_RESERVE] = {say_reserve, LOG_WARNING, LOG_WARNING},
	[NOTE_LINK] = {say_link, LOG_NOTICE, LOG_WARNING},
	[NOTE_REQUEST] = {say_request, LOG_NOTICE, LOG_NOTICE},
	[NOTE_HOLDER] = {say_holder, LOG_WARNING, LOG_WARNING},
	[NOTE_FENCE] = {say_fence, LOG_NOTICE, LOG_NOTICE},
	[NOTE_VETO] = {say_veto, LOG_WARNING, LOG_INFO},
	[NOTE_HEALTH] = {say_health, LOG_NOTICE, LOG_INFO},
	[NOTE_DIGEST] = {say_digest, LOG_WARNING, LOG_NOTICE},
	[NOTE_HOLD_DOWN] = {say_hold_down, LOG_NOTICE, LOG_NOTICE},
	[NOTE_ABORTED] = {say_aborted, LOG_NOTICE, LOG_NOTICE},
	[NOTE_REFLECT] = {say_reflect, LOG_INFO, LOG_WARNING},
	[NOTE_BOOT] = {say_boot, LOG_WARNING, LOG_WARNING},
	[NOTE_LEASE_CHANGED] = {say_lease_changed, LOG_ERR, LOG_WARNING},
	[NOTE_STRANGER] = {say_stranger, LOG_ERR, LOG_NOTICE},
	[NOTE_COMMAND] = {say_text, LOG_INFO, LOG_INFO},
	[NOTE_TEST] = {say_text, LOG_WARNING, LOG_WARNING},
	[NOTE_WRONG_KEY] = {say_wrong_key, LOG_WARNING, LOG_WARNING},
	[NOTE_REJECTED] = {say_rejected, LOG_WARNING, LOG_WARNING},
	[NOTE_INTERFACE] = {say_text, LOG_NOTICE, LOG_NOTICE},
	[NOTE_WARNING] = {say_text, LOG_WARNING, LOG_WARNING},
	[NOTE_ERROR] = {say_error, LOG_ERR, LOG_ERR},
	[NOTE_INFO] = {say_text, LOG_INFO, LOG_INFO},
};
static_assert(sizeof notes / sizeof *notes == NOTE__COUNT, "a sentence for each note");

static int priority_of(const struct note *note) {
	if (note->type == NOTE_TRANSITION)
		return transition_priority(note);
	if (note->type == NOTE_FENCE && note->detail == FENCE_FAILED)
		return LOG_ERR;
	if (note->type == NOTE_HEALTH && note->detail == HEALTH_ILL)
		return LOG_WARNING;
	return note->detail ? notes[note->type].with : notes[note->type].without;
}

int sentence_write(const struct sentence_names *names, const struct note *note, char out[static SENTENCE_MAX]) {
	struct words text = words_in(out, SENTENCE_MAX);
	const struct saying s = {.text = &text, .names = names, .note = note};
	assert(note->type < NOTE__COUNT);
	notes[note->type].say(&s);
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
