/* The faults that strike one node at a time, and the heal. */
#include <string.h>

#include "tests/sim/faults.h"

void faults_count(struct world *w, enum mishap mishap) {
	w->tally->mishaps[mishap]++;
}

void faults_disturb(struct world *w, true_t until) {
	w->disturbed = mono_max(w->disturbed, until);
}

void faults_post(struct world *w, enum happening_type type, unsigned node, true_t at) {
	struct happening happening = {.type = type, .node = node, .life = w->host[node].life};
	world_post(w, at, happening);
}

static void plan_fault(struct world *w) {
	faults_post(w, HAPPEN_FAULT, 0,
		    w->now + world_between(w, w->h, world_chance(w, 500) ? w->dead : w->mood.fault_gap));
}

static void restart(struct world *w, struct host *host, bool may_wipe) {
	struct happening boot = {.type = HAPPEN_BOOT, .node = host->index, .life = host->life};
	span_t down = world_chance(w, 500) ? world_between(w, w->h / 4, 3 * w->h) : world_between(w, w->h, 6 * w->dead);
	boot.wiped = may_wipe && world_chance(w, 60);
	if (boot.wiped)
		faults_count(w, MISHAP_WIPE);
	faults_disturb(w, w->now + down);
	world_post(w, w->now + down, boot);
}

static void kill_all(struct world *w, struct host *host) {
	world_trace(w, "node%u KILLED", host->index);
	host_end(host);
	host->supervisor.alive = false;
	restart(w, host, true);
}

/* A supervisor that lives silences the node, at the latest as it starts the next one; else somebody starts everything
 * anew. */
static void kill_monitor(struct world *w, struct host *host) {
	world_trace(w, "node%u its monitor is KILLED", host->index);
	host_end(host);
	host_bury(w, host);
	restart(w, host, false);
}

/* The monitor sees its pipe closed, and ends in good order. */
static void kill_supervisor(struct world *w, struct host *host) {
	if (!host->supervisor.alive)
		return;
	world_trace(w, "node%u its supervisor is KILLED", host->index);
	faults_count(w, MISHAP_KILL_SUPERVISOR);
	host->supervisor.alive = false;
	struct event event = {.type = EV_STOP};
	host_mail(w, host, &event);
}

static void stop_monitor(struct world *w, struct host *host, span_t length) {
	adversary_freeze(w, host, length, FREEZE_MONITOR);
	host_bury(w, host);
	faults_post(w, HAPPEN_THAW, host->index, host->paused_until);
}

static void stop_supervisor(struct world *w, struct host *host, span_t length) {
	mono_t *until = &host->supervisor.paused_until;
	if (!host->supervisor.alive)
		return;
	faults_count(w, MISHAP_STOP_SUPERVISOR);
	*until = mono_max(*until, w->now + length);
	faults_disturb(w, *until + 2 * SEC); /* an epoch that could not be reserved is asked for again */
}

/* All processes of both nodes, which go on within a moment of each other. */
static void pause_both(struct world *w, span_t length) {
	for (unsigned i = 0; i < WORLD_NODES; i++)
		adversary_freeze(w, &w->host[i], length + world_between(w, 0, w->h / 4), FREEZE_SERVICE);
}

/* The machine's memory is lost, and with it the table and the addresses. */
void faults_power_off(struct world *w, struct host *host) {
	world_trace(w, "node%u LOST ITS POWER", host->index);
	host_end(host);
	host->supervisor.alive = false;
	kernel_flush(&host->kernel);
	memset(&host->kernel.present, 0, sizeof host->kernel.present);
	checker_bared(&w->checker, host->index, w->now, true);
	host->carrier = host->named = host->exists = true;
	restart(w, host, true);
}

static void delete_addresses(struct world *w, struct host *host) {
	struct event event = {.type = EV_ADDRESSES_LOST};
	event.lost = host->kernel.present;
	event.lost.bits[0] &= (uint64_t)world_between(w, 1, 7);
	if (ip_set_empty(&event.lost))
		return;
	faults_count(w, MISHAP_DELETED);
	host->kernel.present = ip_set_less(host->kernel.present, &event.lost);
	host_mail(w, host, &event);
}

/* Another configuration on one node, or the same again. */
static void change_digest(struct host *host) {
	host->config.digest ^= 1;
	host->reload = true;
}

/* While the machine stands still, it would not be known how long it has. */
static void change_rate(struct world *w, struct host *host) {
	if (w->now < host->frozen_until || kernel_stalled(&host->kernel, host_clock(w, host)))
		return;
	faults_count(w, MISHAP_CLOCK_RATE);
	kernel_set_rate(&host->kernel, w->now, world_chance(w, 500) ? -1000 : 1000);
}

static void reload(struct host *host) {
	struct ip_set *ips = &host->config.ips;
	if (ip_set_has(ips, SHARED_IPS - 1))
		ip_set_remove(ips, SHARED_IPS - 1);
	else
		ip_set_add(ips, SHARED_IPS - 1);
	host->reload = true;
}

static void delete_lease(struct world *w, struct host *host) {
	if (!kernel_leased(&host->kernel, host_clock(w, host)))
		return;
	faults_count(w, MISHAP_LEASE_DELETED);
	kernel_drop_lease(&host->kernel);
	checker_dropped(&w->checker, host->index);
	host_table_changed(w, host);
}

void faults_flush(struct world *w, struct host *host) {
	if (!host->kernel.table)
		return;
	world_trace(w, "node%u its table is DELETED", host->index);
	faults_count(w, MISHAP_FLUSHED);
	if (!host->alive || w->now < host->paused_until)
		faults_count(w, MISHAP_FLUSHED_STOPPED);
	kernel_flush(&host->kernel);
	checker_bared(&w->checker, host->index, w->now, true);
	host_table_changed(w, host);
	faults_disturb(w, w->now);
}

static void lose_carrier(struct world *w, struct host *host, enum mishap mishap) {
	if (!host->carrier)
		return;
	faults_count(w, mishap);
	host->carrier = false;
	struct event event = {.type = EV_CARRIER};
	host_mail(w, host, &event);
	faults_post(w, HAPPEN_CARRIER, host->index, w->now + world_between(w, w->h, 6 * w->dead));
	faults_disturb(w, w->now + 6 * w->dead);
}

/* Its chains are gone, whether the interface is there under another name or not at all. With it go its addresses. */
static void lose_interface(struct world *w, struct host *host, enum mishap mishap) {
	bool removed = mishap == MISHAP_RECREATED;
	if (!host->carrier)
		return;
	host->named = false;
	host->exists = !removed;
	host->kernel.hooked = false;
	checker_bared(&w->checker, host->index, w->now, false);
	host_table_changed(w, host);
	if (removed)
		memset(&host->kernel.present, 0, sizeof host->kernel.present);
	lose_carrier(w, host, mishap);
}

/* For a while; what failed is tried again after a few dead intervals, the disk after a second. */
static void fail_for_a_while(struct world *w, mono_t *until) {
	*until = w->now + world_between(w, w->h, 6 * w->dead);
	faults_disturb(w, *until + 4 * w->dead + 2 * SEC);
}

static void stop_daemon(struct world *w, struct host *host) {
	struct event event = {.type = EV_STOP};
	world_trace(w, "OPERATOR node%u stop", host->index);
	host_mail(w, host, &event);
	faults_disturb(w, w->now);
}

static enum mishap draw_fault(struct world *w) {
	int64_t sum = 0;
	for (unsigned i = 0; i < MISHAP_DRAWN; i++)
		sum += w->mood.weight[i];
	int64_t at = world_between(w, 0, sum - 1);
	unsigned i = 0;
	for (; at >= w->mood.weight[i]; i++)
		at -= w->mood.weight[i];
	return (enum mishap)i;
}

/* What befalls a node's processes, or its machine with all of them. */
static void strike_processes(struct world *w, struct host *host, enum mishap mishap) {
	span_t pause = adversary_pause(w, &host->config.timers);
	switch (mishap) {
	case MISHAP_PAUSE:
		adversary_freeze(w, host, pause, FREEZE_SERVICE);
		break;
	case MISHAP_FREEZE:
		adversary_freeze(w, host, pause, FREEZE_MACHINE);
		break;
	case MISHAP_FREEZE_JIFFIES:
		adversary_freeze(w, host, pause, FREEZE_JIFFIES);
		break;
	case MISHAP_PAUSE_BOTH:
		pause_both(w, pause);
		break;
	case MISHAP_STOP_MONITOR:
		stop_monitor(w, host, pause);
		break;
	case MISHAP_STOP_SUPERVISOR:
		stop_supervisor(w, host, pause);
		break;
	case MISHAP_STARVED:
		fail_for_a_while(w, &host->starved_until);
		break;
	case MISHAP_KILL:
		kill_all(w, host);
		break;
	case MISHAP_KILL_MONITOR:
		kill_monitor(w, host);
		break;
	default: /* MISHAP_KILL_SUPERVISOR */
		kill_supervisor(w, host);
	}
}

static void strike(struct world *w, struct host *host, enum mishap mishap) {
	switch (mishap) {
	case MISHAP_POWER:
		faults_power_off(w, host);
		break;
	case MISHAP_STOP:
		stop_daemon(w, host);
		break;
	case MISHAP_CARRIER_LOST:
		lose_carrier(w, host, mishap);
		break;
	case MISHAP_DELETED:
		delete_addresses(w, host);
		break;
	case MISHAP_RENAMED:
	case MISHAP_RECREATED:
		lose_interface(w, host, mishap);
		break;
	case MISHAP_LEASE_DELETED:
		delete_lease(w, host);
		break;
	case MISHAP_FLUSHED:
		faults_flush(w, host);
		break;
	case MISHAP_ADD_FAILS:
		fail_for_a_while(w, &host->add_fails_until);
		break;
	case MISHAP_PERMIT_REFUSED:
		fail_for_a_while(w, &host->permit_refused_until);
		break;
	case MISHAP_NETLINK_FAILS:
		fail_for_a_while(w, &host->netlink_fails_until);
		break;
	case MISHAP_RELOAD:
		reload(host);
		break;
	case MISHAP_DISK_FAILS:
		fail_for_a_while(w, &host->disk_fails_until);
		break;
	case MISHAP_SLOW:
		fail_for_a_while(w, &host->slow_until);
		break;
	case MISHAP_CLOCK_RATE:
		change_rate(w, host);
		break;
	case MISHAP_CLOCK_YEARS:
		host->years = world_between(w, -50, 50);
		break;
	case MISHAP_STRANGER:
		lan_stranger(w);
		break;
	case MISHAP_HEALTH_ILL:
		if (!host->config.health)
			break;
		faults_count(w, mishap);
		fail_for_a_while(w, &host->ill_until);
		break;
	case MISHAP_DIGEST:
		change_digest(host);
		break;
	default: /* verbs; the rest is not drawn */
		operators_strike(w, host, mishap);
	}
}

/* These may find nothing to harm, and count themselves when they do harm. */
static bool counts_itself(enum mishap mishap) {
	switch (mishap) {
	case MISHAP_STOP_SUPERVISOR:
	case MISHAP_KILL_SUPERVISOR:
	case MISHAP_CARRIER_LOST:
	case MISHAP_DELETED:
	case MISHAP_RENAMED:
	case MISHAP_RECREATED:
	case MISHAP_LEASE_DELETED:
	case MISHAP_FLUSHED:
	case MISHAP_CLOCK_RATE:
	case MISHAP_HEALTH_ILL:
		return true;
	default:
		return false;
	}
}

static void fault(struct world *w) {
	if (w->calm)
		return;
	plan_fault(w);
	struct host *host = &w->host[world_between(w, 0, 1)];
	enum mishap mishap = draw_fault(w);
	if (!host->alive && mishap != MISHAP_FLUSHED)
		return;
	if (!counts_itself(mishap))
		faults_count(w, mishap);
	faults_disturb(w, w->now);
	world_trace(w, "FAULT node%u %s", host->index, mishap_name(mishap));
	if (mishap <= MISHAP_KILL_SUPERVISOR)
		strike_processes(w, host, mishap);
	else
		strike(w, host, mishap);
}

/* Told by an operator not to serve, whatever the peer does: only the node itself knows until when. */
static bool stands_down(const struct host *host) {
	static struct core_status status; /* large */
	core_status(&host->core, host->now, &status);
	return status.faults & FAULT_STANDDOWN;
}

/* Kept from serving by what it saw, or was told: how long that counts is the node's to say. */
static bool kept_down(const struct host *host) {
	static struct core_status status; /* large */
	core_status(&host->core, host->now, &status);
	return (status.faults & (FAULT_STANDDOWN | FAULT_STRANGER | FAULT_VETO)) || status.digest_differs ||
	       status.aborted || (host->config.wait_for_peer && !status.peer_known);
}

static void heal(struct world *w) {
	world_trace(w, "HEAL");
	w->healed = true;
	w->stranger_until = w->now;
	topology_whole(w);
	/* The loser hears the winner within one interval, and gives in at once. */
	faults_post(w, HAPPEN_REARM, 0, w->now + w->h + w->h / 50 + 3 * MSEC);
	bool down = stands_down(&w->host[0]) && stands_down(&w->host[1]);
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		struct host *host = &w->host[i];
		host->add_fails_until = host->permit_refused_until = host->disk_fails_until = host->slow_until = w->now;
		host->netlink_fails_until = host->starved_until = host->ill_until = w->now;
		if (host->config.digest != SHARED_DIGEST)
			change_digest(host);
		if (host->alive && w->mood.clears)
			operators_ask(w, host, VERB_CLEAR, false);
		if (!host->alive && !w->mood.idle) /* what it kept on disk */
			host->paused = false;
		else if (w->now < host->idle_until && !w->mood.idle)
			operators_ask(w, host, VERB_RESUME, false);
		host->idle_until = w->now;
		if (host->alive && down)
			operators_ask(w, host, VERB_TAKEOVER, true); /* whoever is asked, and hears the other or not */
		down = down && !host->alive;
	}
}

void faults_happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	switch (it->type) {
	case HAPPEN_PURGE:
		host_silence(w, host);
		break;
	case HAPPEN_THAW:
		checker_silenced(&w->checker, host->index, MONO_FAR);
		break;
	case HAPPEN_JIFFIES:
		adversary_jiffies(w, host);
		break;
	case HAPPEN_OPERATOR:
		if (!w->calm && host->alive)
			operators_ask(w, host, it->verb, false);
		break;
	case HAPPEN_UNCUT:
		if (it->drawing == w->wires.drawing)
			topology_mute(w, it->node, false);
		break;
	case HAPPEN_TOPOLOGY:
		if (w->calm)
			break;
		topology_draw(w);
		topology_plan(w);
		break;
	case HAPPEN_CALM:
		topology_calm(w);
		break;
	case HAPPEN_REARM:
		topology_rearm(w);
		break;
	case HAPPEN_FAULT:
		fault(w);
		break;
	default: /* HAPPEN_HEAL; the rest is world.c's */
		heal(w);
	}
}

bool faults_could_serve(const struct world *w, const struct host *host) {
	unsigned node = host->index;
	mono_t slow = mono_max(host->slow_until, host->netlink_fails_until);
	mono_t busy = mono_max(mono_max(host->add_fails_until, host->permit_refused_until),
			       mono_max(host->disk_fails_until, slow));
	busy = mono_max(busy, mono_max(host->starved_until, host->supervisor.paused_until));
	if (!host->alive || w->now < host->paused_until || w->now < host->idle_until || w->now < busy)
		return false;
	if (!w->covered || !host->carrier || kept_down(host))
		return false;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->wires.slow[i] || w->wires.loss[i] > 100)
			return false;
	for (unsigned slot = 0; slot < w->tests; slot++)
		if (!wires_reach(w, node, slot))
			return false;
	return true;
}
