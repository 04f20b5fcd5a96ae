/* A plain snapshot of the state, for every output. */
#include <string.h>

#include "hamon/core/parts.h"

static void peer_status(const struct core *core, struct core_status *s) {
	const struct peer *peer = &core->peer;

	s->met = core->met;
	s->peer_known = peer->known;
	s->peer_rx = peer->accepted ? mono_min(peer->rx, core->now) : MONO_NEVER;
	s->peer_boot = peer->boot;
	s->peer_cover = peer->cover;
	s->peer_covered = timers_cover(&core->config.timers, peer->cover);
	s->echo = peer->echo_newest;
	s->received = peer->received;
	s->duplicates = peer->duplicates;
	s->old_boot = peer->old_boot;
	s->peer_deaf = peer->known && !peer->says;
	if (!peer->says)
		return;
	s->peer_seen = peer->frame.seen;
	s->peer_lease = peer->frame.lease;
	s->peer_leaving = peer->frame.leaving;
	s->peer_fitness = peer->frame.fitness;
}

static void lease_status(const struct core *core, mono_t now, struct core_status *s) {
	s->hold = core->hold;
	s->alone = core->hold && lease_alone(core, now);
	s->conflict = core->conflict;
	s->epoch = core->hold ? core->epoch : 0;
	s->seen = core->seen;
	s->reserved = core->reserved;
	s->reserve_fails = core->reserve_at != MONO_NEVER;
	s->lease_until = core->lease_until;
	s->lease_renewed = lease_renewed_at(core);
	s->lease_lowest = core->lease_lowest;
	s->wanted = core->config.ips;
	if (core->served)
		s->serving = core->config.ips;
	s->announced = core->announced;
}

static void self_status(const struct core *core, mono_t now, struct core_status *s) {
	bool late = core->state == STATE_SUSPECT && !peer_unheard(core, now);
	bool counting = late || core->state == STATE_COUNTDOWN;

	s->state = core->state;
	s->since = core->state_since;
	s->cause = core->state_cause;
	s->events = core->events;
	s->dead_at = counting && !evidence_held(core, now) ? transition_dead_at(core) : MONO_FAR;
	s->paused = core->paused;
	s->paused_until = core->paused_until;
	s->automatic = core->config.automatic;
	s->backup_operations = core->config.backup_operations;
	s->boot = core->boot;
	s->faults = core->faults;
	s->fitness = fitness_now(core, now);
	s->sent = core->seq;
	s->worst_late = core->worst_late;
	s->worst_gap = core->worst_gap;
	s->worst_gap_at = core->worst_gap_at;
}

/* What a takeover has to reckon with. */
static void proof_status(const struct core *core, mono_t now, struct core_status *s) {
	s->holder_at = core->holder_at;
	s->stranger_at = core->stranger_at;
	s->stranger = evidence_strange(core, now);
	s->fence = core->fence;
	s->vetoed = core->faults & FAULT_VETO;
	s->health = core->health;
	s->failovers = core->failovers;
	s->hold_down = damping_delay(core);
	s->aborted = core->aborted;
	s->failback_at = core->fit_since == MONO_FAR ? MONO_FAR : core->fit_since + core->config.failback;
	s->digest_differs = peer_differs(core);
	s->digest = core->config.digest;
	s->loaded = core->config.loaded;
	s->peer_digest = core->peer.digest;
	s->peer_loaded = core->peer.loaded;
	s->reflecting = core->reflect_full;
	s->reflect_off = core->reflect_off;
}

void core_status(const struct core *core, mono_t now, struct core_status *s) {
	memset(s, 0, sizeof *s);
	proof_status(core, now, s);
	self_status(core, now, s);
	lease_status(core, now, s);
	peer_status(core, s);
	s->links = core->config.links;
	for (unsigned i = 0; i < core->config.links; i++) {
		const struct link *link = &core->links[i];
		s->link[i] = (struct link_status){.up = link->up,
						  .rx = mono_min(link->rx, core->now),
						  .received = link->received,
						  .reflect = core->config.links_reflect >> i & 1,
						  .lost = link->lost,
						  .gap_max = link->gap_max,
						  .rtt = link->rtt,
						  .jitter = link->jitter};
	}
	for (unsigned i = 0; i < CORE_TESTS; i++) {
		const struct test *test = &core->tests[i];
		bool used = core->config.tests >> i & 1;
		s->tests += used;
		s->test[i] = (struct test_status){.used = used,
						  .answered = test->answered,
						  .unbroken = test->unbroken,
						  .fresh = used && (connectivity_fresh_mask(core, now) >> i & 1),
						  .slow = used && connectivity_slow_one(core, now, i)};
	}
}
