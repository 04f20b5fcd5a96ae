/* The operators: what they ask of which node, and when. */
#include "tests/sim/faults.h"

void operators_ask(struct world *w, struct host *host, enum verb verb, bool force) {
	struct event event = {.type = EV_OPERATOR};
	event.asked.verb = verb;
	event.asked.force = force;
	event.asked.token = ++w->requests;
	event.asked.keep = (enum keep)world_between(w, KEEP_EITHER, KEEP_PEER);
	event.asked.dry_run = !w->calm && world_chance(w, 50);
	if (verb == VERB_PAUSE && !w->calm && world_chance(w, 500))
		event.asked.pause = world_between(w, w->h, 6 * w->dead);
	if (event.asked.dry_run)
		faults_count(w, MISHAP_DRY_RUN);
	else if (verb == VERB_PAUSE)
		host->idle_until = event.asked.pause ? w->now + event.asked.pause + w->dead : MONO_FAR;
	else if (verb == VERB_RESUME)
		host->idle_until = w->now;
	if (host->idle_until != MONO_FAR)
		faults_disturb(w, host->idle_until);
	if (force)
		faults_count(w, MISHAP_FORCE);
	world_trace(w, "OPERATOR node%u %s%s%s", host->index, verb_name(verb), force ? " force" : "",
		    event.asked.dry_run ? " dry-run" : "");
	host_mail(w, host, &event);
	faults_disturb(w, w->now);
}

/* A verb to the node that it means something to, mostly. */
static struct host *asked_of(struct world *w, bool serving, struct host *otherwise) {
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].alive && w->checker.node[i].emits == serving && world_chance(w, 900))
			return &w->host[i];
	return otherwise;
}

void operators_strike(struct world *w, struct host *host, enum mishap mishap) {
	switch (mishap) {
	case MISHAP_TAKEOVER:
		host = asked_of(w, false, host);
		operators_ask(w, host, VERB_TAKEOVER, false);
		adversary_request(w, host);
		break;
	case MISHAP_GIVE:
		operators_ask(w, asked_of(w, true, host), VERB_STANDDOWN, world_chance(w, 200));
		break;
	case MISHAP_RESOLVE:
		operators_ask(w, host, VERB_RESOLVE, false);
		break;
	case MISHAP_CLEAR:
		operators_ask(w, host, VERB_CLEAR, false);
		break;
	default: /* MISHAP_HOLD */
		operators_ask(w, host, w->now < host->idle_until ? VERB_RESUME : VERB_PAUSE, false);
	}
}

/* He watches the countdown, and may stop it. */
static void watch_countdown(struct world *w, struct host *host) {
	faults_count(w, MISHAP_COUNTDOWN);
	struct happening happening = {.type = HAPPEN_OPERATOR, .node = host->index, .verb = VERB_ABORT};
	if (!w->calm && world_chance(w, 200))
		world_post(w, w->now + world_between(w, 0, w->dead + host->config.countdown), happening);
}

void operators_noted(struct world *w, struct host *host, const struct note *note) {
	static const enum mishap none = MISHAP__COUNT;
	enum mishap mishap = none;
	if (note->type == NOTE_TRANSITION && note->to == STATE_COUNTDOWN && host->config.countdown)
		watch_countdown(w, host);
	if (note->type == NOTE_TRANSITION && note->cause == CAUSE_FAILBACK)
		mishap = MISHAP_FAILBACK;
	else if (note->type == NOTE_TRANSITION && note->to == STATE_FAULT && note->cause == CAUSE_STRANGER)
		mishap = MISHAP_STOOD_DOWN;
	else if (note->type == NOTE_REQUEST && note->value == VERB_RESOLVE && note->detail == OUTCOME_DONE)
		mishap = MISHAP_RESOLVED;
	else if (note->type == NOTE_ABORTED)
		mishap = MISHAP_ABORT;
	else if (note->type == NOTE_HOLD_DOWN)
		mishap = MISHAP_HOLD_DOWN;
	else if (note->type == NOTE_HOLDER)
		mishap = MISHAP_HOLDER;
	else if (note->type == NOTE_REFLECT && note->detail == 0)
		mishap = MISHAP_REFLECT_OFF;
	if (mishap != none)
		faults_count(w, mishap);
}
