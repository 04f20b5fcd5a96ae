/* What a primary does with the lease: addresses on, announced, announced again; off when it ends. */
#include <string.h>

#include "hamon/core/parts.h"

/* Gratuitous ARP is lost like any frame: it is repeated with back-off, then refreshed for as long as we serve. */
static const span_t announce_gaps[] = {50 * MSEC, 150 * MSEC, 500 * MSEC, 1500 * MSEC, 5 * SEC, 15 * SEC};
enum { ANNOUNCE_GAPS = sizeof announce_gaps / sizeof announce_gaps[0] };
static const span_t announce_refresh = 60 * SEC;

/* RFC 5227 section 2.4, DEFEND_INTERVAL: while a stranger claims an address it is announced no more often than this. */
static const span_t defend_interval = 10 * SEC;

/* Addresses that could not be put back are tried again after this. */
static const span_t restore_retry = 1 * SEC;

void serve_begin(struct core *core, struct actions *actions) {
	core->served = core->announced = core->announcing = false;
	core->adding = true;
	core_act(actions, ACT_ADD_ADDRESSES)->ips = core->config.ips;
}

/* All that this node could have, also those that it does not want just now, less what it serves. An addition under way is
 * cancelled by the removal of all. */
static void remove_others(const struct core *core, struct actions *actions) {
	struct action *action = core_act(actions, ACT_REMOVE_ADDRESSES);

	memset(&action->ips, 0xff, sizeof action->ips);
	if (core->hold)
		action->ips = ip_set_less(action->ips, &core->config.ips);
}

void serve_end(struct core *core, struct actions *actions) {
	core->served = core->announced = core->announcing = false;
	core->adding = false;
	core->announce_at = core->restore_at = MONO_FAR;
	remove_others(core, actions);
}

void serve_announce_again(struct core *core, mono_t now) {
	core->announcements = 0;
	core->announce_at = now;
}

/* When the next one is due; with a stranger there, each is a defence. */
static mono_t next_announcement(const struct core *core, mono_t now) {
	span_t gap = core->announcements < ANNOUNCE_GAPS ? announce_gaps[core->announcements] : announce_refresh;

	return now + (evidence_strange(core, now) ? mono_max(gap, defend_interval) : gap);
}

static void announce(struct core *core, mono_t now, struct actions *actions) {
	core->announce_at = next_announcement(core, now);
	core->announced_at = now;
	core->announcements++;
	core->announcing = true;
	core_act(actions, ACT_ANNOUNCE)->ips = core->config.ips;
}

/* Against a stranger, or a word of the peer's that came after ours. What was announced just now needs no defence. All are
 * announced: whoever has one of them may have others, and no refresh is put off for ever. */
void serve_defend(struct core *core, mono_t now, unsigned slot, struct actions *actions) {
	if (core->served && !core->announcing && now - core->announced_at >= defend_interval &&
	    ip_set_has(&core->config.ips, slot))
		announce(core, now, actions);
}

void serve_added(struct core *core, mono_t now, int error, struct actions *actions) {
	if (!core->hold || !core->adding)
		return;
	core->adding = false;
	if (error != 0 && !core->served) { /* the claim is rolled back */
		fault_set(core, now, FAULT_ADDRESSES, CAUSE_ADDRESSES, actions);
		return;
	}
	if (error != 0) /* the others are served meanwhile */
		core->restore_at = now + restore_retry;
	core->served = true;
	serve_announce_again(core, now);
}

void serve_removed(struct core *core, mono_t now, int error) {
	core->remove_at = error != 0 ? now + core->config.timers.heartbeat / 4 : MONO_FAR;
}

/* Somebody else deleted addresses of ours. */
void serve_lost(struct core *core, mono_t now, const struct ip_set *lost, struct actions *actions) {
	struct ip_set missing = ip_set_less(core->config.ips, lost);

	missing = ip_set_less(core->config.ips, &missing);
	if (!core->served || ip_set_empty(&missing))
		return;
	transition_note(core, now, NOTE_ADDRESSES_LOST, actions)->value = ip_set_count(&missing);
	core->adding = true;
	core_act(actions, ACT_ADD_ADDRESSES)->ips = missing;
}

void serve_announced(struct core *core, mono_t now, int error) {
	core->announcing = false;
	if (!core->hold)
		return;
	if (error != 0) { /* from the beginning, a little later */
		core->announcements = 0;
		core->announce_at = now + announce_gaps[0];
		return;
	}
	core->announced = true;
}

void serve_tick(struct core *core, mono_t now, struct actions *actions) {
	if (now >= core->remove_at) {
		core->remove_at = MONO_FAR;
		remove_others(core, actions);
	}
	if (core->conflict && peer_unheard(core, now))
		conflict_over(core, now);
	if (core->served && now >= core->restore_at) {
		core->restore_at = MONO_FAR;
		core->adding = true;
		core_act(actions, ACT_ADD_ADDRESSES)->ips = core->config.ips;
	}
	if (core->served && !core->announcing && now >= core->announce_at)
		announce(core, now, actions);
}

void serve_reload(struct core *core, mono_t now, const struct ip_set *before, struct actions *actions) {
	struct ip_set added = ip_set_less(core->config.ips, before), removed = ip_set_less(*before, &core->config.ips);

	if (!core->hold)
		return;
	if (!ip_set_empty(&removed))
		core_act(actions, ACT_REMOVE_ADDRESSES)->ips = removed;
	if (!ip_set_empty(&added)) {
		core->adding = true;
		core_act(actions, ACT_ADD_ADDRESSES)->ips = added;
	}
	if (core->served)
		serve_announce_again(core, now);
}

mono_t serve_deadline(const struct core *core) {
	return core->served && !core->announcing ? core->announce_at : MONO_FAR;
}
