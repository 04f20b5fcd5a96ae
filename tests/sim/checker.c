/* Judges the promises P1, P2, P4, L1, L2, L3 from what the world saw. */
#include "tests/sim/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void checker_init(struct checker *checker, struct tally *tally) {
	memset(checker, 0, sizeof *checker);
	checker->tally = tally;
	checker->holder = -1;
	checker->unserved = MONO_FAR;
	for (unsigned i = 0; i < CHECKER_NODES; i++) {
		struct checker_node *node = &checker->node[i];
		node->booted = node->core_time = node->heard = node->answered = MONO_NEVER;
		node->announced = node->emitted = MONO_NEVER;
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

void checker_boot(struct checker *checker, unsigned index, mono_t now, uint64_t mark, bool wiped) {
	struct checker_node *node = &checker->node[index];
	if (wiped) /* it cannot know what it knew; the peer tells it, if it can */
		node->granted = 0;
	else if (mark < node->granted)
		checker_fail(checker, PROMISE_P2, "node %u: its disk says %lu, but it used %lu", index, mark,
			     node->granted);
	node->known = mark;
	node->boot = node->seq = 0;
	node->booted = now;
	node->heard = node->answered = MONO_NEVER;
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
	if (!hb->deaf)
		node->heard = mono_max(node->heard, rx);
}

void checker_answered(struct checker *checker, unsigned index, mono_t sent) {
	struct checker_node *node = &checker->node[index];
	node->answered = mono_max(node->answered, sent);
}

/* A claim rests on a frame of the peer that is not older than an echo may be, or on silence for D and tests. The permit
 * bounds what may pass between the decision and the grant. */
static void check_claim(struct checker *checker, unsigned index, mono_t now) {
	struct checker_node *node = &checker->node[index];
	const struct timers *t = &node->timers;
	span_t permit = t->permit + (node->mode == LEASE_KERNEL ? t->jiffies_lag : 0);
	span_t silent = now - mono_max(node->heard, node->booted);
	if (silent < t->dead) {
		checker->tally->told_claims++;
		if (now - node->heard > t->echo + permit)
			checker_fail(checker, PROMISE_P4, "node %u: claimed after %.3f ms of silence, D is %.3f ms", index,
				     (double)silent / MSEC, (double)t->dead / MSEC);
		return;
	}
	checker->tally->silent_claims++;
	if (now - node->answered > t->test_fresh + permit && !checker->waived) /* force skips the tests */
		checker_fail(checker, PROMISE_P4, "node %u: claimed by silence; newest test answer was %.3f ms old", index,
			     (double)(now - node->answered) / MSEC);
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

void checker_sent(struct checker *checker, unsigned index, mono_t now, const struct heartbeat *hb, bool passed,
		  uint64_t mark_on_disk) {
	struct checker_node *node = &checker->node[index];
	if (hb->seen < node->known)
		checker_fail(checker, PROMISE_P2, "node %u: says epoch %lu, knows %lu", index, hb->seen, node->known);
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
		if (!passed)
			break;
		check_claim(checker, index, now);
		if (checker->quiet)
			checker_fail(checker, PROMISE_L3, "node %u claims epoch %lu though nothing happened", index,
				     hb->seen);
		break;
	}
	node->known = hb->seen > node->known ? hb->seen : node->known;
}

void checker_announced(struct checker *checker, unsigned index, mono_t when) {
	checker->node[index].announced = when;
}

void checker_emission(struct checker *checker, mono_t when, const bool emits[CHECKER_NODES],
		      const mono_t ran_out[CHECKER_NODES]) {
	for (unsigned i = 0; i < CHECKER_NODES; i++) {
		struct checker_node *node = &checker->node[i];
		unsigned other = 1 - i;
		bool began = emits[i] && !node->emits;
		bool ended = !emits[i] && node->emits;
		if (emits[i])
			node->emitted = when;
		if (began && !checker->waived && !emits[other] &&
		    when - ran_out[other] < checker->node[other].timers.queueing)
			checker_fail(checker, PROMISE_P1,
				     "node %u emits %.3f ms after node %u's lease ran out: frames queue", i,
				     (double)(when - ran_out[other]) / MSEC, other);
		if (began && checker->holder != (int)i) {
			checker->tally->failovers += checker->holder >= 0;
			checker->holder = (int)i;
		}
		if (checker->quiet && (began || ended))
			checker_fail(checker, PROMISE_L3, "node %u %s to serve though nothing happened", i,
				     began ? "began" : "ceased");
		node->emits = emits[i];
	}
	if (emits[0] && emits[1] && !checker->waived)
		checker_fail(checker, PROMISE_P1, "both nodes emit");
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
