/* The network of the shared IPs: who asks for them, who answers, who else claims them. */
#include "tests/sim/faults.h"

/* A stranger claims a shared IP so often. */
static const span_t stranger_gap = 1 * SEC;

/* An interface that was only renamed hears and answers as before. */
static bool plugged(const struct host *host) {
	return host->exists && (host->carrier || !host->named);
}

/* The lowest of the shared IPs that the node's kernel would answer for now; -1: none. */
static int answered_slot(struct world *w, struct host *host) {
	mono_t clock = host_clock(w, host);
	if (w->now < host->frozen_until || !plugged(host) || !kernel_emits(&host->kernel, clock, false))
		return -1;
	const struct ip_set *present = kernel_present(&host->kernel, clock);
	return ip_set_empty(present) ? -1 : __builtin_ctzll(present->bits[0]);
}

bool lan_answers(struct world *w, const struct host *asking) {
	return !w->wires.lan_cut[0] && !w->wires.lan_cut[1] && plugged(asking) &&
	       answered_slot(w, &w->host[1 - asking->index]) >= 0;
}

static void travel(struct world *w, enum happening_type type, const struct host *to, unsigned slot) {
	struct happening happening = {.type = type, .node = to->index, .life = to->life};
	happening.test.slot = slot;
	world_post(w, w->now + world_between(w, 20 * USEC, 300 * USEC), happening);
}

void lan_probe(struct world *w, struct host *from, const struct ip_set *ips) {
	if (ip_set_empty(ips) || w->wires.lan_cut[from->index] || !plugged(from))
		return;
	if (!w->calm && world_chance(w, 20)) {
		checker_unasked(&w->checker, from->index);
		return;
	}
	travel(w, HAPPEN_PROBE, from, 0);
}

void lan_announced(struct world *w, struct host *from) {
	int slot = answered_slot(w, from);
	if (slot >= 0 && !w->wires.lan_cut[from->index])
		travel(w, HAPPEN_HOLDER, &w->host[1 - from->index], (unsigned)slot);
}

/* A claim is seen by who listens: capture buffers drop what is too much. */
static void seen(struct world *w, struct host *host, enum event_type type, unsigned slot) {
	if (!host->alive || !plugged(host) || w->now < host->frozen_until || host->mail_n > HOST_MAIL / 2)
		return;
	struct event event = {.type = type};
	event.claimed.slot = slot;
	event.claimed.rx = host_clock(w, host);
	host_mail(w, host, &event);
}

void lan_stranger(struct world *w) {
	bool there = w->now < w->stranger_until;
	w->stranger_until = mono_max(w->stranger_until, w->now + world_between(w, w->h, 6 * w->dead));
	faults_disturb(w, w->stranger_until);
	struct happening claim = {.type = HAPPEN_STRANGER};
	if (!there)
		world_post(w, w->now, claim);
}

static void stranger_claims(struct world *w) {
	if (w->now > w->stranger_until)
		return;
	for (unsigned i = 0; i < WORLD_NODES; i++)
		if (!w->wires.lan_cut[i])
			seen(w, &w->host[i], EV_STRANGER, (unsigned)world_between(w, 0, SHARED_IPS - 1));
	struct happening again = {.type = HAPPEN_STRANGER};
	world_post(w, w->now + mono_min(stranger_gap, w->dead), again);
}

void lan_happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	if (it->type == HAPPEN_STRANGER) {
		stranger_claims(w);
	} else if (it->type == HAPPEN_HOLDER) {
		seen(w, host, EV_HOLDER, it->test.slot);
	} else { /* HAPPEN_PROBE, which has reached the other */
		int slot = answered_slot(w, &w->host[1 - it->node]);
		if (slot >= 0 && !w->wires.lan_cut[1 - it->node])
			travel(w, HAPPEN_HOLDER, host, (unsigned)slot);
	}
}
