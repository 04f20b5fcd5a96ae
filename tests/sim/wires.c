/* The wires that heartbeats and tests travel on: loss, delay, duplication, and what N1 says of them. */
#include "tests/sim/faults.h"

/* N1 bounds how many frames in a row a wire that is whole may lose or hold up. */
enum { MISSES = 2 };

static span_t prompt_delay(struct world *w) {
	return world_between(w, 50 * USEC, 300 * USEC);
}

/* By way of a test IP it is two hops. */
static void deliver(struct world *w, const struct happening *frame, span_t delay) {
	world_post(w, w->now + delay + (frame->frame.link == w->links ? prompt_delay(w) : 0), *frame);
}

/* Returns whether it arrives in good time. */
static bool send_on_link(struct world *w, unsigned from, const struct happening *frame) {
	bool lost = world_chance(w, w->wires.loss[from]) || (w->bait == 2 - from && world_chance(w, 600));
	bool late = w->wires.slow[from] && world_chance(w, w->mood.slow);
	if (lost) {
		w->tally->mishaps[MISHAP_LOSS]++;
		if (w->wires.slow[from] && world_chance(w, 50)) /* given up for lost */
			deliver(w, frame, world_between(w, w->h, 8 * w->dead));
		return false;
	}
	if (late)
		w->tally->mishaps[MISHAP_DELAY]++;
	span_t longest = world_chance(w, 500) ? 8 * w->h : 8 * w->dead;
	deliver(w, frame, late ? world_between(w, w->h / 2, longest) : prompt_delay(w));
	if (!w->calm && world_chance(w, w->mood.duplicate)) {
		w->tally->mishaps[MISHAP_DUPLICATE]++;
		deliver(w, frame, world_between(w, 50 * USEC, world_chance(w, 500) ? MSEC : 6 * w->dead));
	}
	return !late;
}

/* A direction that is whole bears a few misses in a row; a deaf frame is not heard in any case, so it does not count. */
static void keep_n1(struct world *w, unsigned from, unsigned link, bool prompt, const struct happening *frame) {
	unsigned *missed = &w->wires.missed[from];
	if (prompt) {
		*missed = 0;
	} else if (*missed >= MISSES) {
		struct happening again = *frame;
		again.frame.link = link;
		deliver(w, &again, prompt_delay(w));
		*missed = 0;
	} else if (!frame->frame.hb.deaf) {
		++*missed;
		w->wires.pending[from] = *frame;
		w->wires.pending[from].frame.link = link;
	}
}

/* What was sent while a test IP answered both arrives, though the wire be cut at once. */
void wires_keep_n1(struct world *w) {
	for (unsigned from = 0; from < WORLD_NODES; from++)
		if (w->wires.missed[from] > 0)
			deliver(w, &w->wires.pending[from], prompt_delay(w));
}

bool wires_reach(const struct world *w, unsigned node, unsigned slot) {
	return w->wires.to[node][slot] && w->wires.back[node][slot];
}

bool wires_reflect(const struct world *w, unsigned from, unsigned slot) {
	return w->reflects && !w->wires.guard[from] && w->wires.to[from][slot] && w->wires.back[1 - from][slot];
}

/* Plain ones may be refused by a full queue of the sender's own, where the other direction carries. */
static bool misfires(struct world *w, unsigned sender, const struct heartbeat *hb) {
	if (hb->mark != MARK_PLAIN || w->calm || w->wires.cut[1 - sender][w->links - 1] || w->wires.missed[sender] > 0 ||
	    !world_chance(w, w->mood.misfire))
		return false;
	w->tally->mishaps[MISHAP_FULL_QUEUE]++;
	return true;
}

bool wires_send(struct world *w, struct host *from, const struct heartbeat *hb, uint8_t links) {
	unsigned sender = from->index;
	adversary_overhear(w, from, hb);
	if (misfires(w, sender, hb))
		return false;
	struct happening frame = {.type = HAPPEN_FRAME, .node = 1 - sender};
	frame.frame.hb = *hb;
	frame.frame.sent = w->now;
	bool prompt = false;
	int whole = -1;
	for (unsigned link = 0; link < w->links; link++) {
		if (w->wires.cut[sender][link] || !(links >> link & 1))
			continue;
		whole = (int)link;
		frame.frame.link = link;
		prompt |= send_on_link(w, sender, &frame);
	}
	for (unsigned slot = 0; slot < w->tests && links >> w->links & 1; slot++) {
		if (!wires_reflect(w, sender, slot))
			continue;
		whole = (int)w->links;
		frame.frame.link = w->links;
		/* The mark is the lease's alone: it left on a link of the node's own. */
		frame.frame.hb.mark = MARK_PLAIN;
		prompt |= send_on_link(w, sender, &frame);
	}
	if (whole >= 0)
		keep_n1(w, sender, (unsigned)whole, prompt, &frame);
	return true;
}

void wires_test(struct world *w, struct host *from, unsigned slot, mono_t decided) {
	struct happening request = {.type = HAPPEN_REQUEST, .node = from->index, .life = from->life};
	request.test.slot = slot;
	request.test.sent = decided;
	world_post(w, w->now + world_between(w, 20 * USEC, 400 * USEC), request);
}

static void frame_arrived(struct world *w, const struct happening *frame) {
	struct host *host = &w->host[frame->node];
	if (!host->alive)
		return;
	true_t *arrived = &w->wires.arrived[1 - frame->node];
	*arrived = mono_max(*arrived, frame->frame.sent);
	host_frame(w, host, frame->frame.link, &frame->frame.hb);
}

static void test_reached(struct world *w, const struct happening *request) {
	if (!w->wires.to[request->node][request->test.slot])
		return;
	if (!w->calm && world_chance(w, 20)) {
		w->tally->mishaps[MISHAP_TEST_LOST]++;
		return;
	}
	struct happening answer = *request;
	answer.type = HAPPEN_ANSWER;
	world_post(w, w->now + world_between(w, 100 * USEC, 1500 * USEC), answer);
}

void wires_happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	switch (it->type) {
	case HAPPEN_FRAME:
		frame_arrived(w, it);
		break;
	case HAPPEN_REQUEST:
		test_reached(w, it);
		break;
	default: /* HAPPEN_ANSWER */
		if (w->wires.back[it->node][it->test.slot])
			host_answer(w, host, it->test.slot, it->test.sent);
	}
}
