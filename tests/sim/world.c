/* The world between the nodes: chance, the heap of happenings, and who takes each of them. */
#include "tests/sim/world.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"

/* ---- chance: SplitMix64 (Steele, Lea, Flood 2014), small, and good from any seed ---- */

static uint64_t draw(struct world *w) {
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t world_between(struct world *w, int64_t low, int64_t high) {
	if (high <= low)
		return low;
	return low + (int64_t)(draw(w) % (uint64_t)(high - low + 1));
}

bool world_chance(struct world *w, int64_t permille) {
	return (int64_t)(draw(w) % 1000) < permille;
}

void world_trace(struct world *w, const char *format, ...) {
	if (!w->trace)
		return;
	va_list args;
	va_start(args, format);
	printf("%12.3f ms  ", (double)w->now / MSEC);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

/* ---- the heap of happenings: earliest first, and in the order of posting among equals ---- */

static bool sooner(const struct happening *a, const struct happening *b) {
	return a->at < b->at || (a->at == b->at && a->id < b->id);
}

void world_post(struct world *w, true_t at, struct happening happening) {
	assert(at >= w->now);
	if (w->heap_n == w->heap_max) {
		w->heap_max = w->heap_max ? 2 * w->heap_max : 1024;
		w->heap = realloc(w->heap, w->heap_max * sizeof *w->heap);
		assert(w->heap);
	}
	happening.at = at;
	happening.id = w->ids++;
	size_t i = w->heap_n++;
	for (size_t up; i > 0 && sooner(&happening, &w->heap[up = (i - 1) / 2]); i = up)
		w->heap[i] = w->heap[up];
	w->heap[i] = happening;
}

static struct happening take(struct world *w) {
	struct happening first = w->heap[0], last = w->heap[--w->heap_n];
	size_t i = 0;
	for (size_t down; (down = 2 * i + 1) < w->heap_n; i = down) {
		if (down + 1 < w->heap_n && sooner(&w->heap[down + 1], &w->heap[down]))
			down++;
		if (!sooner(&w->heap[down], &last))
			break;
		w->heap[i] = w->heap[down];
	}
	w->heap[i] = last;
	return first;
}

/* ---- what happens ---- */

static void disk_answered(struct world *w, const struct happening *reserved) {
	struct host *host = &w->host[reserved->node];
	uint64_t epoch = reserved->reserve.epoch;
	if (!reserved->reserve.fails && epoch > host->mark)
		host->mark = epoch;
	struct event event = {.type = EV_EPOCHS_RESERVED};
	event.epochs.error = reserved->reserve.fails ? EIO : 0;
	event.epochs.reserved = host->mark;
	host_mail(w, host, &event);
}

/* An interface that bears its name again has no chains: the daemon sees it, and builds the table before it believes the
 * carrier. */
static void carrier_back(struct world *w, struct host *host) {
	if (!host->named)
		host_table_changed(w, host);
	host->carrier = host->named = host->exists = true;
	struct event event = {.type = EV_CARRIER, .carrier.up = true};
	if (host->alive)
		host_mail(w, host, &event);
}

/* Serves while it could: L1 counts only what no fault excuses. */
static void watch(struct world *w) {
	bool served = false, could = false;
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		struct host *host = &w->host[i];
		mono_t clock = host_clock(w, host);
		served |= host->alive && kernel_serves(&host->kernel, clock, &host->config.ips);
		could |= faults_could_serve(w, host);
	}
	checker_service(&w->checker, w->now, served, could, w->disturbed, 12 * w->dead + 5 * SEC / 2 + w->patience);
	struct happening again = {.type = HAPPEN_WATCH};
	world_post(w, w->now + w->h / 2, again);
}

static void snapshot(struct world *w, bool serves[WORLD_NODES], struct core_status status[WORLD_NODES]) {
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		mono_t clock = host_clock(w, &w->host[i]);
		serves[i] = kernel_serves(&w->host[i].kernel, clock, &w->host[i].config.ips);
		core_status(&w->host[i].core, mono_max(clock, w->host[i].now), &status[i]);
	}
}

static void settle(struct world *w, bool again) {
	static struct core_status status[WORLD_NODES]; /* large */
	bool serves[WORLD_NODES];
	snapshot(w, serves, status);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].unanswered)
			checker_fail(&w->checker, PROMISE_CORE, "node %u: %u requests without an answer", i,
				     w->host[i].unanswered);
	world_trace(w, "%s: %s, %s", again ? "END" : "QUIET", state_name(status[0].state), state_name(status[1].state));
	if (again)
		checker_stayed(&w->checker, status);
	else
		checker_settled(&w->checker, serves, status);
}

/* Does it belong to a life of the node that has ended? */
static bool stale(const struct world *w, const struct happening *it) {
	switch (it->type) {
	case HAPPEN_BOOT:
	case HAPPEN_RUN:
	case HAPPEN_TIMER:
	case HAPPEN_REQUEST:
	case HAPPEN_ANSWER:
	case HAPPEN_PROBE:
	case HAPPEN_HOLDER:
	case HAPPEN_RAN:
	case HAPPEN_HEALTH:
	case HAPPEN_WORK:
	case HAPPEN_PURGE:
	case HAPPEN_THAW:
		return it->life != w->host[it->node].life;
	case HAPPEN_FRAME:
	case HAPPEN_STRANGER:
	case HAPPEN_RESERVED:
	case HAPPEN_JIFFIES:
	case HAPPEN_CARRIER:
	case HAPPEN_OPERATOR:
	case HAPPEN_UNCUT:
	case HAPPEN_TOPOLOGY:
	case HAPPEN_FAULT:
	case HAPPEN_WATCH:
	case HAPPEN_CALM:
	case HAPPEN_HEAL:
	case HAPPEN_REARM:
	case HAPPEN_QUIET:
	case HAPPEN_END:
		return false;
	}
	return false;
}

static void happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	switch (it->type) {
	case HAPPEN_BOOT:
		host_boot(w, host, it->wiped);
		w->disturbed = mono_max(w->disturbed, w->now);
		break;
	case HAPPEN_RUN:
		host_run(w, host);
		break;
	case HAPPEN_TIMER:
		host_timer(w, host, it->id);
		break;
	case HAPPEN_FRAME:
	case HAPPEN_REQUEST:
	case HAPPEN_ANSWER:
		wires_happen(w, it);
		break;
	case HAPPEN_PROBE:
	case HAPPEN_HOLDER:
	case HAPPEN_STRANGER:
		lan_happen(w, it);
		break;
	case HAPPEN_RAN:
	case HAPPEN_HEALTH:
		commands_happen(w, it);
		break;
	case HAPPEN_WORK:
		acts_work_done(w, host, it->id);
		break;
	case HAPPEN_RESERVED:
		if (it->life == host->life)
			disk_answered(w, it);
		else if (!it->reserve.fails && it->reserve.epoch > host->mark)
			host->mark = it->reserve.epoch;
		break;
	case HAPPEN_CARRIER:
		carrier_back(w, host);
		break;
	case HAPPEN_WATCH:
		watch(w);
		break;
	case HAPPEN_QUIET:
	case HAPPEN_END:
		settle(w, it->type == HAPPEN_END);
		break;
	case HAPPEN_PURGE:
	case HAPPEN_THAW:
	case HAPPEN_JIFFIES:
	case HAPPEN_OPERATOR:
	case HAPPEN_UNCUT:
	case HAPPEN_TOPOLOGY:
	case HAPPEN_FAULT:
	case HAPPEN_CALM:
	case HAPPEN_HEAL:
	case HAPPEN_REARM:
		faults_happen(w, it);
		break;
	}
}

/* Each node offers a frame of the shared IPs to its kernel after every happening; a machine that stands still offers
 * none. */
static void judge_emission(struct world *w) {
	struct sight sights[WORLD_NODES];
	for (unsigned i = 0; i < WORLD_NODES; i++) {
		struct host *host = &w->host[i];
		struct kernel *kernel = &host->kernel;
		mono_t clock = host_clock(w, host);
		sights[i].clock = clock;
		sights[i].emits = w->now >= host->frozen_until && kernel_emits(kernel, clock, false);
		sights[i].ran_out = kernel->ran_out == MONO_NEVER ? MONO_NEVER : kernel_when(kernel, kernel->ran_out);
		sights[i].hindered = host_hindered(w, host);
		sights[i].removing = host->work.owe_removed || host->work.owe_dropped;
		sights[i].unburied = host_unburied(host);
		sights[i].answered = w->now >= mono_max(host->paused_until, host->starved_until) && lan_answers(w, host);
	}
	checker_emission(&w->checker, w->now, sights);
}

static void reset(struct world *w, uint64_t seed, bool trace, struct tally *tally) {
	struct happening *heap = w->heap;
	size_t heap_max = w->heap_max;
	memset(w, 0, sizeof *w);
	w->heap = heap;
	w->heap_max = heap_max;
	w->seed = seed;
	w->random = seed;
	w->ids = 1; /* 0 is no happening */
	w->trace = trace;
	w->tally = tally;
	checker_init(&w->checker, tally);
}

bool world_run(struct world *w, uint64_t seed, bool trace, struct tally *tally) {
	reset(w, seed, trace, tally);
	draw_seed(w);
	while (!w->checker.broken) {
		struct happening it = take(w);
		w->now = it.at;
		if (!stale(w, &it))
			happen(w, &it);
		judge_emission(w);
		if (it.type == HAPPEN_END)
			break;
	}
	tally->seeds++;
	tally->virtual_ns += w->now;
	if (!w->checker.broken)
		return true;
	world_trace(w, "VIOLATION of %s: %s", promise_name(w->checker.promise), w->checker.why);
	tally->violations++;
	tally->broken[w->checker.promise]++;
	return false;
}
