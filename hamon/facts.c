/* The facts in words: one function for each, told whether it holds. */
#include "hamon/facts.h"

#include <assert.h>
#include <inttypes.h>

#include "hamon/put.h"
#include "hamon/reply.h"
#include "hamon/words.h"

enum { FACT_TEXT = 256, DETAILS_TEXT = 8192, HEAD_TEXT = 256 };

typedef void say_fn(struct words *w, const struct status_view *view, bool holds);

/* ---- the peer's silence ---- */

/* Names the links of this kind that it is heard on; how many there are. */
static unsigned say_heard_on(struct words *w, const struct status_view *view, bool reflect) {
	const struct core_status *core = view->core;
	unsigned n = 0;
	for (unsigned i = 0; i < core->links; i++)
		if (core->link[i].reflect == reflect && view->now - core->link[i].rx <= view->timers->unheard)
			words_add(w, "%s%s", n++ ? ", " : " on ", view->conf->links[i].name);
	return n;
}

static void say_silent(struct words *w, const struct status_view *view, bool holds) {
	const struct core_status *core = view->core;
	if (!core->peer_known) {
		words_add(w, "%s was never heard", status_peer_name(view));
	} else if (status_heard(view)) {
		words_add(w, "%s is heard: ", status_peer_name(view));
		words_span(w, view->now - core->peer_rx);
		words_add(w, " ago");
		if (say_heard_on(w, view, false) == 0)
			say_heard_on(w, view, true);
	} else {
		words_add(w, "%s is silent on all links for ", status_peer_name(view));
		words_span(w, view->now - core->peer_rx);
	}
	words_add(w, holds ? ", longer than the dead interval of " : "; the dead interval is ");
	words_span(w, view->timers->dead);
	if (!holds && core->peer_known && view->now - core->peer_rx > view->timers->dead)
		words_add(w, ", and begins anew when this node stood still, or says deaf");
}

static void say_automatic(struct words *w, const struct status_view *view, bool holds) {
	if (holds)
		words_add(w, "automatic failover is on");
	else if (!view->core->automatic)
		words_add(w, "automatic failover is off in the configuration");
	else if (view->core->paused)
		words_add(w, "automatic failover is paused; `hamon resume` ends that");
	else
		words_add(w, "backup operations are off in the configuration");
}

static void say_no_fault(struct words *w, const struct status_view *view, bool holds) {
	words_add(w, holds ? "nothing keeps %s from serving" : "%s cannot serve: ", status_node_name(view));
	if (holds)
		return;
	words_faults(w, view->core->faults);
	if (view->facts->forgiven >> FACT_NO_FAULT & 1)
		words_add(w, ", which `hamon takeover` ends");
}

static void say_key(struct words *w, const struct status_view *view, bool holds) {
	words_add(w,
		  holds ? "nobody speaks for %s with another key, nor under our name"
			: "somebody speaks for %s with another key, or under our name: he may well serve",
		  status_peer_name(view));
}

static void say_digest(struct words *w, const struct status_view *view, bool holds) {
	if (!holds)
		words_add(w, "the configurations of %s and %s differ", status_node_name(view), status_peer_name(view));
	else if (view->core->digest_differs)
		words_add(w, "%s was told something else last, which is nothing to %s: it only regains the role",
			  status_peer_name(view), status_node_name(view));
	else if (view->core->peer_digest == 0)
		words_add(w, "%s did not say yet which configuration it has", status_peer_name(view));
	else
		words_add(w, "%s and %s have the same configuration", status_node_name(view), status_peer_name(view));
}

static void say_covered(struct words *w, const struct status_view *view, bool holds) {
	words_add(w, "%s may take ", status_peer_name(view));
	words_span(w, view->core->peer_cover);
	words_add(w, " to fall silent, which our dead interval of ");
	words_span(w, view->timers->dead);
	words_add(w, holds ? " covers" : " does not cover");
}

/* ---- the tests ---- */

/* "2 of 3 test IPs" */
static void say_passed(struct words *w, const struct status_view *view, unsigned passed) {
	words_add(w, "%u of ", passed);
	words_count(w, view->core->tests, "test IP");
}

/* While the peer is heard they are asked once a second, and the slow verdict counts; then with each heartbeat. */
static void say_tests(struct words *w, const struct status_view *view, bool holds) {
	unsigned fresh = 0, slow = 0;
	(void)holds;
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		const struct test_status *test = &view->core->test[i];
		fresh += test->used && test->fresh;
		slow += test->used && test->slow;
	}
	if (view->core->tests == 0) {
		words_add(w, "there is no test IP: connectivity counts as given");
		return;
	}
	say_passed(w, view, status_heard(view) ? slow : fresh);
	if (status_heard(view)) {
		words_add(w, " answered lately");
	} else {
		words_add(w, " answered within ");
		words_span(w, view->timers->test_fresh);
	}
	words_add(w, ", policy %s", policy_name(view->conf->policy));
}

static void say_proven(struct words *w, const struct status_view *view, bool holds) {
	unsigned proven = 0;
	(void)holds;
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		const struct test_status *test = &view->core->test[i];
		proven += test->used && test->fresh && view->now - test->unbroken >= view->timers->test_proof;
	}
	if (view->core->tests == 0) {
		words_add(w, "there is no test IP that must have answered unbroken");
	} else if (status_heard(view)) {
		words_add(w, "answers unbroken for ");
		words_span(w, view->timers->test_proof);
		words_add(w, " are asked for when %s is late", status_peer_name(view));
	} else {
		say_passed(w, view, proven);
		words_add(w, " answered unbroken for ");
		words_span(w, view->timers->test_proof);
	}
}

/* ---- what else may keep a node from taking over by itself ---- */

static void say_no_holder(struct words *w, const struct status_view *view, bool holds) {
	if (holds)
		words_add(w, "nobody answers for a shared IP");
	else
		words_add(w, "somebody answers for %s: %s lives", view->holder_ip ? view->holder_ip : "a shared IP",
			  status_peer_name(view));
}

static void say_met(struct words *w, const struct status_view *view, bool holds) {
	if (view->core->met)
		words_add(w, "%s was heard since the start", status_peer_name(view));
	else
		words_add(w,
			  holds ? "%s need not have been heard since the start"
				: "%s was not heard since the start, and cold-start = \"wait-for-peer\"",
			  status_peer_name(view));
}

static void say_hold_down(struct words *w, const struct status_view *view, bool holds) {
	if (view->core->hold_down == 0) {
		words_add(w, "no hold-down");
		return;
	}
	words_add(w, "the hold-down of ");
	words_span(w, view->core->hold_down);
	words_add(w, " after ");
	words_count(w, view->core->failovers, "failover");
	words_add(w, holds ? " counts no longer" : " is not over; `hamon clear` ends it");
}

static void say_countdown(struct words *w, const struct status_view *view, bool holds) {
	if (view->conf->countdown == 0) {
		words_add(w, "no countdown");
		return;
	}
	words_add(w, "the countdown of ");
	words_span(w, view->conf->countdown);
	words_add(w, holds ? " counts no longer" : " is not over");
}

static void say_no_abort(struct words *w, const struct status_view *view, bool holds) {
	words_add(w, holds ? "no operator stopped it" : "an operator stopped it, until %s is heard again",
		  status_peer_name(view));
}

static const char *fence_words(enum fence_state state) {
	switch (state) {
	case FENCE_IDLE:
		return "is to be fenced first";
	case FENCE_DELAYED:
		return "is to be fenced when the delay is over";
	case FENCE_RUNNING:
		return "is being fenced";
	case FENCE_DONE:
		return "is fenced";
	case FENCE_FAILED:
		return "could not be fenced: the command failed, or did not end in time";
	case FENCE_STATE__COUNT:
		break;
	}
	return "?";
}

static void say_fenced(struct words *w, const struct status_view *view, bool holds) {
	(void)holds;
	if (view->conf->fence == FENCE_OFF)
		words_add(w, "%s need not be fenced", status_peer_name(view));
	else
		words_add(w, "%s %s (%s)", status_peer_name(view), fence_words(view->core->fence),
			  fence_mode_name(view->conf->fence));
}

static void say_no_veto(struct words *w, const struct status_view *view, bool holds) {
	if (!view->conf->command[RUN_BEFORE_PRIMARY][0])
		words_add(w, "there is no before-primary command");
	else if (holds)
		words_add(w, "the before-primary command agrees");
	else
		words_add(w, "the before-primary command %s",
			  view->core->vetoed ? "said no; it is asked again" : "is to be asked first");
}

static void say_epochs(struct words *w, const struct status_view *view, bool holds) {
	const struct core_status *core = view->core;
	if (holds) {
		words_count(w, (int64_t)(core->reserved > core->seen ? core->reserved - core->seen : 0), "epoch");
		words_add(w, " in reserve on disk");
	} else {
		words_add(w, "no epoch is in reserve%s",
			  core->reserve_fails ? ": the state directory cannot be written" : "");
	}
}

/* ---- what a planned change of the role asks for ---- */

static void say_contact(struct words *w, const struct status_view *view, bool holds) {
	if (holds)
		words_add(w, "%s is heard, and hears us", status_peer_name(view));
	else
		words_add(w, status_heard(view) ? "%s does not hear us" : "%s is not heard", status_peer_name(view));
}

static void say_peer_fit(struct words *w, const struct status_view *view, bool holds) {
	if (holds)
		words_add(w, "%s could serve, fitness %u", status_peer_name(view), view->core->peer_fitness);
	else
		words_add(w, "%s could not serve: its connectivity tests fail, or it has a fault", status_peer_name(view));
}

static say_fn *const sayings[] = {
	[FACT_SILENT] = say_silent,     [FACT_AUTOMATIC] = say_automatic, [FACT_NO_FAULT] = say_no_fault,
	[FACT_KEY] = say_key,           [FACT_DIGEST] = say_digest,       [FACT_COVERED] = say_covered,
	[FACT_TESTS] = say_tests,       [FACT_PROVEN] = say_proven,       [FACT_NO_HOLDER] = say_no_holder,
	[FACT_MET] = say_met,           [FACT_HOLD_DOWN] = say_hold_down, [FACT_COUNTDOWN] = say_countdown,
	[FACT_NO_ABORT] = say_no_abort, [FACT_FENCED] = say_fenced,       [FACT_NO_VETO] = say_no_veto,
	[FACT_EPOCHS] = say_epochs,     [FACT_CONTACT] = say_contact,     [FACT_PEER_FIT] = say_peer_fit,
};
static_assert(sizeof sayings / sizeof *sayings == FACT__COUNT, "words for each fact");

/* ---- why a primary may go on ---- */

static void say_lease(struct words *w, const struct status_view *view, bool holds) {
	const struct core_status *core = view->core;
	if (!holds) {
		words_add(w, "the lease is over");
		return;
	}
	words_add(w, "the lease %s: ", view->lease_in_kernel ? "is in the kernel" : "is the daemon's own count");
	words_span(w, core->lease_until - view->now);
	words_add(w, " of ");
	words_span(w, view->timers->lease);
	words_add(w, " left");
}

static void say_highest(struct words *w, const struct status_view *view, bool holds) {
	if (holds)
		words_add(w, "nobody has shown a higher epoch than ours, %" PRIu64, view->core->epoch);
	else
		words_add(w, "epoch %" PRIu64 " was seen, ours is %" PRIu64, view->core->seen, view->core->epoch);
}

static void say_echo(struct words *w, const struct status_view *view, bool holds) {
	if (view->core->echo == MONO_NEVER) {
		words_add(w, "%s never echoed a heartbeat of ours", status_peer_name(view));
		return;
	}
	words_add(w, "%s echoed a heartbeat that we sent ", status_peer_name(view));
	words_span(w, view->now - view->core->echo);
	words_add(w, holds ? " ago; it counts for " : " ago, and it counted for ");
	words_span(w, view->timers->echo);
}

static void say_alone(struct words *w, const struct status_view *view, bool holds) {
	if (holds && view->conf->alone == ALONE_ALWAYS)
		words_add(w, "%s is not heard, and alone = \"always\": we go on alone", status_peer_name(view));
	else if (holds)
		words_add(w, "%s is not heard, and the connectivity tests hold: we go on alone", status_peer_name(view));
	else if (status_heard(view))
		words_add(w, "%s is heard: its echoes count, the connectivity tests do not", status_peer_name(view));
	else
		words_add(w, "%s is not heard, and the connectivity tests fail", status_peer_name(view));
}

enum renewal { RENEWAL_LEASE, RENEWAL_EPOCH, RENEWAL_ECHO, RENEWAL_ALONE, RENEWAL__COUNT };

static const struct {
	const char *name;
	say_fn *say;
} renewals[] = {
	[RENEWAL_LEASE] = {"lease", say_lease},
	[RENEWAL_EPOCH] = {"highest-epoch", say_highest},
	[RENEWAL_ECHO] = {"echo", say_echo},
	[RENEWAL_ALONE] = {"alone", say_alone},
};
static_assert(sizeof renewals / sizeof *renewals == RENEWAL__COUNT, "words for each");

/* Which of them hold: bits of 1 << enum renewal. */
static uint32_t renewal_holds(const struct status_view *view) {
	const struct core_status *core = view->core;
	bool echoed = core->echo != MONO_NEVER && view->now - core->echo <= view->timers->echo;
	return (uint32_t)(core->lease_until >= view->now) << RENEWAL_LEASE |
	       (uint32_t)(core->seen == core->epoch) << RENEWAL_EPOCH | (uint32_t)echoed << RENEWAL_ECHO |
	       (uint32_t)core->alone << RENEWAL_ALONE;
}

/* Which stand against going on: of echo and alone one is enough. */
static uint32_t renewal_stops(const struct status_view *view) {
	const uint32_t either = 1U << RENEWAL_ECHO | 1U << RENEWAL_ALONE, holds = renewal_holds(view);
	uint32_t asked = (1U << RENEWAL__COUNT) - 1;
	return ~holds & (holds & either ? asked & ~either : asked);
}

/* ---- how well it serves, which stands against nothing ---- */

static void say_fitness(struct words *w, const struct status_view *view, bool well) {
	const struct core_status *core = view->core;
	if (!view->conf->command[RUN_HEALTH][0])
		words_add(w, "there is no health command");
	else if (core->health == HEALTH_UNKNOWN)
		words_add(w, "the service was not looked at yet");
	else
		words_add(w, "the service is %s", health_name(core->health));
	words_add(w, " (fitness %u)", core->fitness);
	if (core->hold && status_heard(view) && core->peer_fitness > core->fitness)
		words_add(w, ": %s is fitter, and may ask for the role", status_peer_name(view));
	else if (!well && core->hold)
		words_add(w, ": %s gets the role when it is fitter", status_peer_name(view));
	else if (!well)
		words_add(w, ": %s takes over from a dead primary only", status_node_name(view));
}

/* ---- what stands against a change of the role ---- */

/* How the role may change. A primary can but give it away. */
enum way { BY_ITSELF, BY_PLAN, BY_FORCE };

/* Which facts it asks for. */
static uint32_t asked(const struct status_view *view, enum way way) {
	bool hold = view->core->hold;
	switch (way) {
	case BY_ITSELF:
		return hold ? 0 : view->facts->automatic;
	case BY_PLAN:
		return hold ? 1U << FACT_DIGEST | 1U << FACT_CONTACT | 1U << FACT_PEER_FIT : view->facts->planned;
	case BY_FORCE:
		return hold ? 0 : view->facts->forced;
	}
	return 0;
}

/* Which of them stand against it. */
static uint32_t stops(const struct status_view *view, enum way way) {
	uint32_t missing = asked(view, way) & ~view->facts->hold & ~view->facts->ahead;
	return way == BY_ITSELF ? missing : missing & ~view->facts->forgiven;
}

/* ---- as objects ---- */

static struct json_object *object_of(const struct status_view *view, const char *name, say_fn *say, bool holds) {
	char text[FACT_TEXT];
	struct words w = words_in(text, sizeof text);
	struct json_object *object = json_object_new_object();
	if (!object)
		return NULL;
	say(&w, view, holds);
	put_text(object, "name", name);
	put_bool(object, "holds", holds);
	put_text(object, "text", text);
	return object;
}

void facts_put(struct json_object *object, const struct status_view *view) {
	struct json_object *facts = json_object_new_array_ext(FACT__COUNT);
	struct json_object *renewal = json_object_new_array_ext(RENEWAL__COUNT);
	json_object_object_add(object, "facts", facts);
	json_object_object_add(object, "renewal", renewal);
	for (unsigned i = 0; i < FACT__COUNT; i++) {
		struct json_object *fact = object_of(view, fact_name((enum fact)i), sayings[i], view->facts->hold >> i & 1);
		put_bool(fact, "automatic", asked(view, BY_ITSELF) >> i & 1);
		put_bool(fact, "planned", asked(view, BY_PLAN) >> i & 1);
		put_bool(fact, "stops_automatic", stops(view, BY_ITSELF) >> i & 1);
		put_bool(fact, "stops_planned", stops(view, BY_PLAN) >> i & 1);
		json_object_array_add(facts, fact);
	}
	for (unsigned i = 0; view->core->hold && i < RENEWAL__COUNT; i++)
		json_object_array_add(renewal,
				      object_of(view, renewals[i].name, renewals[i].say, renewal_holds(view) >> i & 1));
}

/* ---- as lines ---- */

static void add_line(struct words *w, const struct status_view *view, const char *mark, say_fn *say, bool holds) {
	char text[FACT_TEXT];
	struct words sentence = words_in(text, sizeof text);
	say(&sentence, view, holds);
	words_add(w, "%-4s %s\n", mark, text);
}

/* What stands against it, what does not though it does not hold, and what holds: in this order. */
enum standing { STANDS_AGAINST, STANDS_ASIDE, STANDS_FOR, STANDINGS };

static const char *mark(enum standing standing, enum fact fact) {
	if (standing == STANDS_ASIDE)
		return fact == FACT_NO_FAULT ? "-" : "ask";
	return standing == STANDS_FOR ? "ok" : "STOP";
}

static void add_facts(struct words *w, const struct status_view *view, enum way way) {
	uint32_t against = stops(view, way), holds = view->facts->hold;
	for (enum standing standing = 0; standing < STANDINGS; standing++)
		for (unsigned i = 0; i < FACT__COUNT; i++) {
			enum standing stands = against >> i & 1 ? STANDS_AGAINST
					       : holds >> i & 1 ? STANDS_FOR
								: STANDS_ASIDE;
			if ((asked(view, way) >> i & 1) && stands == standing)
				add_line(w, view, mark(stands, i), sayings[i], holds >> i & 1);
		}
}

static void add_renewal(struct words *w, const struct status_view *view) {
	uint32_t holds = renewal_holds(view), against = renewal_stops(view);
	for (unsigned i = 0; i < RENEWAL__COUNT; i++)
		add_line(w, view, against >> i & 1 ? "STOP" : (holds >> i & 1 ? "ok" : "-"), renewals[i].say,
			 holds >> i & 1);
}

static void add_fitness(struct words *w, const struct status_view *view) {
	add_line(w, view, "-", say_fitness, view->core->health != HEALTH_ILL);
}

static void add_by_itself(struct words *w, const struct status_view *view) {
	words_add(w, view->core->hold ? "going on:\n" : "taking over by itself:\n");
	if (view->core->hold)
		add_renewal(w, view);
	else
		add_facts(w, view, BY_ITSELF);
	add_fitness(w, view);
}

static void add_asked_for(struct words *w, const struct status_view *view, enum way way) {
	const char *how = way == BY_FORCE ? "by force" : "by plan";
	if (asked(view, way) == 0)
		return;
	if (view->core->hold)
		words_add(w, "standing down for %s, %s:\n", status_peer_name(view), how);
	else
		words_add(w, "taking over %s:\n", how);
	add_facts(w, view, way);
}

void facts_details(struct json_object *reply, const struct status_view *view, bool force) {
	char text[DETAILS_TEXT];
	struct words w = words_in(text, sizeof text);
	add_asked_for(&w, view, force ? BY_FORCE : BY_PLAN);
	reply_details(reply, text);
}

/* "nothing", "1 fact", "2 facts" */
static void add_count(struct words *w, uint32_t against) {
	if (against == 0)
		words_add(w, "nothing");
	else
		words_count(w, __builtin_popcount(against), "fact");
}

struct json_object *facts_json(const struct status_view *view) {
	char head[HEAD_TEXT], details[DETAILS_TEXT];
	struct words w = words_in(head, sizeof head);
	bool hold = view->core->hold;
	words_add(&w, "%s (%s); against %s: ", status_node_name(view), state_name(view->core->state),
		  hold ? "going on" : "a takeover by itself");
	add_count(&w, hold ? renewal_stops(view) : stops(view, BY_ITSELF));
	words_add(&w, "; against a planned %s: ", hold ? "standdown" : "takeover");
	add_count(&w, stops(view, BY_PLAN));
	struct json_object *reply = reply_ok("%s", head);
	if (!reply)
		return NULL;
	w = words_in(details, sizeof details);
	add_by_itself(&w, view);
	add_asked_for(&w, view, BY_PLAN);
	reply_details(reply, details);
	facts_put(reply, view);
	return reply;
}
