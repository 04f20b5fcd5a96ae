/* Judges the promises P1 to P4 and L1 to L3 from what the world saw. */
#include "tests/sim/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void checker_init(struct checker *checker, struct tally *tally) {
	memset(checker, 0, sizeof *checker);
	checker->tally = tally;
	checker->holder = -1;
	checker->unserved = checker->excused_since = MONO_FAR;
	for (unsigned i = 0; i < CHECKER_NODES; i++) {
		struct checker_node *node = &checker->node[i];
		node->booted = node->core_time = node->heard = node->answered = MONO_NEVER;
		node->claimed = node->fenced = node->aborted = MONO_NEVER;
		node->held_since = MONO_FAR;
		node->announced = node->emitted = node->lagging_until = MONO_NEVER;
		node->silent_from = MONO_FAR;
		node->account.permit_until = node->account.lease_until = node->account.valid_until = MONO_NEVER;
		node->account.hindered = MONO_NEVER;
	}
}

void checker_fail(struct checker *checker, enum promise promise, const char *format, ...) {
	if (checker->broken)
		return;
	checker->broken = true;
	checker->promise = promise;
	va_list args;
	va_start(args, format);
	vsnprintf(checker->why, sizeof checker->why, format, args);
	va_end(args);
}

void checker_boot(struct checker *checker, unsigned index, mono_t now, uint64_t mark, bool wiped, bool restarted) {
	struct checker_node *node = &checker->node[index];
	if (wiped) /* it cannot know what it knew; the peer tells it, if it can */
		node->granted = 0;
	else if (mark < node->granted)
		checker_fail(checker, PROMISE_P2, "node %u: its disk says %lu, but it used %lu", index, mark,
			     node->granted);
	node->known = mark;
	node->boot = node->seq = 0;
	node->booted = now;
	node->heard = node->answered = node->claimed = node->fenced = node->aborted = MONO_NEVER;
	node->peer = (struct heartbeat){0};
	node->want = 0;
	node->peer_digest = 0;
	node->held = false;
	node->met &= restarted;
}

void checker_ordered(struct checker *checker, unsigned index, bool ordered) {
	checker->node[index].disordered = !ordered;
}

void checker_configured(struct checker *checker, unsigned index, const struct core_config *config) {
	checker->node[index].config = *config;
}

void checker_unasked(struct checker *checker, unsigned index) {
	checker->node[index].held_since = MONO_FAR;
}

void checker_step(struct checker *checker, unsigned index, mono_t now) {
	struct checker_node *node = &checker->node[index];
	if (now < node->core_time)
		checker_fail(checker, PROMISE_CORE, "node %u: the core's time went back by %ld ns", index,
			     node->core_time - now);
	node->core_time = now;
}

void checker_heard(struct checker *checker, unsigned index, const struct heartbeat *hb, mono_t rx) {
	struct checker_node *node = &checker->node[index];
	if (hb->boot < node->boot || (hb->boot == node->boot && hb->seq <= node->seq))
		return;
	node->boot = hb->boot;
	node->seq = hb->seq;
	if (hb->seen > node->known)
		node->known = hb->seen;
	node->met = true;
	if (hb->digest)
		node->peer_digest = hb->digest;
	node->peer = *hb;
	if (hb->deaf)
		memset(&node->peer, 0, sizeof node->peer);
	if (!hb->deaf)
		node->heard = mono_max(node->heard, rx);
}

void checker_told(struct checker *checker, unsigned index, mono_t now, const struct event *event) {
	struct checker_node *node = &checker->node[index];
	if (event->type == EV_HOLDER)
		node->claimed = mono_max(node->claimed, event->claimed.rx);
	else if (event->type == EV_RAN && event->ran.run == RUN_FENCE && event->ran.ok)
		node->fenced = now;
	else if (event->type == EV_OPERATOR && event->asked.verb == VERB_TAKEOVER && event->asked.force &&
		 !event->asked.dry_run)
		node->forced = event->asked.token;
}

void checker_answered(struct checker *checker, unsigned index, mono_t sent) {
	struct checker_node *node = &checker->node[index];
	node->answered = mono_max(node->answered, sent);
}

void checker_replied(struct checker *checker, unsigned index, const struct action *answer) {
	struct checker_node *node = &checker->node[index];
	if (node->forced == answer->answer.token)
		node->forced = 0;
	if (answer->answer.verb == VERB_ABORT && answer->answer.outcome == OUTCOME_DONE)
		node->aborted = node->core_time;
}

/* ---- the account ---- */

void checker_permit(struct checker *checker, unsigned index, mono_t clock, span_t life) {
	struct checker_node *node = &checker->node[index];
	node->account.permit_until = clock + life + node->config.timers.jiffies_lag;
}

void checker_unpermit(struct checker *checker, unsigned index) {
	checker->node[index].account.permit_until = MONO_NEVER;
}

void checker_dropped(struct checker *checker, unsigned index) {
	struct account *account = &checker->node[index].account;
	account->permit_until = account->lease_until = MONO_NEVER;
}

void checker_told_gone(struct checker *checker, unsigned index) {
	checker->node[index].account.told_gone = true;
}

void checker_validated(struct checker *checker, unsigned index, mono_t until) {
	checker->node[index].account.valid_until = until;
}

void checker_built(struct checker *checker, unsigned index, mono_t when, bool guarded) {
	struct account *account = &checker->node[index].account;
	checker_dropped(checker, index);
	if (account->guarded && !guarded)
		account->bare = when;
	account->table = true;
	account->guarded = guarded;
}

void checker_bared(struct checker *checker, unsigned index, mono_t when, bool table_gone) {
	struct account *account = &checker->node[index].account;
	if (table_gone) {
		checker_dropped(checker, index);
		account->table = false;
	}
	if (account->guarded) {
		account->bare = when;
		account->leftover = account->removing;
	}
	account->guarded = false;
}

void checker_silenced(struct checker *checker, unsigned index, mono_t when) {
	checker->node[index].silent_from = when;
}

void checker_lags(struct checker *checker, unsigned index, mono_t until, mono_t when) {
	struct checker_node *node = &checker->node[index];
	struct account *account = &node->account;
	node->lagging_until = mono_max(node->lagging_until, when);
	if (account->lease_until >= node->clock)
		account->lease_until = mono_max(account->lease_until, until);
	if (account->permit_until >= node->clock)
		account->permit_until = mono_max(account->permit_until, until);
}

/* ---- frames ---- */

/* Silence proves nothing about a peer whose kernel answers for a shared IP: it asks every h, and two answers may be lost.
 * The permit bounds what may pass between the decision and the grant. */
static void check_evidence(struct checker *checker, unsigned index, span_t permit) {
	const struct checker_node *node = &checker->node[index];
	span_t h = node->config.timers.heartbeat;
	if (node->core_time - node->claimed <= 3 * h)
		checker_fail(checker, PROMISE_P4,
			     "node %u: claims by silence, %.3f ms after somebody answered for a shared IP", index,
			     (double)(node->core_time - node->claimed) / MSEC);
	if (checker->when - mono_min(node->held_since, checker->when) > 4 * h + permit)
		checker_fail(checker, PROMISE_P4,
			     "node %u: claims by silence, though the other would have answered for %.3f ms", index,
			     (double)(checker->when - node->held_since) / MSEC);
}

/* What an operator's force skips. */
static void check_consent(struct checker *checker, unsigned index, mono_t now, span_t silent, span_t permit) {
	const struct checker_node *node = &checker->node[index];
	const struct core_config *config = &node->config;
	if (now - node->answered > config->timers.test_fresh + permit)
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence; newest test answer was %.3f ms old", index,
			     (double)(now - node->answered) / MSEC);
	if (node->aborted > node->heard)
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence, though an operator stopped it", index);
	if (config->wait_for_peer && !node->met)
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence, and never heard its peer", index);
	/* It takes back what nobody claimed since: that moves nothing. */
	if (node->held && (node->known & 1) == index)
		return;
	if (silent < config->timers.dead + config->countdown)
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence, %.3f ms before the countdown was over",
			     index, (double)(config->timers.dead + config->countdown - silent) / MSEC);
	if (node->peer_digest != 0 && node->peer_digest != config->digest)
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence; the other was told something else", index);
}

/* Does the peer hold nothing, and leave, release to this node's very request, or know this node for the owner? */
static bool told(const struct checker_node *node, unsigned index) {
	const struct heartbeat *peer = &node->peer;
	bool released = peer->rel != 0 && peer->rel == node->want;
	return !peer->lease && (peer->leaving || released || ((node->known & 1) == index && peer->want == 0));
}

/* A claim rests on a frame of the peer that is not older than an echo may be, and says that it holds nothing; or on silence
 * for D, and on all that is asked for besides. */
static void check_claim(struct checker *checker, unsigned index, mono_t now) {
	struct checker_node *node = &checker->node[index];
	const struct timers *t = &node->config.timers;
	span_t permit = t->permit + t->jiffies_lag;
	span_t silent = now - mono_max(node->heard, node->booted);
	if (silent < t->dead) {
		checker->tally->told_claims++;
		if (now - node->heard > t->echo + permit)
			checker_fail(checker, PROMISE_P4, "node %u: claimed after %.3f ms of silence, D is %.3f ms", index,
				     (double)silent / MSEC, (double)t->dead / MSEC);
		if (!told(node, index))
			checker_fail(checker, PROMISE_P4, "node %u: claimed, and nobody gave it the role", index);
		return;
	}
	checker->tally->silent_claims++;
	check_evidence(checker, index, permit);
	if (node->config.fence == FENCE_REQUIRED && node->fenced < mono_max(node->heard, node->booted))
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence from a peer that was not fenced", index);
	if (node->forced == 0)
		check_consent(checker, index, now, silent, permit);
}

static void check_epoch(struct checker *checker, unsigned index, const struct heartbeat *hb, uint64_t mark_on_disk) {
	struct checker_node *node = &checker->node[index];
	if (hb->seen <= node->known || hb->seen <= node->granted)
		checker_fail(checker, PROMISE_P2, "node %u: claims epoch %lu, knows %lu, had %lu", index, hb->seen,
			     node->known, node->granted);
	if ((hb->seen & 1) != index)
		checker_fail(checker, PROMISE_P2, "node %u: claims the other's epoch %lu", index, hb->seen);
	if (hb->seen > mark_on_disk)
		checker_fail(checker, PROMISE_P2, "node %u: claims epoch %lu, above its disk's %lu", index, hb->seen,
			     mark_on_disk);
}

/* The send tells: who knows that it has no lease must not act as if it had one. */
static void check_belief(struct checker *checker, unsigned index, enum heartbeat_mark mark, bool passed) {
	struct account *account = &checker->node[index].account;
	if (mark == MARK_RENEW && account->told_gone)
		checker_fail(checker, PROMISE_P3, "node %u: renews a lease of which it knows that it is gone", index);
	account->told_gone = !passed;
}

/* A marked heartbeat left. Where the table stands, it had a permit or a lease, and has a lease of full length now: J counts
 * once, since a frame that renews while jiffies lag gets an expiry that is early by that lag. */
static void check_mark(struct checker *checker, unsigned index, mono_t clock, enum heartbeat_mark mark) {
	struct checker_node *node = &checker->node[index];
	struct account *account = &node->account;
	mono_t until = mark == MARK_GRANT ? account->permit_until : account->lease_until;
	if (!account->table)
		return;
	if (clock > until)
		checker_fail(checker, PROMISE_P3, "node %u: a %s left without a %s", index,
			     mark == MARK_GRANT ? "grant" : "renewal", mark == MARK_GRANT ? "permit" : "lease");
	/* While the jiffies are late after a thaw, the lease that it sets ends as they come back. */
	account->lease_until = clock + node->config.timers.lease + node->config.timers.jiffies_lag;
}

void checker_sent(struct checker *checker, unsigned index, mono_t clock, const struct heartbeat *hb, bool passed,
		  uint64_t mark_on_disk) {
	struct checker_node *node = &checker->node[index];
	if (hb->seen < node->known)
		checker_fail(checker, PROMISE_P2, "node %u: says epoch %lu, knows %lu", index, hb->seen, node->known);
	if (hb->mark != MARK_PLAIN)
		check_belief(checker, index, hb->mark, passed);
	if (hb->mark != MARK_PLAIN && passed)
		check_mark(checker, index, clock, hb->mark);
	switch (hb->mark) {
	case MARK_PLAIN:
		break;
	case MARK_RENEW:
		checker->tally->refused_renewals += !passed;
		break;
	case MARK_GRANT:
		checker->tally->refused_grants += !passed;
		check_epoch(checker, index, hb, mark_on_disk);
		node->granted = hb->seen;
		if (!passed || !node->account.table)
			break;
		if (checker->when >= node->lagging_until)
			check_claim(checker, index, clock);
		node->held = true;
		node->aborted = MONO_NEVER; /* by force */
		if (checker->quiet)
			checker_fail(checker, PROMISE_L3, "node %u claims epoch %lu though nothing happened", index,
				     hb->seen);
		break;
	}
	node->known = hb->seen > node->known ? hb->seen : node->known;
	node->want = hb->want ? hb->want : node->want;
}

/* P3: a frame of a shared IP left. Guarded, that takes a lease. Not guarded, see checker.h; `raw`: of a socket that
 * needs no address, so only the daemon's own time bounds it. */
static void check_frame(struct checker *checker, unsigned index, mono_t when, mono_t clock, bool raw) {
	struct checker_node *node = &checker->node[index];
	const struct account *account = &node->account;
	if (when > node->silent_from)
		checker_fail(checker, PROMISE_P3, "node %u: a frame left %.3f ms after its supervisor had to silence it",
			     index, (double)(when - node->silent_from) / MSEC);
	if (account->guarded) {
		if (clock > account->lease_until)
			checker_fail(checker, PROMISE_P3, "node %u: a frame left without a lease", index);
		return;
	}
	span_t able = when - mono_max(account->bare, account->hindered);
	checker->tally->bare_longest = mono_max(checker->tally->bare_longest, able);
	if (able > node->config.timers.heartbeat)
		checker_fail(checker, PROMISE_P3, "node %u: not guarded, though its daemon could run for %.3f ms", index,
			     (double)able / MSEC);
	if (!raw && clock > account->valid_until)
		checker_fail(checker, PROMISE_P3, "node %u: not guarded, and its addresses outlived their time by %.3f ms",
			     index, (double)(clock - account->valid_until) / MSEC);
}

/* P1 is not promised of this node now: see checker.h. */
static bool excused(const struct checker *checker, unsigned index, mono_t when) {
	const struct checker_node *node = &checker->node[index];
	const struct account *account = &node->account;
	bool kept = account->leftover || account->hindered > account->bare - node->config.timers.heartbeat;
	bool bare = !account->guarded && kept;
	return checker->waived || node->disordered || bare || when < node->lagging_until;
}

static void check_overlap(struct checker *checker, mono_t when) {
	struct tally *tally = checker->tally;
	bool both = checker->node[0].emits && checker->node[1].emits;
	if (both && !excused(checker, 0, when) && !excused(checker, 1, when))
		checker_fail(checker, PROMISE_P1, "both nodes emit");
	tally->waived += both && checker->waived && !checker->two;
	checker->two = both;
	if (!both || checker->waived) {
		checker->excused_since = MONO_FAR;
	} else {
		tally->excused += checker->excused_since == MONO_FAR;
		checker->excused_since = mono_min(checker->excused_since, when);
		tally->excused_longest = mono_max(tally->excused_longest, when - checker->excused_since);
	}
}

void checker_announced(struct checker *checker, unsigned index, mono_t when, mono_t clock) {
	check_frame(checker, index, when, clock, true);
	if (checker->node[1 - index].emits && !excused(checker, 0, when) && !excused(checker, 1, when))
		checker_fail(checker, PROMISE_P1, "node %u announces while node %u emits", index, 1 - index);
	checker->node[index].announced = when;
}

/* A data frame of the old owner may still be queued, for q. */
static void check_queue(struct checker *checker, mono_t when, unsigned index, mono_t ran_out) {
	span_t queueing = checker->node[1 - index].config.timers.queueing;
	if (when - ran_out < queueing && !excused(checker, 1 - index, when - queueing) && !excused(checker, index, when))
		checker_fail(checker, PROMISE_P1, "node %u emits %.3f ms after node %u's lease ran out: frames queue",
			     index, (double)(when - ran_out) / MSEC, 1 - index);
}

void checker_emission(struct checker *checker, mono_t when, const struct sight sights[CHECKER_NODES]) {
	checker->when = when;
	for (unsigned i = 0; i < CHECKER_NODES; i++) {
		struct checker_node *node = &checker->node[i];
		bool began = sights[i].emits && !node->emits;
		bool ended = !sights[i].emits && node->emits;
		node->clock = sights[i].clock;
		node->account.hindered = sights[i].hindered;
		node->account.removing = sights[i].removing;
		node->account.leftover &= sights[i].removing;
		node->held_since = sights[i].answered && !sights[i].emits ? mono_min(node->held_since, when) : MONO_FAR;
		node->silent_from = mono_max(node->silent_from, sights[i].unburied);
		if (sights[i].emits) {
			node->emitted = when;
			check_frame(checker, i, when, sights[i].clock, false);
		}
		if (began && !sights[1 - i].emits)
			check_queue(checker, when, i, sights[1 - i].ran_out);
		if (began && checker->holder != (int)i) {
			checker->tally->failovers += checker->holder >= 0;
			checker->holder = (int)i;
		}
		if (checker->quiet && (began || ended))
			checker_fail(checker, PROMISE_L3, "node %u %s to serve though nothing happened", i,
				     began ? "began" : "ceased");
		node->emits = sights[i].emits;
	}
	check_overlap(checker, when);
}

void checker_service(struct checker *checker, mono_t when, bool served, bool could, mono_t disturbed, span_t limit) {
	if (served || !could) {
		checker->unserved = MONO_FAR;
		return;
	}
	if (checker->unserved == MONO_FAR)
		checker->unserved = when;
	mono_t since = mono_max(checker->unserved, disturbed);
	if (when - since > limit)
		checker_fail(checker, PROMISE_L1, "nobody serves for %.3f ms though somebody could",
			     (double)(when - since) / MSEC);
}

void checker_settled(struct checker *checker, const bool serves[CHECKER_NODES],
		     const struct core_status status[CHECKER_NODES]) {
	checker->quiet = true;
	for (unsigned i = 0; i < CHECKER_NODES; i++)
		checker->node[i].since = status[i].since;
	if (serves[0] == serves[1]) {
		checker_fail(checker, PROMISE_L2, "%s serve after the heal", serves[0] ? "both nodes" : "no node");
		return;
	}
	unsigned primary = serves[1], backup = 1 - primary;
	const struct core_status *p = &status[primary], *b = &status[backup];
	if (p->state != STATE_PRIMARY || b->state != STATE_BACKUP)
		checker_fail(checker, PROMISE_L2, "node %u serves; they say %s and %s", primary,
			     state_name(status[0].state), state_name(status[1].state));
	else if (!p->hold || b->hold || !b->peer_lease || p->peer_lease || p->seen != b->seen || p->epoch != p->seen)
		checker_fail(checker, PROMISE_L2, "node %u serves; they do not agree on it, or on the epoch (%lu, %lu)",
			     primary, status[0].seen, status[1].seen);
	else if (checker->node[backup].config.failback && checker->node[backup].config.preferred && b->automatic &&
		 !b->paused)
		checker_fail(checker, PROMISE_L2, "node %u serves; the other is preferred, and did not ask for the role",
			     primary);
	if (checker->node[primary].announced < checker->node[backup].emitted ||
	    checker->node[primary].announced < checker->node[backup].announced)
		checker_fail(checker, PROMISE_L2, "node %u serves, but never announced it again", primary);
}

void checker_stayed(struct checker *checker, const struct core_status status[CHECKER_NODES]) {
	for (unsigned i = 0; i < CHECKER_NODES; i++)
		if (status[i].since != checker->node[i].since)
			checker_fail(checker, PROMISE_L3, "node %u became %s (%s) though nothing happened", i,
				     state_name(status[i].state), cause_name(status[i].cause));
}
