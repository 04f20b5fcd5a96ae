/* The adversary: he knows what a node is about to do, freezes it at the worst moment, holds
 * its jiffies back, and plays with what operators ask of it. */
#include "tests/sim/faults.h"

void adversary_freeze(struct world *w, struct host *host, span_t length, enum freeze freeze) {
	static const char *const names[] = {"stands still", "is stopped", "FROZEN", "FROZEN with its jiffies"};
	const struct kernel *kernel = &host->kernel;
	host->paused_until = mono_max(host->paused_until, w->now + length);
	faults_disturb(w, host->paused_until);
	world_trace(w, "node%u %s for %.3f ms", host->index, names[freeze], (double)length / MSEC);
	if (freeze >= FREEZE_SERVICE)
		host->supervisor.paused_until = mono_max(host->supervisor.paused_until, host->paused_until);
	if (freeze >= FREEZE_MACHINE)
		host->frozen_until = host->paused_until;
	if (freeze == FREEZE_JIFFIES) {
		mono_t thaw = kernel_clock(kernel, host->frozen_until);
		kernel_stall_jiffies(&host->kernel, host_clock(w, host), thaw + world_between(w, 0, kernel->lag));
		checker_lags(&w->checker, host->index, thaw + kernel->lag, kernel_when(kernel, thaw + kernel->lag));
	}
	if (!w->calm && world_chance(w, w->mood.flush))
		faults_flush(w, host);
}

span_t adversary_pause(struct world *w, const struct timers *t) {
	const span_t bounds[] = {MSEC, t->heartbeat, t->lease, t->dead, 5 * t->dead};
	int64_t i = world_between(w, 0, 3);
	return world_between(w, bounds[i], bounds[i + 1]);
}

/* The renewal rests on an echo that is nearly too old: let it leave just before the lease ends, and buy one more. */
static bool hunt_renewal(struct world *w, struct host *host) {
	const struct timers *t = &host->config.timers;
	mono_t end = host->kernel.lease_end;
	if (w->now - w->wires.arrived[host->index] < t->echo - 3 * t->heartbeat / 2 || !world_chance(w, w->mood.hunt))
		return false;
	span_t left = kernel_when(&host->kernel, end) - w->now - world_between(w, 30 * USEC, t->heartbeat / 2);
	if (left <= 0)
		return false;
	adversary_freeze(w, host, left, FREEZE_MONITOR);
	faults_count(w, MISHAP_LAST_RENEWAL);
	return true;
}

/* The grant leaves as its permit ends, or just after. */
static bool hunt_grant(struct world *w, struct host *host) {
	const struct timers *t = &host->config.timers;
	if (!world_chance(w, w->mood.hunt))
		return false;
	span_t left = kernel_when(&host->kernel, host->kernel.permit_end) - w->now;
	left += world_between(w, -t->heartbeat / 2, t->tick);
	if (left <= 0)
		return false;
	adversary_freeze(w, host, left, FREEZE_MONITOR);
	faults_count(w, MISHAP_LAST_GRANT);
	return true;
}

void adversary_tempt(struct world *w, struct host *host, const struct action *act) {
	const struct timers *t = &host->config.timers;
	if (w->calm || w->now < host->paused_until)
		return;
	if (!act) {
		if (!world_chance(w, w->mood.adversary) || !world_chance(w, 10))
			return;
		adversary_freeze(w, host, adversary_pause(w, t), FREEZE_MONITOR);
		faults_count(w, MISHAP_BEFORE_DECISION);
		return;
	}
	int64_t chance = w->mood.adversary;
	if (act->type == ACT_TEST || act->type == ACT_PROBE || (act->type == ACT_SEND && act->send.hb.mark == MARK_PLAIN))
		return;
	if (act->type == ACT_SEND && act->send.hb.mark == MARK_RENEW) {
		if (hunt_renewal(w, host))
			return;
		chance /= 8;
	} else if (act->type == ACT_SEND) {
		if (world_chance(w, w->mood.flush)) {
			faults_count(w, MISHAP_FLUSHED_CLAIM);
			faults_flush(w, host);
		}
		if (hunt_grant(w, host))
			return;
	} else if (act->type == ACT_DROP_LEASE && world_chance(w, w->mood.flush)) {
		faults_count(w, MISHAP_FLUSHED_DROP);
		faults_flush(w, host);
	}
	span_t length = world_chance(w, 500) ? world_between(w, t->heartbeat / 2, t->lease) : adversary_pause(w, t);
	if (!world_chance(w, chance))
		return;
	adversary_freeze(w, host, length, FREEZE_MONITOR);
	faults_count(w, MISHAP_BEFORE_ACT);
}

void adversary_lease_set(struct world *w, struct host *host) {
	const struct kernel *kernel = &host->kernel;
	if (w->calm || !kernel->lease_end || !world_chance(w, w->mood.stalls))
		return;
	true_t end = kernel_when(kernel, kernel->lease_end) - world_between(w, 1, kernel->lag);
	faults_post(w, HAPPEN_JIFFIES, host->index, mono_max(end, w->now));
}

void adversary_jiffies(struct world *w, struct host *host) {
	span_t length = world_between(w, host->kernel.tick, host->kernel.lag);
	mono_t now = host_clock(w, host);
	if (w->calm || kernel_stalled(&host->kernel, now))
		return;
	kernel_stall_jiffies(&host->kernel, now, now + length);
	faults_count(w, MISHAP_JIFFIES);
}

/* The request is heard only as it runs out, so that the peer releases to what is asked no longer; or the release is heard
 * only after a while. What else the peer says arrives as badly as N1 allows. */
void adversary_request(struct world *w, struct host *host) {
	unsigned index = host->index, other = 1 - index;
	const struct timers *t = &host->config.timers;
	unsigned last = w->links - 1; /* cut only if all are */
	if (w->calm || w->wires.cut[other][last] || w->wires.cut[index][last] ||
	    !world_chance(w, w->mood.storm ? 800 : 300))
		return;
	faults_count(w, MISHAP_LATE_WANT);
	bool unheard = world_chance(w, 500);
	span_t length = unheard ? 3 * t->dead - world_between(w, 0, 3 * t->heartbeat)
				: world_between(w, t->echo, world_chance(w, 500) ? 3 * t->echo : 3 * t->dead);
	struct happening uncut = {.type = HAPPEN_UNCUT, .node = unheard ? index : other, .drawing = w->wires.drawing};
	topology_mute(w, uncut.node, true);
	w->bait = 1 + index;
	world_post(w, w->now + length, uncut);
}

void adversary_overhear(struct world *w, struct host *from, const struct heartbeat *hb) {
	bool over = from->wanted != 0 && hb->want == 0 && !hb->lease;
	from->wanted = hb->want;
	if (over && !w->calm && world_chance(w, w->bait == 1 + from->index ? 800 : 300))
		world_post(w, w->now + world_between(w, 0, 2 * w->h),
			   (struct happening){.type = HAPPEN_OPERATOR, .node = from->index, .verb = VERB_TAKEOVER});
}
