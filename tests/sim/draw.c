/* What a seed draws before anything happens: the timers, the nodes, the mood, and when chaos, calm and quiet begin. */
#include <string.h>

#include "tests/sim/faults.h"

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
	host->carrier = host->named = host->exists = true;
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
	kernel_init(&host->kernel, &config->timers);
	host->mark = (uint64_t)world_between(w, 0, 9);
	w->checker.node[index].timers = config->timers;
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
	mood->flush = world_chance(w, 500) ? 0 : world_between(w, 1, 50);
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

void draw_seed(struct world *w) {
	w->links = (unsigned)world_between(w, 1, WORLD_LINKS);
	w->tests = (unsigned)world_between(w, 1, WORLD_TESTS);
	draw_pair(w);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		draw_host(w, &w->host[i]);
	draw_mood(w);
	memset(w->wires.reach, true, sizeof w->wires.reach);
	span_t apart = world_chance(w, 500) ? 2 * w->h : 3 * w->dead;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		faults_post(w, HAPPEN_BOOT, i, world_between(w, 0, apart));
	faults_post(w, HAPPEN_TOPOLOGY, 0, world_between(w, 0, 6 * w->dead));
	faults_post(w, HAPPEN_FAULT, 0, world_between(w, w->dead, 6 * w->dead));
	faults_post(w, HAPPEN_WATCH, 0, w->h / 2);
	/* Healed: dead nodes may need 6 D to come back; slow verdicts and hand-overs from illness a few seconds and 3 D. */
	true_t calm = world_between(w, 40, 160) * w->dead;
	true_t heal = calm + (world_chance(w, 500) ? world_between(w, 8, 14) * w->dead : 30 * w->dead + 5 * SEC);
	true_t quiet = heal + 30 * w->dead + 5 * SEC;
	faults_post(w, HAPPEN_CALM, 0, calm);
	faults_post(w, HAPPEN_HEAL, 0, heal);
	faults_post(w, HAPPEN_QUIET, 0, quiet);
	faults_post(w, HAPPEN_END, 0, quiet + 25 * w->dead);
	const struct timers *t = &w->host[0].config.timers;
	world_trace(w,
		    "seed %lu; within %.0f ms, tick %.0f ms, J %.0f ms, h %.3f ms, L %.0f ms, D %.1f ms; "
		    "%u links, %u tests",
		    w->seed, (double)t->within / MSEC, (double)t->tick / MSEC, (double)t->jiffies_lag / MSEC,
		    (double)t->heartbeat / MSEC, (double)t->lease / MSEC, (double)t->dead / MSEC, w->links, w->tests);
}
