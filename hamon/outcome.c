/* One sentence for each outcome of each verb: what happened, and where something overrides a refusal, what. */
#include "hamon/outcome.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

#include "hamon/conf/conf.h"
#include "hamon/words.h"

enum { SERVING_TEXT = 2 * CONF_NAME + 32 };

/* "2 h 30 min", for a person who asked for a duration. */
static const char *long_text(span_t span, char *out, size_t size) {
	long long seconds = (span + SEC / 2) / SEC, minutes = seconds / 60;
	if (seconds < 60)
		snprintf(out, size, "%lld s", seconds);
	else if (minutes < 60)
		snprintf(out, size, "%lld min", minutes);
	else if (minutes % 60 == 0)
		snprintf(out, size, "%lld h", minutes / 60);
	else
		snprintf(out, size, "%lld h %lld min", minutes / 60, minutes % 60);
	return out;
}

/* "ha1 is primary" */
static const char *who_serves(const struct outcome_view *view, char out[static SERVING_TEXT]) {
	if (view->serves && view->peer_serves)
		snprintf(out, SERVING_TEXT, "%s and %s are both primary", view->node, view->peer);
	else if (view->serves || view->peer_serves)
		snprintf(out, SERVING_TEXT, "%s is primary", view->serves ? view->node : view->peer);
	else
		snprintf(out, SERVING_TEXT, "neither %s nor %s is primary", view->node, view->peer);
	return out;
}

static struct json_object *done(enum verb verb, const struct outcome_view *view) {
	char length[48], serving[SERVING_TEXT];
	double ms = (double)view->took / MSEC;
	unsigned long long epoch = view->epoch;
	switch (verb) {
	case VERB_TAKEOVER:
		return reply_ok("%s is primary, after %.1f ms, epoch %llu", view->node, ms, epoch);
	case VERB_STANDDOWN:
		if (!view->peer_serves)
			return reply_ok("%s stood down; nobody serves until a takeover on %s or %s", view->node, view->node,
					view->peer);
		return reply_ok("%s stood down, %s is primary, after %.1f ms, epoch %llu", view->node, view->peer, ms,
				epoch);
	case VERB_PAUSE:
		if (view->pause == 0)
			return reply_ok("%s does not take over by itself until resume", view->node);
		return reply_ok("%s does not take over by itself for %s", view->node,
				long_text(view->pause, length, sizeof length));
	case VERB_RESUME:
		return reply_ok("%s takes over by itself again", view->node);
	case VERB_RESOLVE:
		return reply_ok("settled: %s, after %.1f ms, epoch %llu", who_serves(view, serving), ms, epoch);
	case VERB_ABORT:
		return reply_ok("the countdown is stopped: %s does not take over by itself until %s was heard again",
				view->node, view->peer);
	case VERB_CLEAR:
		return reply_ok("%s forgets its hold-down, and alarms that are over", view->node);
	case VERB__COUNT:
		break;
	}
	assert(!"a verb");
	return NULL;
}

static struct json_object *already(enum verb verb, const struct outcome_view *view) {
	char serving[SERVING_TEXT];
	switch (verb) {
	case VERB_TAKEOVER:
		return reply_ok("nothing to do: %s is primary already", view->node);
	case VERB_STANDDOWN:
		return reply_ok("nothing to do: %s is not primary", view->node);
	case VERB_PAUSE:
		return reply_ok("nothing to do: %s is paused already", view->node);
	case VERB_RESUME:
		return reply_ok("nothing to do: %s is not paused", view->node);
	case VERB_RESOLVE:
		return reply_ok("nothing to do: %s", who_serves(view, serving));
	case VERB_ABORT:
		return reply_ok("nothing to do: no countdown runs on %s", view->node);
	case VERB_CLEAR:
		return reply_ok("nothing to do: there is no alarm on %s", view->node);
	case VERB__COUNT:
		break;
	}
	assert(!"a verb");
	return NULL;
}

static struct json_object *settled(const struct outcome_view *view) {
	char serving[SERVING_TEXT];
	return reply_ok("there is no conflict: %s", who_serves(view, serving));
}

/* "carrier, addresses" */
static const char *fault_text(uint16_t faults, char *out, size_t size) {
	struct words words = words_in(out, size);
	if (faults)
		words_faults(&words, faults);
	else
		words_add(&words, "a fault that is gone by now");
	return out;
}

/* What force means where the peer cannot be contacted. */
static const char *blind(enum verb verb) {
	return verb == VERB_STANDDOWN ? "--force stands down without the peer; then nobody serves"
				      : "--force goes on without the peer; if it is cut off and not dead, both may serve";
}

static struct json_object *refused(enum verb verb, enum outcome outcome, const struct outcome_view *view) {
	char faults[128];
	bool may_force = !view->forced && (verb == VERB_TAKEOVER || verb == VERB_STANDDOWN);
	const char *force = may_force ? "--force overrides this" : NULL;
	switch (outcome) {
	case OUTCOME_PEER_UNHEARD:
		return reply_error(EXIT_REFUSED, may_force ? blind(verb) : NULL, "%s cannot be contacted", view->peer);
	case OUTCOME_PEER_UNFIT:
		return reply_error(EXIT_REFUSED, force, "%s could not serve: its tests fail, or it has a fault",
				   view->peer);
	case OUTCOME_UNFIT:
		return reply_error(EXIT_REFUSED, force, "the connectivity tests of %s fail", view->node);
	case OUTCOME_FAULT:
		return reply_error(EXIT_REFUSED, "hamon status shows it; when it is cured, ask again",
				   "%s cannot serve: %s", view->node, fault_text(view->faults, faults, sizeof faults));
	case OUTCOME_BUSY:
		return reply_error(EXIT_REFUSED, "wait for it to end", "another hand-over is under way");
	case OUTCOME_LEAVING:
		return reply_error(EXIT_REFUSED, NULL, "the daemon on %s is ending", view->node);
	case OUTCOME_TIMEOUT:
		return reply_error(EXIT_TIMED_OUT, "hamon status shows who serves now", "%s did not answer in time",
				   view->peer);
	case OUTCOME_ROLLED_BACK:
		return reply_error(EXIT_FAILED, "the log says which step failed", "the claim failed, and %s took it back",
				   view->node);
	case OUTCOME_DIFFERS:
		return reply_error(EXIT_REFUSED, force, "the configurations of %s and %s differ", view->node, view->peer);
	case OUTCOME_VETOED:
		return reply_error(EXIT_REFUSED, "the log says what it said", "the before-primary command on %s said no",
				   view->node);
	case OUTCOME_EPOCHS:
		return reply_error(EXIT_REFUSED, "hamon status says whether the state directory can be written",
				   "%s has no epoch in reserve for a claim", view->node);
	case OUTCOME_DONE:
	case OUTCOME_ALREADY:
	case OUTCOME_WOULD:
	case OUTCOME_SETTLED:
	case OUTCOME__COUNT:
		break;
	}
	assert(!"a refusal");
	return NULL;
}

static struct json_object *sentence(enum verb verb, enum outcome outcome, const struct outcome_view *view) {
	if (outcome == OUTCOME_DONE)
		return done(verb, view);
	if (outcome == OUTCOME_ALREADY)
		return already(verb, view);
	if (outcome == OUTCOME_SETTLED)
		return settled(view);
	if (outcome == OUTCOME_WOULD)
		return reply_ok(view->forced ? "%s by force would be tried on %s; nothing was changed"
					     : "nothing stands against %s on %s; nothing was changed",
				verb_name(verb), view->node);
	return refused(verb, outcome, view);
}

struct json_object *outcome_json(enum verb verb, enum outcome outcome, const struct outcome_view *view) {
	struct json_object *reply = sentence(verb, outcome, view);
	if (!reply)
		return NULL;
	json_object_object_add(reply, "outcome", json_object_new_string(outcome_name(outcome)));
	struct json_object *took = json_object_new_double((double)view->took / MSEC);
	if (took)
		json_object_set_serializer(took, json_object_double_to_json_string, "%.3f", NULL);
	json_object_object_add(reply, "took_ms", took);
	return reply;
}
