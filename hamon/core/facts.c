/* Everything that must hold before this node may become primary, fact by fact: what `explain now` and dry runs list. The
 * rules themselves are claim.c's and handover.c's; a test holds the two against each other. */
#include "hamon/core/parts.h"

static uint32_t bit(enum fact fact, bool holds) {
	return holds ? UINT32_C(1) << fact : 0;
}

/* While the peer is heard a request a second is enough, and its verdict is what a planned takeover asks for. */
static bool tests_pass(const struct core *core, mono_t now) {
	return core->peer.known && !peer_unheard(core, now) ? connectivity_slow(core, now) : connectivity_fit(core, now);
}

/* A peer that is heard may be asked for the role, which equal configurations are asked for; a silent one may be
 * replaced. */
static bool told_the_same(const struct core *core, mono_t now) {
	return peer_unheard(core, now) ? !claim_misled(core) : !peer_differs(core);
}

static uint32_t proof(const struct core *core, mono_t now) {
	const struct timers *t = &core->config.timers;
	span_t silent = now - peer_silent_since(core);

	return bit(FACT_SILENT, silent >= t->dead) | bit(FACT_AUTOMATIC, core_automatic(core)) |
	       bit(FACT_NO_FAULT, core->faults == 0) | bit(FACT_KEY, !claim_stranger(core, now)) |
	       bit(FACT_DIGEST, told_the_same(core, now)) | bit(FACT_COVERED, timers_cover(t, core->peer.cover)) |
	       bit(FACT_TESTS, tests_pass(core, now)) | bit(FACT_PROVEN, connectivity_proven(core, now)) |
	       bit(FACT_NO_HOLDER, !evidence_held(core, now));
}

static bool waited(const struct core *core, mono_t now, span_t delay) {
	return delay == 0 || claim_regains(core) || now >= claim_delayed_until(core, delay);
}

static uint32_t consent(const struct core *core, mono_t now) {
	return bit(FACT_MET, core->met || !core->config.wait_for_peer) |
	       bit(FACT_HOLD_DOWN, waited(core, now, damping_delay(core))) |
	       bit(FACT_COUNTDOWN, waited(core, now, core->config.countdown)) | bit(FACT_NO_ABORT, !core->aborted) |
	       bit(FACT_FENCED, gate_fenced(core)) | bit(FACT_NO_VETO, gate_open(core, now)) |
	       bit(FACT_EPOCHS, epoch_available(core)) |
	       bit(FACT_CONTACT, peer_answers(core, now) && !peer_unheard(core, now)) |
	       bit(FACT_PEER_FIT, core->peer.says && core->peer.frame.fitness > FITNESS_NONE);
}

/* Who is asked on the way: the commands, and the test IPs in each interval, from when the peer is late on. */
static uint32_t ahead(const struct core *core, mono_t now) {
	return bit(FACT_FENCED, core->fence != FENCE_FAILED) | bit(FACT_NO_VETO, !(core->faults & FAULT_VETO)) |
	       bit(FACT_PROVEN, core->peer.known && !peer_unheard(core, now));
}

/* By force neither contact nor tests nor equal configurations are asked for; but without contact a takeover is by
 * silence. */
static uint32_t forced(const struct core_facts *facts) {
	uint32_t always = bit(FACT_NO_FAULT, true) | bit(FACT_NO_VETO, true) | bit(FACT_EPOCHS, true);
	uint32_t silence = bit(FACT_COVERED, true) | bit(FACT_NO_HOLDER, true) | bit(FACT_FENCED, true);

	return facts->hold & bit(FACT_CONTACT, true) ? always : always | silence;
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
	facts->forced = forced(facts);
	facts->ahead = ahead(core, now);
	facts->forgiven = bit(FACT_NO_VETO, true) | bit(FACT_NO_FAULT, !(core->faults & ~FAULTS_FORGIVEN));
}
