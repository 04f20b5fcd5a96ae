/* The seed's draw, the topologies, the faults, the operators, the adversary. */
#include "tests/sim/faults.h"

#include <string.h>

enum { SHARED_IPS = 3 };

static void count(struct world *w, enum mishap mishap) {
	w->tally->mishaps[mishap]++;
}

/* Nothing may be asked of the pair that this fault, which lasts until then, excuses. */
static void disturb(struct world *w, true_t until) {
	w->disturbed = mono_max(w->disturbed, until);
}

static void post(struct world *w, enum happening_type type, unsigned node, true_t at) {
	struct happening happening = {.type = type, .node = node, .life = w->host[node].life};
	world_post(w, at, happening);
}

/* ---- the draw ---- */

/* As likely 100 ms as 5 s: a length whose logarithm is even, in sixteenths of an octave. */
static span_t draw_within(struct world *w) {
	span_t within = 100 * MSEC;
	for (int64_t steps = world_between(w, 0, 90); steps > 0; steps--)
		within += within * 443 / 10000; /* 2 ^ (1 / 16) */
	return mono_min(within, 5 * SEC);
}

static void draw_timers(struct world *w, span_t within, struct timers *timers) {
	static const span_t ticks[] = {MSEC, 4 * MSEC, 10 * MSEC};
	struct timers_ask ask = {.within = within, .addresses = SHARED_IPS};
	do {
		ask.tick = ticks[world_between(w, 0, 2)];
		ask.jiffies_lag = ask.tick * (world_chance(w, 500) ? 1 : 6);
	} while (timers_derive(&ask, timers));
}

/* Mostly the same timers; else another kernel, and another `within` so near that N1 still holds between the two. */
static void draw_pair(struct world *w) {
	struct timers *a = &w->host[0].config.timers, *b = &w->host[1].config.timers;
	span_t within = draw_within(w);
	draw_timers(w, within, a);
	*b = *a;
	if (world_chance(w, 150))
		draw_timers(w, mono_max(100 * MSEC, within * world_between(w, 80, 120) / 100), b);
	if (2 * a->heartbeat > 3 * b->heartbeat || 2 * b->heartbeat > 3 * a->heartbeat)
		*b = *a;
	w->covered = timers_cover(a, b->cover) && timers_cover(b, a->cover);
	w->h = mono_max(a->heartbeat, b->heartbeat);
	w->dead = mono_max(a->dead, b->dead);
}

static void draw_host(struct world *w, struct host *host) {
	struct core_config *config = &host->config;
	unsigned index = (unsigned)(host - w->host);
	host->index = index;
	host->carrier = true;
	config->parity = index;
	config->policy = POLICY_MAJORITY;
	config->alone = ALONE_TESTED;
	config->tests = (uint16_t)((1U << w->tests) - 1);
	config->casting = 0;
	config->automatic = config->backup_operations = true;
	config->links = w->links;
	for (unsigned slot = 0; slot < SHARED_IPS; slot++)
		ip_set_add(&config->ips, slot);
	host->kernel.rate_ppm = world_chance(w, 300) ? -1000 : world_chance(w, 500) ? 1000 : world_between(w, -1000, 1000);
	host->kernel.offset = world_between(w, SEC, 1000 * SEC);
	kernel_init(&host->kernel, w->mode, &config->timers);
	host->mark = (uint64_t)world_between(w, 0, 9);
	w->checker.node[index].timers = config->timers;
	w->checker.node[index].mode = w->mode;
}

/* Some seeds are rough in everything, some in one thing, some nearly calm. */
static void draw_mood(struct world *w) {
	static const int64_t often[] = {0, 1, 1, 3, 10};
	struct mood *mood = &w->mood;
	mood->loss = world_chance(w, 300) ? 0 : world_between(w, 0, 300);
	mood->slow = world_between(w, 50, 300);
	mood->duplicate = world_between(w, 0, 60);
	mood->adversary = world_chance(w, 200) ? 0 : world_between(w, 5, 60);
	mood->hunt = world_chance(w, 300) ? 0 : world_between(w, 100, 500);
	mood->stalls = world_chance(w, 300) ? 0 : world_between(w, 10, 200);
	mood->misfire = world_chance(w, 500) ? 0 : world_between(w, 1, 20);
	mood->fault_gap = w->dead * (world_chance(w, 700) ? 6 : 40);
	mood->dwell = w->dead * (world_chance(w, 600) ? 8 : 30);
	for (unsigned i = 0; i < MISHAP_DRAWN; i++)
		mood->weight[i] = often[world_between(w, 0, 4)];
	mood->weight[MISHAP_TAKEOVER]++; /* never all zero */
	mood->storm = world_chance(w, 200);
	mood->idle = world_chance(w, 100);
	if (mood->storm)
		mood->weight[MISHAP_TAKEOVER] += 50;
}

static void plan_topology(struct world *w) {
	span_t least = w->host[0].config.timers.test_fresh + 3 * w->h / 2; /* N1: requests within F of each other */
	span_t most = world_chance(w, 500) ? 2 * w->dead : w->mood.dwell;
	post(w, HAPPEN_TOPOLOGY, 0, w->now + world_between(w, least, most));
}

static void plan_fault(struct world *w) {
	post(w, HAPPEN_FAULT, 0, w->now + world_between(w, w->h, world_chance(w, 500) ? w->dead : w->mood.fault_gap));
}

void faults_begin(struct world *w) {
	w->links = (unsigned)world_between(w, 1, WORLD_LINKS);
	w->tests = (unsigned)world_between(w, 1, WORLD_TESTS);
	draw_pair(w);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		draw_host(w, &w->host[i]);
	draw_mood(w);
	memset(w->wires.reach, true, sizeof w->wires.reach);
	span_t apart = world_chance(w, 500) ? 2 * w->h : 3 * w->dead;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		post(w, HAPPEN_BOOT, i, world_between(w, 0, apart));
	post(w, HAPPEN_TOPOLOGY, 0, world_between(w, 0, 6 * w->dead));
	post(w, HAPPEN_FAULT, 0, world_between(w, w->dead, 6 * w->dead));
	post(w, HAPPEN_WATCH, 0, w->h / 2);
	/* Healed: dead nodes may need 6 D to come back; slow verdicts and hand-overs from illness a few seconds and 3 D. */
	true_t calm = world_between(w, 40, 160) * w->dead;
	true_t heal = calm + (world_chance(w, 500) ? world_between(w, 8, 14) * w->dead : 30 * w->dead + 5 * SEC);
	true_t quiet = heal + 30 * w->dead + 5 * SEC;
	post(w, HAPPEN_CALM, 0, calm);
	post(w, HAPPEN_HEAL, 0, heal);
	post(w, HAPPEN_QUIET, 0, quiet);
	post(w, HAPPEN_END, 0, quiet + 25 * w->dead);
	const struct timers *t = &w->host[0].config.timers;
	world_trace(w,
		    "seed %lu, %s; within %.0f ms, tick %.0f ms, J %.0f ms, h %.3f ms, L %.0f ms, D %.1f ms; %u links, %u "
		    "tests",
		    w->seed, lease_mode_name(w->mode), (double)t->within / MSEC, (double)t->tick / MSEC,
		    (double)t->jiffies_lag / MSEC, (double)t->heartbeat / MSEC, (double)t->lease / MSEC,
		    (double)t->dead / MSEC, w->links, w->tests);
}

/* ---- topologies ---- */

static void make_whole(struct wires *wires) {
	unsigned drawing = wires->drawing;
	true_t arrived[WORLD_NODES];
	memcpy(arrived, wires->arrived, sizeof arrived);
	memset(wires, 0, sizeof *wires);
	memset(wires->reach, true, sizeof wires->reach);
	memcpy(wires->arrived, arrived, sizeof arrived);
	wires->drawing = drawing + 1;
}

static void cut(struct world *w, unsigned from, bool is_cut) {
	for (unsigned link = 0; link < w->links; link++)
		w->wires.cut[from][link] = is_cut;
}

static void reach_by_chance(struct world *w) {
	for (unsigned node = 0; node < WORLD_NODES; node++)
		for (unsigned slot = 0; slot < w->tests; slot++)
			w->wires.reach[node][slot] = world_chance(w, 700);
}

/* A test IP that both reach would be a way between them: N1. */
static void split(struct world *w) {
	count(w, MISHAP_SPLIT);
	cut(w, 0, true);
	cut(w, 1, true);
	for (unsigned slot = 0; slot < w->tests; slot++) {
		int64_t side = world_between(w, 0, 2);
		for (unsigned node = 0; node < WORLD_NODES; node++)
			w->wires.reach[node][slot] = side == node;
	}
}

static void trace_wires(struct world *w) {
	const struct wires *wires = &w->wires;
	world_trace(w, "WIRES cut %d %d, loss %ld %ld, slow %d %d, reach %d%d%d %d%d%d", wires->cut[0][0], wires->cut[1][0],
		    wires->loss[0], wires->loss[1], wires->slow[0], wires->slow[1], wires->reach[0][0], wires->reach[0][1],
		    wires->reach[0][2], wires->reach[1][0], wires->reach[1][1], wires->reach[1][2]);
}

static void whole_topology(struct world *w) {
	make_whole(&w->wires);
	w->bait = 0;
	disturb(w, w->now);
}

static void new_topology(struct world *w) {
	struct wires *wires = &w->wires;
	whole_topology(w);
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		wires->slow[i] = world_chance(w, 300);
		wires->loss[i] = world_chance(w, 500) ? 0 : w->mood.loss;
	}
	int64_t kind = w->mood.storm && world_chance(w, 700) ? 9 : world_between(w, 0, 9);
	if (kind <= 2) {
		reach_by_chance(w);
	} else if (kind <= 6) {
		split(w);
	} else if (kind <= 8) {
		count(w, MISHAP_ONE_WAY);
		cut(w, (unsigned)world_between(w, 0, 1), true);
		reach_by_chance(w);
	} else if (w->links > 1) {
		count(w, MISHAP_ONE_LINK);
		wires->cut[world_between(w, 0, 1)][world_between(w, 0, 1)] = true;
	}
	trace_wires(w);
}

/* Who holds the lease can neither hear the other nor reach a test IP: it must not keep the other quiet. */
static void deafen_holder(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0;
	whole_topology(w);
	cut(w, 1 - holder, true);
	memset(w->wires.reach[holder], false, sizeof w->wires.reach[holder]);
	count(w, MISHAP_DEAF_HOLDER);
	trace_wires(w);
}

/* Beyond N1: neither hears the other, and both reach every test IP, or an operator forces the one that does not. Two owners are then as docs/SAFETY.md says; what is
 * demanded is that they are it no longer than a few heartbeats after the heal. */
static void break_n1(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0, other = 1 - holder;
	whole_topology(w);
	cut(w, 0, true);
	cut(w, 1, true);
	w->checker.waived = true;
	if (world_chance(w, 500) && w->host[other].alive) {
		memset(w->wires.reach[other], false, sizeof w->wires.reach[other]);
		ask(w, &w->host[other], VERB_TAKEOVER, true);
		count(w, MISHAP_FORCED_SPLIT);
	} else {
		count(w, MISHAP_N1_BROKEN);
	}
	trace_wires(w);
}

static void ask(struct world *w, struct host *host, enum verb verb, bool force) {
	struct event event = {.type = EV_OPERATOR};
	event.operator.verb = verb;
	event.operator.force = force;
	event.operator.token = ++ w->requests;
	event.operator.dry_run = !w->calm && world_chance(w, 50);
	if (verb == VERB_PAUSE && !w->calm && world_chance(w, 500))
		event.operator.pause = world_between(w, w->h, 6 * w->dead);
	if (event.operator.dry_run)
		count(w, MISHAP_DRY_RUN);
	else if (verb == VERB_PAUSE)
		host->idle_until = event.operator.pause ? w->now + event.operator.pause + w->dead : MONO_FAR;
	else if (verb == VERB_RESUME)
		host->idle_until = w->now;
	if (host->idle_until != MONO_FAR)
		disturb(w, host->idle_until);
	if (force)
		count(w, MISHAP_FORCE);
	world_trace(w, "OPERATOR node%u %s%s%s", host->index, verb_name(verb), force ? " force" : "",
		    event.operator.dry_run ? " dry-run" : "");
	host_mail(w, host, &event);
	disturb(w, w->now);
}

/* Neither side of a split may claim by silence, or renew alone: after the heal only consent can make a primary. */
static void split_idle_pair(struct world *w) {
	whole_topology(w);
	split(w);
	memset(w->wires.reach, false, sizeof w->wires.reach);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].alive)
			ask(w, &w->host[i], VERB_PAUSE, false);
		else
			w->host[i].paused = true;
	count(w, MISHAP_IDLE_PAIR);
	trace_wires(w);
}

static void calm(struct world *w) {
	world_trace(w, "CALM");
	w->calm = true;
	int64_t kind = world_between(w, 0, 9);
	if (w->mood.idle)
		split_idle_pair(w);
	else if (kind < 4)
		new_topology(w);
	else if (kind < 6)
		deafen_holder(w);
	else if (kind < 9)
		break_n1(w);
}

/* ---- pauses, and the adversary who places them ---- */

bool world_pause(struct world *w, struct host *host, span_t length, bool host_too) {
	const struct timers *t = &host->config.timers;
	if (w->mode == LEASE_STANDIN) {
		if (w->now < host->paused_until + t->lease)
			return false;
		length = mono_min(length, t->lease / 4);
	}
	if (length <= 0)
		return false;
	host->paused_until = mono_max(host->paused_until, w->now + length);
	if (host_too)
		host->frozen_until = host->paused_until;
	disturb(w, host->paused_until);
	world_trace(w, "node%u %s for %.3f ms", host->index, host_too ? "FROZEN" : "paused", (double)length / MSEC);
	return true;
}

static span_t draw_pause(struct world *w, const struct timers *t) {
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
	if (!world_pause(w, host, left, false))
		return false;
	count(w, MISHAP_LAST_RENEWAL);
	return true;
}

/* The grant leaves as its permit ends, or just after. */
static bool hunt_grant(struct world *w, struct host *host) {
	const struct timers *t = &host->config.timers;
	if (!world_chance(w, w->mood.hunt))
		return false;
	span_t left = kernel_when(&host->kernel, host->kernel.permit_end) - w->now;
	if (!world_pause(w, host, left + world_between(w, -t->heartbeat / 2, t->tick), false))
		return false;
	count(w, MISHAP_LAST_GRANT);
	return true;
}

void world_tempt(struct world *w, struct host *host, const struct action *act) {
	const struct timers *t = &host->config.timers;
	if (w->calm || w->now < host->paused_until)
		return;
	if (!act) {
		if (world_chance(w, w->mood.adversary) && world_chance(w, 10) &&
		    world_pause(w, host, draw_pause(w, t), false))
			count(w, MISHAP_BEFORE_DECISION);
		return;
	}
	int64_t chance = w->mood.adversary;
	if (act->type == ACT_TEST || (act->type == ACT_SEND && act->send.hb.mark == MARK_PLAIN))
		return;
	if (act->type == ACT_SEND && act->send.hb.mark == MARK_RENEW) {
		if (hunt_renewal(w, host))
			return;
		chance /= 8;
	} else if (act->type == ACT_SEND && hunt_grant(w, host)) {
		return;
	}
	span_t length = world_chance(w, 500) ? world_between(w, t->heartbeat / 2, t->lease) : draw_pause(w, t);
	if (world_chance(w, chance) && world_pause(w, host, length, false))
		count(w, MISHAP_BEFORE_ACT);
}

void world_lease_set(struct world *w, struct host *host) {
	const struct kernel *kernel = &host->kernel;
	if (w->calm || w->mode != LEASE_KERNEL || !world_chance(w, w->mood.stalls))
		return;
	true_t end = kernel_when(kernel, kernel->lease_end) - world_between(w, 1, kernel->lag);
	post(w, HAPPEN_JIFFIES, host->index, mono_max(end, w->now));
}

static void stand_jiffies_still(struct world *w, struct host *host) {
	span_t length = world_between(w, host->kernel.tick, host->kernel.lag);
	if (!w->calm && kernel_stall_jiffies(&host->kernel, host_clock(w, host), length))
		count(w, MISHAP_JIFFIES);
}

/* ---- operators ---- */

/* The request is heard only as it runs out, so that the peer releases to what is asked no longer; or the release is heard
 * only after a while. What else the peer says arrives as badly as N1 allows. */
static void play_with_request(struct world *w, struct host *host) {
	unsigned index = host->index, other = 1 - index;
	const struct timers *t = &host->config.timers;
	if (w->calm || w->wires.cut[other][0] || w->wires.cut[index][0] || !world_chance(w, w->mood.storm ? 800 : 300))
		return;
	count(w, MISHAP_LATE_WANT);
	bool unheard = world_chance(w, 500);
	span_t length = unheard ? 3 * t->dead - world_between(w, 0, 3 * t->heartbeat)
				: world_between(w, t->echo, world_chance(w, 500) ? 3 * t->echo : 3 * t->dead);
	struct happening uncut = {.type = HAPPEN_UNCUT, .node = unheard ? index : other, .drawing = w->wires.drawing};
	cut(w, uncut.node, true);
	w->bait = 1 + index;
	world_post(w, w->now + length, uncut);
}

void faults_overhear(struct world *w, struct host *from, const struct heartbeat *hb) {
	bool over = from->wanted != 0 && hb->want == 0 && !hb->lease;
	from->wanted = hb->want;
	if (over && !w->calm && world_chance(w, w->bait == 1 + from->index ? 800 : 300))
		post(w, HAPPEN_OPERATOR, from->index, w->now + world_between(w, 0, 2 * w->h));
}

/* ---- faults ---- */

static void restart(struct world *w, struct host *host, bool may_wipe) {
	struct happening boot = {.type = HAPPEN_BOOT, .node = host->index, .life = host->life};
	span_t down = world_chance(w, 500) ? world_between(w, w->h / 4, 3 * w->h) : world_between(w, w->h, 6 * w->dead);
	boot.wiped = may_wipe && world_chance(w, 60);
	if (boot.wiped)
		count(w, MISHAP_WIPE);
	disturb(w, w->now + down);
	world_post(w, w->now + down, boot);
}

static void silence(struct host *host) {
	kernel_drop_lease(&host->kernel);
	memset(&host->kernel.present, 0, sizeof host->kernel.present);
}

/* The monitor dies: its supervisor silences the node, or died with it and leaves that to the kernel. */
static void kill_daemon(struct world *w, struct host *host) {
	world_trace(w, "node%u KILLED", host->index);
	host_end(w, host);
	if (w->mode == LEASE_STANDIN)
		post(w, HAPPEN_PURGE, host->index, w->now + world_between(w, 200 * USEC, host->config.timers.lease / 8));
	else if (world_chance(w, 500))
		post(w, HAPPEN_PURGE, host->index, w->now + world_between(w, 200 * USEC, 10 * MSEC));
	restart(w, host, true);
}

static void lose_power(struct world *w, struct host *host) {
	world_trace(w, "node%u LOST ITS POWER", host->index);
	host_end(w, host);
	silence(host);
	restart(w, host, true);
}

static void delete_addresses(struct world *w, struct host *host) {
	struct event event = {.type = EV_ADDRESSES_LOST};
	event.lost = host->kernel.present;
	event.lost.bits[0] &= (uint64_t)world_between(w, 1, 7);
	if (ip_set_empty(&event.lost))
		return;
	host->kernel.present = ip_set_less(host->kernel.present, &event.lost);
	host_mail(w, host, &event);
}

static void reload(struct host *host) {
	struct ip_set *ips = &host->config.ips;
	if (ip_set_has(ips, SHARED_IPS - 1))
		ip_set_remove(ips, SHARED_IPS - 1);
	else
		ip_set_add(ips, SHARED_IPS - 1);
	host->reload = true;
}

static void flush_lease(struct world *w, struct host *host) {
	if (w->mode == LEASE_STANDIN || !kernel_leased(&host->kernel, host_clock(w, host)))
		return;
	count(w, MISHAP_LEASE_FLUSHED);
	kernel_drop_lease(&host->kernel);
	struct event event = {.type = EV_LEASE_LOST};
	host_mail(w, host, &event);
}

static void lose_carrier(struct world *w, struct host *host) {
	if (!host->carrier)
		return;
	host->carrier = false;
	struct event event = {.type = EV_CARRIER};
	host_mail(w, host, &event);
	post(w, HAPPEN_CARRIER, host->index, w->now + world_between(w, w->h, 6 * w->dead));
	disturb(w, w->now + 6 * w->dead);
}

/* For a while; what failed is tried again after a few dead intervals, the disk after a second. */
static void fail_for_a_while(struct world *w, mono_t *until) {
	*until = w->now + world_between(w, w->h, 6 * w->dead);
	disturb(w, *until + 4 * w->dead + 2 * SEC);
}

/* A verb to the node that it means something to, mostly. */
static struct host *asked_of(struct world *w, bool serving, struct host *otherwise) {
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].alive && w->checker.node[i].emits == serving && world_chance(w, 900))
			return &w->host[i];
	return otherwise;
}

static void stop_daemon(struct world *w, struct host *host) {
	struct event event = {.type = EV_STOP};
	world_trace(w, "OPERATOR node%u stop", host->index);
	host_mail(w, host, &event);
	disturb(w, w->now);
}

/* What an operator does. */
static void operate(struct world *w, struct host *host, enum mishap mishap) {
	if (mishap == MISHAP_TAKEOVER) {
		host = asked_of(w, false, host);
		ask(w, host, VERB_TAKEOVER, false);
		play_with_request(w, host);
	} else if (mishap == MISHAP_GIVE) {
		ask(w, asked_of(w, true, host), VERB_STANDDOWN, world_chance(w, 200));
	} else {
		ask(w, host, w->now < host->idle_until ? VERB_RESUME : VERB_PAUSE, false);
	}
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

static void strike(struct world *w, struct host *host, enum mishap mishap) {
	switch (mishap) {
	case MISHAP_PAUSE:
	case MISHAP_FREEZE:
		world_pause(w, host, draw_pause(w, &host->config.timers), mishap == MISHAP_FREEZE);
		break;
	case MISHAP_KILL:
		kill_daemon(w, host);
		break;
	case MISHAP_POWER:
		lose_power(w, host);
		break;
	case MISHAP_STOP:
		stop_daemon(w, host);
		break;
	case MISHAP_CARRIER_LOST:
		lose_carrier(w, host);
		break;
	case MISHAP_DELETED:
		delete_addresses(w, host);
		break;
	case MISHAP_LEASE_FLUSHED:
		flush_lease(w, host);
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
	default: /* verbs; the rest is not drawn */
		operate(w, host, mishap);
	}
}

static void fault(struct world *w) {
	if (w->calm)
		return;
	plan_fault(w);
	struct host *host = &w->host[world_between(w, 0, 1)];
	enum mishap mishap = draw_fault(w);
	if (!host->alive)
		return;
	if (mishap != MISHAP_LEASE_FLUSHED)
		count(w, mishap);
	disturb(w, w->now);
	world_trace(w, "FAULT node%u %s", host->index, mishap_name(mishap));
	strike(w, host, mishap);
}

/* Told by an operator not to serve, whatever the peer does: only the node itself knows until when. */
static bool stands_down(const struct host *host) {
	static struct core_status status; /* large */
	core_status(&host->core, host->now, &status);
	return status.faults & FAULT_STANDDOWN;
}

static void heal(struct world *w) {
	world_trace(w, "HEAL");
	w->healed = true;
	whole_topology(w);
	/* The loser hears the winner within one interval, and gives in at once. */
	post(w, HAPPEN_REARM, 0, w->now + w->h + w->h / 50 + 3 * MSEC);
	bool down = stands_down(&w->host[0]) && stands_down(&w->host[1]);
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		struct host *host = &w->host[i];
		host->add_fails_until = host->permit_refused_until = host->disk_fails_until = host->slow_until = w->now;
		host->netlink_fails_until = w->now;
		if (!host->alive && !w->mood.idle) /* what it kept on disk */
			host->paused = false;
		else if (w->now < host->idle_until && !w->mood.idle)
			ask(w, host, VERB_RESUME, false);
		host->idle_until = w->now;
		if (host->alive && down)
			ask(w, host, VERB_TAKEOVER, true); /* two that are forced down may be deaf to one another */
		down = down && !host->alive;
	}
}

void faults_happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	switch (it->type) {
	case HAPPEN_PURGE:
		silence(host);
		break;
	case HAPPEN_JIFFIES:
		stand_jiffies_still(w, host);
		break;
	case HAPPEN_OPERATOR:
		if (!w->calm && host->alive)
			ask(w, host, VERB_TAKEOVER, false);
		break;
	case HAPPEN_UNCUT:
		if (it->drawing == w->wires.drawing)
			cut(w, it->node, false);
		break;
	case HAPPEN_TOPOLOGY:
		if (w->calm)
			break;
		new_topology(w);
		plan_topology(w);
		break;
	case HAPPEN_CALM:
		calm(w);
		break;
	case HAPPEN_REARM:
		w->checker.waived = false;
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
	if (!host->alive || w->now < host->paused_until || w->now < host->idle_until || w->now < busy)
		return false;
	if (!w->covered || !host->carrier || stands_down(host))
		return false;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->wires.slow[i] || w->wires.loss[i] > 100)
			return false;
	for (unsigned slot = 0; slot < w->tests; slot++)
		if (!w->wires.reach[node][slot])
			return false;
	return true;
}
