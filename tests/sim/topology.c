/* The wires and what the nodes reach over them: drawn anew every while, and once for the calm at the end. */
#include <string.h>

#include "tests/sim/faults.h"

void topology_plan(struct world *w) {
	span_t least = w->host[0].config.timers.test_fresh + 3 * w->h / 2; /* N1: requests within F of each other */
	span_t most = world_chance(w, 500) ? 2 * w->dead : w->mood.dwell;
	faults_post(w, HAPPEN_TOPOLOGY, 0, w->now + world_between(w, least, most));
}

static void make_whole(struct wires *wires) {
	unsigned drawing = wires->drawing;
	true_t arrived[WORLD_NODES];
	memcpy(arrived, wires->arrived, sizeof arrived);
	memset(wires, 0, sizeof *wires);
	memset(wires->reach, true, sizeof wires->reach);
	memcpy(wires->arrived, arrived, sizeof arrived);
	wires->drawing = drawing + 1;
}

void topology_cut(struct world *w, unsigned from, bool is_cut) {
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
	faults_count(w, MISHAP_SPLIT);
	topology_cut(w, 0, true);
	topology_cut(w, 1, true);
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

void topology_whole(struct world *w) {
	make_whole(&w->wires);
	w->bait = 0;
	faults_disturb(w, w->now);
}

void topology_draw(struct world *w) {
	struct wires *wires = &w->wires;
	topology_whole(w);
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
		faults_count(w, MISHAP_ONE_WAY);
		topology_cut(w, (unsigned)world_between(w, 0, 1), true);
		reach_by_chance(w);
	} else if (w->links > 1) {
		faults_count(w, MISHAP_ONE_LINK);
		wires->cut[world_between(w, 0, 1)][world_between(w, 0, 1)] = true;
	}
	trace_wires(w);
}

/* Who holds the lease can neither hear the other nor reach a test IP: it must not keep the other quiet. */
static void deafen_holder(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0;
	topology_whole(w);
	topology_cut(w, 1 - holder, true);
	memset(w->wires.reach[holder], false, sizeof w->wires.reach[holder]);
	faults_count(w, MISHAP_DEAF_HOLDER);
	trace_wires(w);
}

/* Beyond N1: neither hears the other, and both reach every test IP, or an operator forces the one that does not. That makes
 * two owners, as docs/SAFETY.md says; demanded is that they are it no longer than a heartbeat after the heal. */
static void break_n1(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0, other = 1 - holder;
	topology_whole(w);
	topology_cut(w, 0, true);
	topology_cut(w, 1, true);
	w->checker.waived = true;
	if (world_chance(w, 500) && w->host[other].alive) {
		memset(w->wires.reach[other], false, sizeof w->wires.reach[other]);
		faults_ask(w, &w->host[other], VERB_TAKEOVER, true);
		faults_count(w, MISHAP_FORCED_SPLIT);
	} else {
		faults_count(w, MISHAP_N1_BROKEN);
	}
	trace_wires(w);
}

/* Neither side of a split may claim by silence, or renew alone: after the heal only consent can make a primary. */
static void split_idle_pair(struct world *w) {
	topology_whole(w);
	split(w);
	memset(w->wires.reach, false, sizeof w->wires.reach);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].alive)
			faults_ask(w, &w->host[i], VERB_PAUSE, false);
		else
			w->host[i].paused = true;
	faults_count(w, MISHAP_IDLE_PAIR);
	trace_wires(w);
}

void topology_calm(struct world *w) {
	world_trace(w, "CALM");
	w->calm = true;
	int64_t kind = world_between(w, 0, 9);
	if (w->mood.idle)
		split_idle_pair(w);
	else if (kind < 4)
		topology_draw(w);
	else if (kind < 6)
		deafen_holder(w);
	else if (kind < 9)
		break_n1(w);
}
