/* A node's monitor: its wakes, what it hands to the core, and what comes back. */
#include "tests/sim/host.h"

#include <assert.h>
#include <string.h>

#include "tests/sim/faults.h"

mono_t host_clock(const struct world *w, const struct host *host) {
	return kernel_clock(&host->kernel, w->now);
}

/* ---- what comes in ---- */

static void plan_wake(struct world *w, struct host *host, mono_t at) {
	if (host->busy || (host->timer && host->timer_at <= at))
		return;
	host->timer = w->ids;
	host->timer_at = at;
	faults_post(w, HAPPEN_TIMER, host->index, at);
}

/* A starved process waits for a CPU as long as for anything. */
static span_t starved(struct world *w, const struct host *host, span_t most) {
	return w->now < host->starved_until ? world_between(w, 0, most) : 0;
}

static void socket_ready(struct world *w, struct host *host) {
	span_t late = world_between(w, 10 * USEC, 100 * USEC) + starved(w, host, w->h);
	plan_wake(w, host, w->now + late);
}

void host_frame(struct world *w, struct host *host, unsigned link, const struct heartbeat *hb) {
	if (w->now < host->frozen_until || host->frames_n == HOST_FRAMES)
		return; /* the kernel's queue drops the newest */
	host->frames[host->frames_n].hb = *hb;
	host->frames[host->frames_n].rx = host_clock(w, host);
	host->frames[host->frames_n++].link = link;
	socket_ready(w, host);
}

void host_answer(struct world *w, struct host *host, unsigned slot, mono_t sent) {
	if (w->now < host->frozen_until || host->answers_n == HOST_ANSWERS)
		return;
	host->answers[host->answers_n].slot = slot;
	host->answers[host->answers_n++].sent = sent;
	socket_ready(w, host);
}

void host_mail(struct world *w, struct host *host, const struct event *event) {
	assert(host->mail_n < HOST_MAIL);
	host->mail[host->mail_n++] = *event;
	socket_ready(w, host);
}

void host_table_changed(struct world *w, struct host *host) {
	host->table_changed = true;
	if (host->alive)
		socket_ready(w, host);
}

/* ---- the agenda ---- */

static struct agenda_item *last_item(struct host *host) {
	assert(host->agenda_n < HOST_AGENDA);
	return &host->agenda[(host->agenda_at + host->agenda_n++) % HOST_AGENDA];
}

static struct agenda_item *first_item(struct host *host) {
	assert(host->agenda_n < HOST_AGENDA);
	host->agenda_n++;
	host->agenda_at = (host->agenda_at + HOST_AGENDA - 1) % HOST_AGENDA;
	return &host->agenda[host->agenda_at];
}

void host_result(struct host *host, const struct event *event) {
	assert(host->results_n < HOST_RESULTS);
	host->results[host->results_n++] = *event;
}

/* Notes and answers have no effect on the world; the rest waits its turn. */
static void take_actions(struct world *w, struct host *host, const struct actions *actions) {
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];
		if (action->type == ACT_NOTE) {
			const struct note *note = &action->note;
			world_trace(w, "node%u   %s: %s -> %s, %s, %d", host->index, note_name(note->type),
				    state_name(note->from), state_name(note->to), cause_name(note->cause), note->detail);
			operators_noted(w, host, note);
		} else if (action->type == ACT_ANSWER) {
			host->unanswered--;
			checker_replied(&w->checker, host->index, action);
			world_trace(w, "node%u   %s: %s", host->index, verb_name(action->answer.verb),
				    outcome_name(action->answer.outcome));
		} else {
			assert(host->acts_n < HOST_ACTS);
			host->acts[host->acts_n++] = *action;
		}
	}
}

static void consult(struct world *w, struct host *host, const struct event *event) {
	static struct actions actions; /* large, and of no meaning between two calls */
	actions.n = 0;
	checker_step(&w->checker, host->index, host->now);
	core_step(&host->core, host->now, event, &actions);
	w->tally->events++;
	take_actions(w, host, &actions);
}

/* Hands over what the kernel received up to the reading of the clock. What came since waits for the next wake: to date it
 * back to this one would let a frame look older than its own sending. */
static void drain(struct world *w, struct host *host) {
	size_t kept = 0;
	for (size_t i = 0; i < host->frames_n; i++) {
		if (host->frames[i].rx > host->now) {
			host->frames[kept++] = host->frames[i];
			continue;
		}
		struct event event = {.type = EV_HEARTBEAT};
		event.heartbeat.hb = host->frames[i].hb;
		event.heartbeat.rx = host->frames[i].rx;
		event.heartbeat.link = host->frames[i].link;
		checker_heard(&w->checker, host->index, &event.heartbeat.hb, event.heartbeat.rx);
		consult(w, host, &event);
	}
	host->frames_n = kept;
	for (size_t i = 0; i < host->answers_n; i++) {
		struct event event = {.type = EV_TEST_ANSWERED};
		event.answer.slot = host->answers[i].slot;
		event.answer.sent = host->answers[i].sent;
		checker_answered(&w->checker, host->index, event.answer.sent);
		consult(w, host, &event);
	}
	host->answers_n = 0;
}

static void read_clock(struct world *w, struct host *host, bool by_timer) {
	host->now = host_clock(w, host);
	struct event event = {.type = EV_WAKE};
	event.wake.late = by_timer ? mono_max(0, host->now - host->asked) : 0;
	consult(w, host, &event);
}

/* The next result. A permit's comes after a fresh look at the clock and at the sockets: the node may have been frozen since
 * it decided. A grant that left is believed once the lease was looked up: where there is no table, it sets nothing. */
static void settle(struct world *w, struct host *host) {
	if (!host->results_n)
		return;
	struct event event = host->results[0];
	memmove(&host->results[0], &host->results[1], --host->results_n * sizeof host->results[0]);
	*first_item(host) = (struct agenda_item){.kind = ITEM_SETTLE};
	*first_item(host) = (struct agenda_item){.kind = ITEM_EVENT, .event = event};
	bool granted = event.type == EV_SENT && event.sent.mark == MARK_GRANT && event.sent.result == SENT_OUT;
	if (granted && !kernel_leased(&host->kernel, host_clock(w, host))) {
		world_trace(w, "node%u looks for its lease: there is none", host->index);
		host->agenda[host->agenda_at].event.sent.result = SENT_REFUSED;
		checker_told_gone(&w->checker, host->index);
	}
	if (event.type == EV_PERMITTED) {
		*first_item(host) = (struct agenda_item){.kind = ITEM_DRAIN};
		*first_item(host) = (struct agenda_item){.kind = ITEM_CLOCK};
	}
}

/* ---- the table ---- */

bool host_netlink_fails(const struct world *w, const struct host *host) {
	return w->now < host->netlink_fails_until;
}

bool host_build_table(struct world *w, struct host *host) {
	host->table_due = host_netlink_fails(w, host);
	if (host->table_due)
		return false;
	kernel_build(&host->kernel, host->named);
	host->bare = !host->named;
	checker_built(&w->checker, host->index, w->now, host->named);
	world_trace(w, "node%u builds its table%s", host->index, host->named ? "" : ", without an interface");
	return true;
}

static bool holds(const struct host *host) {
	static struct core_status status; /* large */
	core_status(&host->core, host->now, &status);
	return status.hold;
}

/* The kernel's notice: whatever it was, the table is built anew, and the lease, if there was one, is gone with it. */
static void read_notice(struct world *w, struct host *host) {
	bool changed = host->table_changed;
	if (!changed && !host->table_due)
		return;
	host->table_changed = false;
	host_build_table(w, host);
	struct event event = {.type = EV_LEASE_LOST};
	if (!changed || !holds(host))
		return;
	checker_told_gone(&w->checker, host->index);
	consult(w, host, &event);
}

/* Addresses that expired were not deleted by the daemon: it takes them for lost. */
static void read_expired(struct world *w, struct host *host) {
	struct event event = {.type = EV_ADDRESSES_LOST, .lost = host->kernel.expired};
	if (ip_set_empty(&event.lost))
		return;
	faults_count(w, MISHAP_EXPIRED);
	memset(&host->kernel.expired, 0, sizeof host->kernel.expired);
	consult(w, host, &event);
}

/* ---- the second belt: addresses that only a monitor that runs and holds keeps alive ---- */

static void plan_validation(struct world *w, struct host *host) {
	if (host->now < host->validate_at)
		return;
	host->validate_at = host->now + kernel_validity(&host->kernel) / 4;
	if (holds(host) && !ip_set_empty(kernel_present(&host->kernel, host_clock(w, host))))
		*last_item(host) = (struct agenda_item){.kind = ITEM_VALIDATE};
}

void host_validate(struct world *w, struct host *host) {
	mono_t clock = host_clock(w, host);
	span_t life = kernel_validity(&host->kernel);
	kernel_validate(&host->kernel, clock, life + world_between(w, 0, KERNEL_VALID_LATE));
	checker_validated(&w->checker, host->index, clock + life + KERNEL_VALID_LATE);
}

static void read_mail(struct world *w, struct host *host) {
	read_notice(w, host);
	read_expired(w, host);
	for (size_t i = 0; i < host->mail_n; i++) {
		host->unanswered += host->mail[i].type == EV_OPERATOR;
		checker_told(&w->checker, host->index, host->now, &host->mail[i]);
		consult(w, host, &host->mail[i]);
	}
	host->mail_n = 0;
	if (!host->reload)
		return;
	static struct actions actions;
	actions.n = 0;
	host->reload = false;
	checker_configured(&w->checker, host->index, &host->config);
	core_reload(&host->core, host->now, &host->config, &actions);
	take_actions(w, host, &actions);
}

static void next_item(struct world *w, struct host *host) {
	struct agenda_item item = host->agenda[host->agenda_at];
	host->agenda_at = (host->agenda_at + 1) % HOST_AGENDA;
	host->agenda_n--;
	switch (item.kind) {
	case ITEM_CLOCK:
		read_clock(w, host, item.by_timer);
		return;
	case ITEM_DRAIN:
		drain(w, host);
		return;
	case ITEM_MAIL:
		read_mail(w, host);
		return;
	case ITEM_SETTLE:
		settle(w, host);
		return;
	case ITEM_BELT:
		plan_validation(w, host);
		return;
	case ITEM_VALIDATE:
		if (!host_netlink_fails(w, host))
			host_validate(w, host);
		return;
	case ITEM_EVENT:
		consult(w, host, &item.event);
		return;
	}
}

static void wake(struct world *w, struct host *host, bool by_timer) {
	*last_item(host) = (struct agenda_item){.kind = ITEM_CLOCK, .by_timer = by_timer};
	*last_item(host) = (struct agenda_item){.kind = ITEM_DRAIN};
	*last_item(host) = (struct agenda_item){.kind = ITEM_MAIL};
	*last_item(host) = (struct agenda_item){.kind = ITEM_SETTLE};
	*last_item(host) = (struct agenda_item){.kind = ITEM_EVENT, .event.type = EV_TICK};
	*last_item(host) = (struct agenda_item){.kind = ITEM_SETTLE};
	*last_item(host) = (struct agenda_item){.kind = ITEM_BELT};
	host->busy = true;
	host_run(w, host);
}

void host_timer(struct world *w, struct host *host, uint64_t id) {
	if (!host->alive || host->busy || id != host->timer)
		return;
	host->timer = 0;
	wake(w, host, host_clock(w, host) >= host->asked);
}

void host_sleep(struct world *w, struct host *host) {
	host->busy = false;
	host->timer = 0;
	/* It may say "at once" or "never". */
	host->asked = mono_min(mono_max(core_deadline(&host->core), host->now), host->now + w->dead);
	span_t late = world_between(w, 5 * USEC, 80 * USEC);
	if (!w->calm && world_chance(w, 20)) {
		late = world_between(w, 0, host->config.timers.lateness);
		w->tally->mishaps[MISHAP_LATE_WAKE]++;
	}
	late += starved(w, host, 2 * w->h);
	plan_wake(w, host, mono_max(kernel_when(&host->kernel, host->asked), w->now) + late);
	if (host->frames_n || host->answers_n || host->mail_n || host->table_changed)
		socket_ready(w, host);
}

/* Goes on until it must wait: for its own next act, which takes time and before which it may be frozen, or for a wake. */
void host_run(struct world *w, struct host *host) {
	if (!host->alive)
		return;
	while (host->acts_n || host->agenda_n) {
		if (!host->tempted) {
			host->tempted = true;
			adversary_tempt(w, host, host->acts_n ? &host->acts[0] : NULL);
			if (host->acts_n || w->now < host->paused_until) {
				mono_t at = mono_max(host->paused_until, w->now) + world_between(w, USEC, 20 * USEC) +
					    starved(w, host, w->h / 8);
				faults_post(w, HAPPEN_RUN, host->index, at);
				return;
			}
		}
		if (w->now < host->paused_until) {
			faults_post(w, HAPPEN_RUN, host->index, host->paused_until + world_between(w, USEC, 5 * USEC));
			return;
		}
		host->tempted = false;
		if (!host->acts_n) {
			next_item(w, host);
			continue;
		}
		struct action act = host->acts[0];
		memmove(&host->acts[0], &host->acts[1], --host->acts_n * sizeof host->acts[0]);
		acts_perform(w, host, &act);
		if (!host->alive || w->checker.broken)
			return;
	}
	host_sleep(w, host);
}
