/* One sentence for each outcome of each verb: what happened, and where something overrides a refusal, what. */
#include "hamon/outcome.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

static struct json_object *done(enum verb verb, const struct outcome_view *view) {
	char length[48];
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
	case VERB__COUNT:
		break;
	}
	assert(!"a verb");
	return NULL;
}

static struct json_object *already(enum verb verb, const struct outcome_view *view) {
	switch (verb) {
	case VERB_TAKEOVER:
		return reply_ok("nothing to do: %s is primary already", view->node);
	case VERB_STANDDOWN:
		return reply_ok("nothing to do: %s is not primary", view->node);
	case VERB_PAUSE:
		return reply_ok("nothing to do: %s is paused already", view->node);
	case VERB_RESUME:
		return reply_ok("nothing to do: %s is not paused", view->node);
	case VERB__COUNT:
		break;
	}
	assert(!"a verb");
	return NULL;
}

/* "carrier, addresses" */
static const char *fault_text(uint16_t faults, char *out, size_t size) {
	size_t used = 0;
	snprintf(out, size, "a fault that is gone by now");
	for (unsigned bit = 0; bit < FAULTS && used < size; bit++)
		if (faults & 1U << bit)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", fault_name(1U << bit));
	return out;
}

static struct json_object *refused(enum verb verb, enum outcome outcome, const struct outcome_view *view) {
	char faults[128];
	const char *force = view->forced ? NULL : "--force overrides this";
	const char *blind = "--force goes on without the peer; if it is cut off and not dead, both may serve";
	switch (outcome) {
	case OUTCOME_PEER_UNHEARD:
		if (verb == VERB_STANDDOWN)
			blind = "--force stands down without the peer; then nobody serves";
		return reply_error(EXIT_REFUSED, view->forced ? NULL : blind, "%s cannot be contacted", view->peer);
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
	case OUTCOME_DONE:
	case OUTCOME_ALREADY:
	case OUTCOME_WOULD:
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
	if (outcome == OUTCOME_WOULD)
		return reply_ok("nothing stands against %s on %s; nothing was changed", verb_name(verb), view->node);
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
