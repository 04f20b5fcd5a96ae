/* Everything that must hold before this node may become primary, fact by fact: what `explain now` and dry runs list. The rules
 * themselves are claim.c's and handover.c's; a test holds the two against each other. */
#include "hamon/core/parts.h"

static uint32_t bit(enum fact fact, bool holds) {
	return holds ? UINT32_C(1) << fact : 0;
}

/* While the peer is heard a request a second is enough, and its verdict is what a planned takeover asks for. */
static bool tests_pass(const struct core *core, mono_t now) {
	return core->peer.known && !peer_unheard(core, now) ? connectivity_slow(core, now) : connectivity_fit(core, now);
}

static uint32_t proof(const struct core *core, mono_t now) {
	const struct timers *t = &core->config.timers;
	span_t silent = now - peer_silent_since(core);

	return bit(FACT_SILENT, silent >= t->dead) | bit(FACT_AUTOMATIC, core_automatic(core)) |
	       bit(FACT_NO_FAULT, core->faults == 0) | bit(FACT_KEY, !claim_stranger(core, now)) |
	       bit(FACT_DIGEST, !peer_differs(core)) | bit(FACT_COVERED, timers_cover(t, core->peer.cover)) |
	       bit(FACT_TESTS, tests_pass(core, now)) | bit(FACT_PROVEN, connectivity_proven(core, now)) |
	       bit(FACT_NO_HOLDER, !evidence_held(core, now));
}

static uint32_t consent(const struct core *core, mono_t now) {
	const struct timers *t = &core->config.timers;
	span_t silent = now - peer_silent_since(core);

	return bit(FACT_MET, core->peer.known || !core->config.wait_for_peer) |
	       bit(FACT_HOLD_DOWN, damping_delay(core) == 0 || silent >= t->dead + damping_delay(core)) |
	       bit(FACT_COUNTDOWN, core->config.countdown == 0 || silent >= t->dead + core->config.countdown) |
	       bit(FACT_NO_ABORT, !core->aborted) | bit(FACT_FENCED, gate_fenced(core)) |
	       bit(FACT_NO_VETO, !core->config.gate || core->gate == GATE_OPEN) | bit(FACT_EPOCHS, epoch_available(core)) |
	       bit(FACT_CONTACT, peer_answers(core, now) && !peer_unheard(core, now)) |
	       bit(FACT_PEER_FIT, core->peer.says && core->peer.frame.fitness > FITNESS_NONE);
}

void core_facts(const struct core *core, mono_t now, struct core_facts *facts) {
	static const enum fact planned[] = {FACT_NO_FAULT, FACT_DIGEST,  FACT_TESTS,
					    FACT_NO_VETO,  FACT_CONTACT, FACT_EPOCHS};

	facts->hold = proof(core, now) | consent(core, now);
	facts->automatic = (UINT32_C(1) << FACT__COUNT) - 1;
	facts->automatic &= ~(bit(FACT_CONTACT, true) | bit(FACT_PEER_FIT, true));
	facts->planned = 0;
	for (unsigned i = 0; i < sizeof planned / sizeof *planned; i++)
		facts->planned |= bit(planned[i], true);
}
