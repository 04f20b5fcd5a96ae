/* Epochs that differ while we hold the lease: who stays, who goes, who raises. */
#include "hamon/core/parts.h"

/* "hold, pm.lease, pm.seen > b": the loser silences itself first. */
static void lose(struct core *core, mono_t now, struct actions *actions) {
	struct note *note = transition_note(core, now, NOTE_CONFLICT, actions);

	note->value = (int64_t)core->peer.frame.seen;
	note->detail = 0;
	lease_give_up(core, CAUSE_CONFLICT, actions);
}

/* "hold, pm.lease, pm.seen < b": stay, and announce again once the peer shows no lease. */
static void win(struct core *core, mono_t now, struct actions *actions) {
	if (core->conflict)
		return;
	core->conflict = true;
	struct note *note = transition_note(core, now, NOTE_CONFLICT, actions);
	note->value = (int64_t)core->peer.frame.seen;
	note->detail = 1;
}

/* "hold, not pm.lease, seen > b": nobody serves under the higher epoch, so ours moves above it; the lease is untouched. */
static void raise_epoch(struct core *core, mono_t now, struct actions *actions) {
	if (!epoch_available(core)) {
		epoch_reserve(core, now, actions);
		return;
	}
	core->seen = core->epoch = epoch_next(core);
	transition_note(core, now, NOTE_EPOCH, actions)->value = (int64_t)core->epoch;
	epoch_reserve(core, now, actions);
}

/* A heartbeat came in. */
void conflict_heard(struct core *core, mono_t now, struct actions *actions) {
	if (!core->hold)
		return;
	if (peer_holds(core)) {
		if (core->peer.frame.seen > core->epoch)
			lose(core, now, actions);
		else
			win(core, now, actions);
		return;
	}
	conflict_over(core, now);
	if (core->seen > core->epoch)
		raise_epoch(core, now, actions);
}

/* Between our decision to claim and the grant the peer may have claimed too. */
void conflict_granted(struct core *core, mono_t now, struct actions *actions) {
	if (core->hold && peer_holds(core) && core->peer.frame.seen > core->epoch)
		lose(core, now, actions);
}

/* The epoch that could not be raised for want of a reserve. What the peer said last may be long ago, so nothing is won or
 * lost by it here. */
void conflict_reserved(struct core *core, mono_t now, struct actions *actions) {
	if (core->hold && !peer_holds(core) && core->seen > core->epoch)
		raise_epoch(core, now, actions);
}

/* By hand. Whoever is kept needs the higher epoch: the other gives in when it hears of it. */
void conflict_keep(struct core *core, mono_t now, bool self, struct actions *actions) {
	if (!self)
		lease_give_up(core, CAUSE_OPERATOR, actions);
	else if (core->peer.frame.seen > core->epoch)
		raise_epoch(core, now, actions);
}

/* The loser is silent: those who listened to it must learn where the address is. */
void conflict_over(struct core *core, mono_t now) {
	if (core->conflict)
		serve_announce_again(core, now);
	core->conflict = false;
}
