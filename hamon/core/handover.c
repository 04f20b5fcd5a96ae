/* The role changes hands by agreement: want, release, offer, farewell, and the operator's verbs that start them. The
 * messages are heartbeat fields, so they repeat by themselves until they are answered or their time is up. */
#include "hamon/core/parts.h"

/* How long a request for the role stands, in dead intervals. */
enum { WANT_DEADS = 3, ILL_DEADS = 3 };

/* Three farewells and the end. */
enum { FAREWELLS = 3 };

static span_t want_life(const struct core *core) {
	return WANT_DEADS * core->config.timers.dead;
}

/* Does the request want this node to be primary? */
static bool for_self(const struct request *request) {
	return request->verb == VERB_TAKEOVER || (request->verb == VERB_RESOLVE && request->keep == KEEP_SELF);
}

/* What an operator asked for is waited for until then; by force for a dead interval more, which may begin only now. */
static void wait_until(struct core *core, mono_t until) {
	struct request *request = &core->request;
	bool forced = request->verb == VERB_TAKEOVER && request->force;

	if (!request->open || !for_self(request))
		return;
	request->until = mono_max(request->until, until + (forced ? core->config.timers.dead : 0));
	if (forced)
		core->force_until = request->until;
}

/* "takeover asked": a number that was never used before, made of the boot number and a counter. Nothing is asked for before
 * the before-primary command agrees, since what is released is not served meanwhile. Who asks of his own accord comes
 * again, if there is still a reason then. */
static void ask(struct core *core, mono_t now, enum cause cause, struct actions *actions) {
	core->ask_pending = false;
	if (!gate_agrees(core, now, actions)) {
		core->ask_pending = cause == CAUSE_OPERATOR;
		return;
	}
	core->want = core->boot << 20 | (++core->wants & 0xfffff);
	core->want_until = now + want_life(core);
	core->heartbeat_now = true;
	core_because(core, cause);
	wait_until(core, core->want_until);
}

/* The request that waits for the command's word. */
static void ask_later(struct core *core, mono_t now, struct actions *actions) {
	if (!core->ask_pending)
		return;
	if (core->hold || core->faults || core->leaving)
		core->ask_pending = false;
	else
		ask(core, now, CAUSE_OPERATOR, actions);
}

/* "pm.want": release to it, by its number. Whoever yielded may reclaim only by consent or silence, never by time-out. */
static void release(struct core *core, mono_t now, struct actions *actions) {
	uint64_t want = core->peer.says ? core->peer.frame.want : 0;

	if (want == 0 || !peer_answers(core, now) || core->peer.frame.lease || core->rel != 0 ||
	    core->claim != CLAIM_NONE || core->leaving || !(core->hold || epoch_owned(core)))
		return;
	lease_give_up(core, CAUSE_ASKED, actions);
	core->rel = want;
	core->heartbeat_now = true;
	core_because(core, CAUSE_ASKED);
}

/* A node that owns `seen` and will not or cannot serve offers the role. */
bool handover_offers(const struct core *core, mono_t now) {
	if (core->leaving)
		return false;
	if (now < core->offer_until)
		return core->hold || epoch_owned(core);
	return core->faults != 0 && !core->hold && epoch_owned(core);
}

static bool may_ask(const struct core *core, mono_t now) {
	return !core->hold && !core->dropping && core->claim == CLAIM_NONE && core->want == 0 && !core->leaving &&
	       !core->ask_pending && fitness_now(core, now) > FITNESS_NONE;
}

/* "pm.offer": want at once. */
static void take_offer(struct core *core, mono_t now, struct actions *actions) {
	if (peer_answers(core, now) && core->peer.frame.offer && may_ask(core, now))
		ask(core, now, CAUSE_OFFER, actions);
}

/* A test IP that dies is found dead by one node first: that alone makes nobody ill. A service that is ill is no test. */
static span_t ill_for(const struct core *core) {
	span_t life = ILL_DEADS * core->config.timers.dead;

	return core->peer.frame.fitness > FITNESS_NONE ? life : mono_max(life, connectivity_slow_limit(core));
}

/* "ill primary": the peer owns and shows lower fitness, its echo is fresh, we are fit and automatic, for 3 D and for longer
 * than the slow verdicts of two nodes may differ. */
static void relieve(struct core *core, mono_t now, struct actions *actions) {
	bool ill = core->peer.says && !epoch_owned(core) && peer_fresh(core, now, core->peer.echo_newest) &&
		   core_automatic(core) && !peer_differs(core) && may_ask(core, now) &&
		   core->peer.frame.fitness < fitness_now(core, now);

	if (!ill) {
		core->ill_since = MONO_FAR;
		return;
	}
	core->ill_since = mono_min(core->ill_since, now);
	if (now - core->ill_since > ill_for(core))
		ask(core, now, CAUSE_ILL, actions);
}

/* "failback": the node of higher preference has been fit for so long, beside a primary that serves. */
static void fail_back(struct core *core, mono_t now, struct actions *actions) {
	bool fit = core->config.failback > 0 && core->config.preferred && peer_answers(core, now) && peer_holds(core) &&
		   core_automatic(core) && may_ask(core, now) && fitness_now(core, now) == FITNESS_FULL &&
		   !peer_differs(core);

	if (!fit) {
		core->fit_since = MONO_FAR;
		return;
	}
	core->fit_since = mono_min(core->fit_since, now);
	if (now - core->fit_since >= core->config.failback)
		ask(core, now, CAUSE_FAILBACK, actions);
}

/* ---- the operator's request ---- */

static void answer(struct core *core, mono_t now, uint32_t token, enum verb verb, enum outcome outcome,
		   struct actions *actions) {
	struct action *action = core_act(actions, ACT_ANSWER);

	action->answer.token = token;
	action->answer.verb = verb;
	action->answer.outcome = outcome;
	struct note *note = transition_note(core, now, NOTE_REQUEST, actions);
	note->value = verb;
	note->detail = outcome;
}

static void end_request(struct core *core, mono_t now, enum outcome outcome, struct actions *actions) {
	if (!core->request.open)
		return;
	core->request.open = false;
	core->force_until = MONO_NEVER;
	answer(core, now, core->request.token, core->request.verb, outcome, actions);
}

/* Can the peer be contacted? What status calls unheard cannot, though its last echo be fresh for another half interval. */
static bool contact(const struct core *core, mono_t now) {
	return peer_answers(core, now) && !peer_unheard(core, now);
}

static enum outcome takeover_refusal(const struct core *core, mono_t now, bool force) {
	if (core->leaving)
		return OUTCOME_LEAVING;
	if (core->hold)
		return OUTCOME_ALREADY;
	if (core->request.open)
		return OUTCOME_BUSY;
	if (core->faults & ~FAULTS_FORGIVEN)
		return OUTCOME_FAULT;
	if (!epoch_available(core))
		return OUTCOME_EPOCHS;
	if (!force && !contact(core, now))
		return OUTCOME_PEER_UNHEARD;
	if (!force && peer_differs(core))
		return OUTCOME_DIFFERS;
	if (!force && !connectivity_slow(core, now))
		return OUTCOME_UNFIT;
	return OUTCOME_WOULD;
}

static enum outcome standdown_refusal(const struct core *core, mono_t now, bool force) {
	if (core->leaving)
		return OUTCOME_LEAVING;
	if (!core->hold)
		return OUTCOME_ALREADY;
	if (core->request.open)
		return OUTCOME_BUSY;
	if (!force && !contact(core, now))
		return OUTCOME_PEER_UNHEARD;
	if (!force && peer_differs(core))
		return OUTCOME_DIFFERS;
	if (!force && core->peer.frame.fitness == FITNESS_NONE)
		return OUTCOME_PEER_UNFIT;
	return OUTCOME_WOULD;
}

/* Both, or neither, are primary. */
static bool in_conflict(const struct core *core) {
	return core->hold == peer_holds(core);
}

static enum outcome resolve_refusal(const struct core *core, mono_t now) {
	if (core->leaving)
		return OUTCOME_LEAVING;
	if (core->request.open)
		return OUTCOME_BUSY;
	if (!contact(core, now))
		return OUTCOME_PEER_UNHEARD;
	return in_conflict(core) ? OUTCOME_WOULD : OUTCOME_SETTLED;
}

static void open_request(struct core *core, mono_t until, const struct event *event) {
	core->request = (struct request){.open = true,
					 .verb = event->asked.verb,
					 .token = event->asked.token,
					 .force = event->asked.force,
					 .keep = event->asked.keep,
					 .until = until};
}

/* This node is to be primary, whatever an operator wanted before, or a command said. */
static void forgive(struct core *core) {
	core->faults &= (uint16_t)~FAULTS_FORGIVEN;
	core->offer_until = MONO_NEVER;
}

static void takeover(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	forgive(core);
	open_request(core, now, event);
	wait_until(core, now + want_life(core));
	ask(core, now, CAUSE_OPERATOR, actions);
}

/* Which node is kept, when nobody named one: the owner of the highest epoch, unless neither holds and the other could serve
 * better. */
static bool keeps_self(const struct core *core, mono_t now, enum keep keep) {
	uint16_t own = fitness_now(core, now), other = core->peer.frame.fitness;

	if (keep != KEEP_EITHER)
		return keep == KEEP_SELF;
	return own != other && !core->hold ? own > other : epoch_owned(core);
}

/* Both are primary: the one that is not kept gives in. Neither is: the one that is kept asks, or is offered the role. */
static void resolve(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	bool self = keeps_self(core, now, event->asked.keep);

	open_request(core, now + want_life(core), event);
	core->request.keep = self ? KEEP_SELF : KEEP_PEER;
	if (self)
		forgive(core);
	if (core->hold)
		conflict_keep(core, now, self, actions);
	else if (self)
		ask(core, now, CAUSE_OPERATOR, actions);
	else
		core->offer_until = core->request.until;
	core->heartbeat_now = true;
}

static void abort_countdown(struct core *core, mono_t now, struct actions *actions) {
	core->aborted = true;
	core_because(core, CAUSE_OPERATOR);
	claim_abandon(core, CAUSE_OPERATOR, actions);
	transition_note(core, now, NOTE_ABORTED, actions);
}

static void clear(struct core *core) {
	damping_clear(core);
	evidence_clear(core);
	gate_clear(core);
}

/* Give the role up though nobody takes it: until `takeover`, or until the peer serves. */
static void force_down(struct core *core, struct actions *actions) {
	core->faults |= FAULT_STANDDOWN;
	core->offer_until = MONO_NEVER;
	lease_give_up(core, CAUSE_OPERATOR, actions);
}

static void standdown(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	open_request(core, now + want_life(core), event);
	if (!contact(core, now)) { /* forced */
		force_down(core, actions);
		end_request(core, now, OUTCOME_DONE, actions);
		return;
	}
	core->offer_until = core->request.until;
	core->heartbeat_now = true;
}

static void pause_failover(struct core *core, mono_t now, bool paused, span_t length, struct actions *actions) {
	core->paused = paused;
	core->paused_until = paused && length > 0 ? now + length : MONO_FAR;
	struct action *save = core_act(actions, ACT_SAVE_PAUSE);
	save->pause.paused = core->paused;
	save->pause.until = core->paused_until;
	struct note *note = transition_note(core, now, NOTE_PAUSED, actions);
	note->detail = paused;
	note->value = length;
}

static enum outcome refusal(const struct core *core, mono_t now, const struct event *event) {
	switch (event->asked.verb) {
	case VERB_TAKEOVER:
		return takeover_refusal(core, now, event->asked.force);
	case VERB_STANDDOWN:
		return standdown_refusal(core, now, event->asked.force);
	case VERB_PAUSE:
		return OUTCOME_WOULD;
	case VERB_RESUME:
		return core->paused ? OUTCOME_WOULD : OUTCOME_ALREADY;
	case VERB_RESOLVE:
		return resolve_refusal(core, now);
	case VERB_ABORT:
		return !core->hold && peer_unheard(core, now) && claim_eligible(core, now) ? OUTCOME_WOULD
											   : OUTCOME_ALREADY;
	case VERB_CLEAR:
		return OUTCOME_WOULD;
	case VERB__COUNT:
		break;
	}
	return OUTCOME_ALREADY;
}

void handover_verb(struct core *core, mono_t now, const struct event *event, struct actions *actions) {
	uint32_t token = event->asked.token;
	enum verb verb = event->asked.verb;
	enum outcome outcome = refusal(core, now, event);

	if (outcome != OUTCOME_WOULD || event->asked.dry_run) {
		answer(core, now, token, verb, outcome, actions);
		return;
	}
	switch (verb) {
	case VERB_TAKEOVER:
		takeover(core, now, event, actions);
		return;
	case VERB_STANDDOWN:
		standdown(core, now, event, actions);
		return;
	case VERB_PAUSE:
	case VERB_RESUME:
		pause_failover(core, now, verb == VERB_PAUSE, event->asked.pause, actions);
		answer(core, now, token, verb, OUTCOME_DONE, actions);
		return;
	case VERB_RESOLVE:
		resolve(core, now, event, actions);
		return;
	case VERB_ABORT:
		abort_countdown(core, now, actions);
		answer(core, now, token, verb, OUTCOME_DONE, actions);
		return;
	case VERB_CLEAR:
		clear(core);
		answer(core, now, token, verb, OUTCOME_DONE, actions);
		return;
	case VERB__COUNT:
		return;
	}
}

/* A fault of ours ends what was to make us primary. */
static enum outcome fault_outcome(const struct core *core) {
	if (core->faults & (FAULT_ADDRESSES | FAULT_PERMIT))
		return OUTCOME_ROLLED_BACK;
	return core->faults & FAULT_VETO ? OUTCOME_VETOED : OUTCOME_FAULT;
}

/* How far is what the operator asked for? */
static void follow_request(struct core *core, mono_t now, struct actions *actions) {
	struct request *request = &core->request;

	if (!request->open)
		return;
	if (core->leaving) {
		end_request(core, now, OUTCOME_LEAVING, actions);
		return;
	}
	bool serves = core->hold && core->served && !(request->verb == VERB_RESOLVE && peer_holds(core));
	bool served_by_peer = !core->hold && peer_holds(core);
	if (for_self(request) ? serves : served_by_peer)
		end_request(core, now, OUTCOME_DONE, actions);
	else if (for_self(request) && core->faults)
		end_request(core, now, fault_outcome(core), actions);
	/* A command that runs is waited for. */
	if (gate_waits(core, now))
		wait_until(core, now);
	if (!request->open || now <= request->until)
		return;
	if (request->verb == VERB_STANDDOWN && request->force && core->hold) {
		force_down(core, actions);
		end_request(core, now, OUTCOME_DONE, actions);
		return;
	}
	end_request(core, now, OUTCOME_TIMEOUT, actions);
}

/* "stop": drop the lease, say so in three heartbeats, end. */
void handover_leave(struct core *core, struct actions *actions) {
	if (core->leaving)
		return;
	core->leaving = FAREWELLS + 1;
	core->farewell_at = MONO_NEVER;
	core->want = core->rel = 0;
	core->ask_pending = false;
	claim_abandon(core, CAUSE_STOP, actions);
	lease_give_up(core, CAUSE_STOP, actions);
	core_because(core, CAUSE_STOP);
}

void handover_tick(struct core *core, mono_t now, struct actions *actions) {
	/* With a fault of ours the peer shall not wait for us to take what it released. */
	if (core->want != 0 && (core->hold || core->faults || now > core->want_until)) {
		if (!core->hold && !core->faults)
			core_because(core, CAUSE_TIMEOUT);
		core->want = 0;
	}
	if (core->offer_until != MONO_NEVER && (now > core->offer_until || (!core->hold && peer_holds(core))))
		core->offer_until = MONO_NEVER;
	if (core->paused && now >= core->paused_until)
		pause_failover(core, now, false, 0, actions);
	release(core, now, actions);
	ask_later(core, now, actions);
	take_offer(core, now, actions);
	relieve(core, now, actions);
	fail_back(core, now, actions);
	follow_request(core, now, actions);
}
