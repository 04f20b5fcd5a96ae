/* The wires and what the nodes reach over them: drawn anew every while, and once for the calm at the end. */
#include <string.h>

#include "tests/sim/faults.h"

void topology_plan(struct world *w) {
	span_t least = w->host[0].config.timers.test_fresh + 3 * w->h / 2; /* N1: requests within F of each other */
	span_t most = world_chance(w, 500) ? 2 * w->dead : w->mood.dwell;
	if (w->wires.flaps) {
		least = w->dead;
		most = 3 * w->dead;
	}
	faults_post(w, HAPPEN_TOPOLOGY, 0, w->now + world_between(w, least, most));
}

static void make_whole(struct world *w) {
	struct wires before = w->wires, *wires = &w->wires;
	memset(wires, 0, sizeof *wires);
	memset(wires->to, true, sizeof wires->to);
	memset(wires->back, true, sizeof wires->back);
	memcpy(wires->arrived, before.arrived, sizeof wires->arrived);
	wires->guard[0] = wires->guard[1] = w->mood.guard;
	wires->drawing = before.drawing + 1;
	wires->flaps = before.flaps;
}

/* The heartbeats of one direction alone. */
static void block(struct world *w, unsigned from, bool is_blocked) {
	for (unsigned link = 0; link < w->links; link++)
		w->wires.cut[from][link] = is_blocked;
}

/* ARP's too. */
static void cut(struct world *w, unsigned from, bool is_cut) {
	block(w, from, is_cut);
	w->wires.lan_cut[from] = is_cut;
}

void topology_mute(struct world *w, unsigned from, bool is_mute) {
	cut(w, from, is_mute);
	w->wires.guard[from] = is_mute || w->mood.guard;
}

static void reach(struct world *w, unsigned node, unsigned slot, bool reaches) {
	w->wires.to[node][slot] = w->wires.back[node][slot] = reaches;
}

static void reach_nothing(struct world *w, unsigned node) {
	for (unsigned slot = 0; slot < w->tests; slot++)
		reach(w, node, slot, false);
}

/* Seldom one way alone. */
static void reach_by_chance(struct world *w) {
	for (unsigned node = 0; node < WORLD_NODES; node++)
		for (unsigned slot = 0; slot < w->tests; slot++) {
			reach(w, node, slot, world_chance(w, 700));
			if (world_chance(w, 100))
				w->wires.to[node][slot] = !w->wires.to[node][slot];
		}
}

/* A test IP that both reach would be a way between them: N1. Each is on one side or on none; the other side may reach it,
 * or be reached, one way. */
static void split(struct world *w) {
	faults_count(w, MISHAP_SPLIT);
	cut(w, 0, true);
	cut(w, 1, true);
	for (unsigned slot = 0; slot < w->tests; slot++) {
		int64_t side = world_between(w, 0, 2);
		for (unsigned node = 0; node < WORLD_NODES; node++)
			reach(w, node, slot, side == node);
		if (side == 2 || !world_chance(w, 100))
			continue;
		bool *one_way = world_chance(w, 500) ? w->wires.to[1 - side] : w->wires.back[1 - side];
		one_way[slot] = true;
	}
}

static void cut_some_links(struct world *w) {
	if (w->links == 1)
		return;
	faults_count(w, MISHAP_ONE_LINK);
	for (int64_t more = world_between(w, 1, w->links); more > 0; more--) {
		unsigned from = (unsigned)world_between(w, 0, 1), link = (unsigned)world_between(w, 0, w->links - 2);
		w->wires.cut[from][link] = true;
		w->wires.lan_cut[from] |= link == 0;
	}
}

/* Heartbeats are blocked, by a rule of a switch or a firewall, and nothing else: tests and ARP pass. Where no reflected one
 * passes either, N1 does not hold. */
static void block_heartbeats(struct world *w) {
	bool both = world_chance(w, 600), blind = w->mood.guard || !w->reflects;
	unsigned one = (unsigned)world_between(w, 0, 1);
	if (both && blind && world_chance(w, 800))
		both = false;
	faults_count(w, MISHAP_DIRECT_BLOCK);
	block(w, one, true);
	block(w, 1 - one, both);
	if (world_chance(w, 300))
		reach_by_chance(w);
	if (blind || !world_chance(w, 250))
		return;
	faults_count(w, MISHAP_REFLECT_BLOCK);
	w->wires.guard[one] = true;
	w->wires.guard[1 - one] = world_chance(w, 300);
}

/* All links go down and come up again, with the carrier. Down, only the node that does not serve reaches the test IPs, and
 * takes over each time. */
static void flap(struct world *w) {
	unsigned idle = w->checker.node[1].emits ? 0 : 1;
	bool up = w->wires.flaps-- % 2 == 0;
	if (!up) {
		cut(w, 0, true);
		cut(w, 1, true);
		reach_nothing(w, 1 - idle);
	}
	for (unsigned i = 0; i < WORLD_NODES; i++)
		for (unsigned link = 0; link < w->links; link++) {
			struct event event = {.type = EV_LINK, .link = {.link = link, .up = up}};
			if (w->host[i].alive && w->host[i].mail_n < HOST_MAIL / 2)
				host_mail(w, &w->host[i], &event);
		}
}

/* Neither hears the other in any way, and both reach one test IP. */
static bool breaks_n1(const struct world *w) {
	const struct wires *wires = &w->wires;
	bool common = false;
	for (unsigned link = 0; link < w->links; link++)
		if (!wires->cut[0][link] || !wires->cut[1][link])
			return false;
	for (unsigned slot = 0; slot < w->tests; slot++) {
		if (wires_reflect(w, 0, slot) || wires_reflect(w, 1, slot))
			return false;
		common |= wires_reach(w, 0, slot) && wires_reach(w, 1, slot);
	}
	return common;
}

static void give_n1_up(struct world *w) {
	w->checker.waived = true;
	w->n1_from = MONO_FAR;
}

/* Where it was broken, what rested on that may last for a dead interval. */
static void restore_n1(struct world *w) {
	if (w->n1_from != MONO_FAR)
		return;
	w->n1_from = w->now + 2 * w->dead;
	faults_post(w, HAPPEN_REARM, 0, w->n1_from);
}

void topology_rearm(struct world *w) {
	const struct checker_node *node = w->checker.node;
	if (w->n1_from == MONO_FAR)
		return;
	w->checker.waived = !w->healed && (w->now < w->n1_from || (node[0].emits && node[1].emits));
	if (w->checker.waived)
		faults_post(w, HAPPEN_REARM, 0, mono_max(w->now + w->h, w->n1_from));
}

static void trace_wires(struct world *w) {
	const struct wires *wires = &w->wires;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		world_trace(
			w,
			"WIRES from %u: cut %d%d%d, ARP %d, guard %d, loss %ld, slow %d; tests %d%d%d%d%d back %d%d%d%d%d",
			i, wires->cut[i][0], wires->cut[i][1], wires->cut[i][2], wires->lan_cut[i], wires->guard[i],
			wires->loss[i], wires->slow[i], wires->to[i][0], wires->to[i][1], wires->to[i][2], wires->to[i][3],
			wires->to[i][4], wires->back[i][0], wires->back[i][1], wires->back[i][2], wires->back[i][3],
			wires->back[i][4]);
}

void topology_whole(struct world *w) {
	wires_keep_n1(w);
	make_whole(w);
	restore_n1(w);
	w->bait = 0;
	faults_disturb(w, w->now);
}

static void draw_kind(struct world *w) {
	int64_t kind = w->mood.storm && world_chance(w, 700) ? 9 : world_between(w, 0, 12);
	if (kind <= 2) {
		reach_by_chance(w);
	} else if (kind <= 6) {
		split(w);
	} else if (kind <= 8) {
		faults_count(w, MISHAP_ONE_WAY);
		cut(w, (unsigned)world_between(w, 0, 1), true);
		reach_by_chance(w);
	} else if (kind == 9) {
		cut_some_links(w);
	} else if (kind <= 11) {
		block_heartbeats(w);
	} else if (!w->calm) {
		faults_count(w, MISHAP_FLAPPING_LINK);
		w->wires.flaps = 2 * (unsigned)world_between(w, 3, 7);
	}
}

void topology_draw(struct world *w) {
	struct wires *wires = &w->wires;
	topology_whole(w);
	for (unsigned i = 0; i < WORLD_NODES && !wires->flaps; i++) {
		wires->slow[i] = world_chance(w, 300);
		wires->loss[i] = world_chance(w, 500) ? 0 : w->mood.loss;
	}
	if (wires->flaps)
		flap(w);
	else
		draw_kind(w);
	if (breaks_n1(w)) {
		faults_count(w, MISHAP_N1_BROKEN);
		give_n1_up(w);
	}
	trace_wires(w);
}

/* Who holds the lease can neither hear the other nor reach a test IP: it must not keep the other quiet. */
static void deafen_holder(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0;
	topology_whole(w);
	cut(w, 1 - holder, true);
	reach_nothing(w, holder);
	faults_count(w, MISHAP_DEAF_HOLDER);
	trace_wires(w);
}

/* Beyond N1: neither hears the other, and both reach every test IP, or an operator forces the one that does not. That makes
 * two owners, as docs/SAFETY.md says; demanded is that they are it no longer than a heartbeat after the heal. */
static void break_n1(struct world *w) {
	unsigned holder = w->checker.node[1].emits ? 1 : 0, other = 1 - holder;
	topology_whole(w);
	topology_mute(w, 0, true);
	topology_mute(w, 1, true);
	give_n1_up(w);
	if (world_chance(w, 500) && w->host[other].alive) {
		reach_nothing(w, other);
		operators_ask(w, &w->host[other], VERB_TAKEOVER, true);
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
	reach_nothing(w, 0);
	reach_nothing(w, 1);
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (w->host[i].alive)
			operators_ask(w, &w->host[i], VERB_PAUSE, false);
		else
			w->host[i].paused = true;
	faults_count(w, MISHAP_IDLE_PAIR);
	trace_wires(w);
}

void topology_calm(struct world *w) {
	world_trace(w, "CALM");
	w->calm = true;
	w->wires.flaps = 0;
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
