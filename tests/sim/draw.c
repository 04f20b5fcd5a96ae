/* What a seed draws before anything happens: the timers, the policies, the nodes, the mood, and when chaos, calm and quiet
 * begin. */
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

static span_t draw_span(struct world *w, int64_t permille, span_t least, span_t most) {
	return world_chance(w, permille) ? world_between(w, least, most) : 0;
}

/* What both nodes are told alike: each of it in some seeds. */
static void draw_policies(struct world *w) {
	struct core_config *config = &w->host[0].config;
	config->policy = world_chance(w, 150) ? POLICY_ANY : POLICY_MAJORITY;
	w->tests = config->policy == POLICY_ANY ? 1 : (unsigned)world_between(w, 1, WORLD_TESTS);
	config->tests = (uint16_t)((1U << w->tests) - 1);
	config->casting = (uint8_t)world_between(w, 0, w->tests - 1);
	config->alone = ALONE_TESTED;
	w->links = (unsigned)world_between(w, 1, WORLD_LINKS);
	w->reflects = world_chance(w, 700);
	config->links = w->links + w->reflects;
	config->links_reflect = (uint8_t)(w->reflects << w->links);
	config->digest = SHARED_DIGEST;
	config->stand_down = world_chance(w, 300);
	config->wait_for_peer = world_chance(w, 100);
	config->failback = draw_span(w, 120, w->dead, 8 * w->dead);
	config->countdown = draw_span(w, 120, w->h, 6 * w->dead);
	config->hold_down = draw_span(w, 300, w->dead / 2, 2 * w->dead);
	config->hold_down_most = config->hold_down * world_between(w, 1, 4);
	config->fence = world_chance(w, 700) ? FENCE_OFF : world_chance(w, 300) ? FENCE_BEST_EFFORT : FENCE_REQUIRED;
	config->fence_delay = draw_span(w, 500, 0, w->dead);
	config->gate = world_chance(w, 150);
	config->health = world_chance(w, 200);
	config->health_fall = (unsigned)world_between(w, 1, 3);
	config->health_rise = (unsigned)world_between(w, 1, 2);
	w->health = world_between(w, w->h, w->dead);
	w->command = world_between(w, w->dead / 2, 3 * w->dead);
	w->patience = mono_max(config->countdown, config->hold_down_most) + config->fence_delay +
		      (config->fence ? w->command : 0) + (config->gate ? w->command : 0);
}

static void draw_host(struct world *w, struct host *host) {
	struct core_config *config = &host->config;
	unsigned index = (unsigned)(host - w->host);
	host->index = index;
	host->carrier = host->named = host->exists = true;
	struct timers timers = config->timers;
	*config = w->host[0].config;
	config->timers = timers;
	config->parity = index;
	config->preferred = index == w->preferred;
	config->automatic = config->backup_operations = true;
	for (unsigned slot = 0; slot < SHARED_IPS; slot++)
		ip_set_add(&config->ips, slot);
	host->kernel.rate_ppm = world_chance(w, 300) ? -1000 : world_chance(w, 500) ? 1000 : world_between(w, -1000, 1000);
	host->kernel.offset = world_between(w, SEC, 1000 * SEC);
	kernel_init(&host->kernel, &config->timers);
	host->mark = (uint64_t)world_between(w, 0, 9);
	checker_configured(&w->checker, index, config);
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
	mood->fail = world_chance(w, 300) ? 0 : world_between(w, 50, 400);
	mood->hang = world_chance(w, 300) ? 0 : world_between(w, 50, 400);
	mood->guard = w->reflects && world_chance(w, 150);
	mood->clears = world_chance(w, 930);
	for (unsigned i = 0; i < MISHAP_DRAWN; i++)
		mood->weight[i] = often[world_between(w, 0, 4)];
	mood->weight[MISHAP_TAKEOVER]++; /* never all zero */
	mood->storm = world_chance(w, 200);
	mood->idle = world_chance(w, 100);
	if (mood->storm)
		mood->weight[MISHAP_TAKEOVER] += 50;
}

/* How much longer than usual the healed pair may take: the preferred node asks for the role back; and unless an operator
 * clears it, a command that failed is tried again after 10 s, and a stranger is remembered for a minute. */
static span_t draw_settling(const struct world *w) {
	const struct core_config *config = &w->host[0].config;
	span_t commands = config->fence || config->gate ? 4 * w->command + (w->mood.clears ? 0 : 12 * SEC) : 0;
	span_t stranger = config->stand_down && !w->mood.clears ? 61 * SEC : 0;
	span_t failback = config->failback ? config->failback + 10 * w->dead + 3 * SEC : 0;
	return w->patience + commands + stranger + failback;
}

void draw_seed(struct world *w) {
	draw_pair(w);
	draw_policies(w);
	w->preferred = (unsigned)world_between(w, 0, 1);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		draw_host(w, &w->host[i]);
	draw_mood(w);
	topology_whole(w);
	span_t apart = world_chance(w, 500) ? 2 * w->h : 3 * w->dead;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		faults_post(w, HAPPEN_BOOT, i, world_between(w, 0, apart));
	faults_post(w, HAPPEN_TOPOLOGY, 0, world_between(w, 0, 6 * w->dead));
	faults_post(w, HAPPEN_FAULT, 0, world_between(w, w->dead, 6 * w->dead));
	faults_post(w, HAPPEN_WATCH, 0, w->h / 2);
	/* Healed: dead nodes may need 6 D to come back; slow verdicts and hand-overs from illness a few seconds and 3 D. */
	true_t calm = world_between(w, 40, 160) * w->dead;
	true_t heal = calm + (world_chance(w, 500) ? world_between(w, 8, 14) * w->dead : 30 * w->dead + 5 * SEC);
	true_t quiet = heal + 30 * w->dead + 5 * SEC + draw_settling(w);
	faults_post(w, HAPPEN_CALM, 0, calm);
	faults_post(w, HAPPEN_HEAL, 0, heal);
	faults_post(w, HAPPEN_QUIET, 0, quiet);
	faults_post(w, HAPPEN_END, 0, quiet + 25 * w->dead);
	const struct timers *t = &w->host[0].config.timers;
	world_trace(w,
		    "seed %lu; within %.0f ms, tick %.0f ms, J %.0f ms, h %.3f ms, L %.0f ms, D %.1f ms; "
		    "%u links%s, %u tests",
		    w->seed, (double)t->within / MSEC, (double)t->tick / MSEC, (double)t->jiffies_lag / MSEC,
		    (double)t->heartbeat / MSEC, (double)t->lease / MSEC, (double)t->dead / MSEC, w->links,
		    w->reflects ? " and reflected" : "", w->tests);
}
