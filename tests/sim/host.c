/* A node's process: its agenda, its actions, and how they end. */
#include "tests/sim/host.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/sim/faults.h"

mono_t host_clock(const struct world *w, const struct host *host) {
	return kernel_clock(&host->kernel, w->now);
}

static void post(struct world *w, struct host *host, enum happening_type type, mono_t at) {
	struct happening happening = {.type = type, .node = host->index, .life = host->life};
	world_post(w, at, happening);
}

/* ---- what comes in ---- */

static void plan_wake(struct world *w, struct host *host, mono_t at) {
	if (host->busy || (host->timer && host->timer_at <= at))
		return;
	host->timer = w->ids;
	host->timer_at = at;
	post(w, host, HAPPEN_TIMER, at);
}

static void socket_ready(struct world *w, struct host *host) {
	plan_wake(w, host, w->now + world_between(w, 10 * USEC, 100 * USEC));
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

/* What an action brings back is a later event of the same wake. */
static void result(struct host *host, const struct event *event) {
	assert(host->results_n < HOST_RESULTS);
	host->results[host->results_n++] = *event;
}

static void result_done(struct host *host, enum event_type type, int error) {
	struct event event = {.type = type, .done.error = error};
	result(host, &event);
}

/* Notes and answers have no effect on the world; the rest waits its turn. */
static void take_actions(struct world *w, struct host *host, const struct actions *actions) {
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];
		if (action->type == ACT_NOTE) {
			const struct note *note = &action->note;
			world_trace(w, "node%u   %s: %s -> %s, %s", host->index, note_name(note->type),
				    state_name(note->from), state_name(note->to), cause_name(note->cause));
		} else if (action->type == ACT_ANSWER) {
			host->unanswered--;
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

/* The clock is read once a wake, and the stand-in's timer looked at. */
static void read_clock(struct world *w, struct host *host, bool by_timer) {
	struct kernel *kernel = &host->kernel;
	host->now = host_clock(w, host);
	if (kernel->mode == LEASE_STANDIN && kernel->lease_end && host->now >= kernel->lease_end) {
		kernel->lease_end = 0;
		result_done(host, EV_LEASE_LOST, 0);
	}
	struct event event = {.type = EV_WAKE};
	event.wake.late = by_timer ? mono_max(0, host->now - host->asked) : 0;
	consult(w, host, &event);
}

/* The next result. A permit's comes after a fresh look at the clock and at the sockets: the node may have been frozen since
 * it decided. */
static void settle(struct host *host) {
	if (!host->results_n)
		return;
	struct event event = host->results[0];
	memmove(&host->results[0], &host->results[1], --host->results_n * sizeof host->results[0]);
	*first_item(host) = (struct agenda_item){.kind = ITEM_SETTLE};
	*first_item(host) = (struct agenda_item){.kind = ITEM_EVENT, .event = event};
	if (event.type == EV_PERMITTED) {
		*first_item(host) = (struct agenda_item){.kind = ITEM_DRAIN};
		*first_item(host) = (struct agenda_item){.kind = ITEM_CLOCK};
	}
}

static void read_mail(struct world *w, struct host *host) {
	for (size_t i = 0; i < host->mail_n; i++) {
		host->unanswered += host->mail[i].type == EV_OPERATOR;
		consult(w, host, &host->mail[i]);
	}
	host->mail_n = 0;
	if (!host->reload)
		return;
	static struct actions actions;
	actions.n = 0;
	host->reload = false;
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
		settle(host);
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
	host->busy = true;
	host_run(w, host);
}

void host_timer(struct world *w, struct host *host, uint64_t id) {
	if (!host->alive || host->busy || id != host->timer)
		return;
	host->timer = 0;
	wake(w, host, host_clock(w, host) >= host->asked);
}

static void sleep_until_due(struct world *w, struct host *host) {
	host->busy = false;
	host->timer = 0;
	/* It may say "at once" or "never". */
	host->asked = mono_min(mono_max(core_deadline(&host->core), host->now), host->now + w->dead);
	if (host->kernel.mode == LEASE_STANDIN && host->kernel.lease_end)
		host->asked = mono_min(host->asked, host->kernel.lease_end);
	span_t late = world_between(w, 5 * USEC, 80 * USEC);
	if (!w->calm && world_chance(w, 20)) {
		late = world_between(w, 0, host->config.timers.lateness);
		w->tally->mishaps[MISHAP_LATE_WAKE]++;
	}
	plan_wake(w, host, mono_max(kernel_when(&host->kernel, host->asked), w->now) + late);
	if (host->frames_n || host->answers_n || host->mail_n)
		socket_ready(w, host);
}

/* ---- what goes out ---- */

static void begin_work(struct world *w, struct host *host) {
	const struct host_work *work = &host->work;
	bool silences = work->owe_removed || work->owe_dropped;
	if (work->id || !(silences || work->owe_added))
		return;
	span_t length = world_between(w, 50 * USEC, MSEC);
	if (w->now < host->slow_until && host->kernel.mode == LEASE_STANDIN && silences) /* all that silences such a node */
		length = world_between(w, MSEC, mono_max(MSEC, host->config.timers.lease / 8));
	else if (w->now < host->slow_until)
		length = world_between(w, MSEC, host->config.timers.dead / 2);
	host->work.id = w->ids;
	post(w, host, HAPPEN_WORK, w->now + length);
}

static void want_addresses(struct world *w, struct host *host, const struct ip_set *ips) {
	for (unsigned i = 0; i < CORE_IPS / 64; i++)
		host->work.want.bits[i] |= ips->bits[i];
	host->work.owe_added = true;
	begin_work(w, host);
}

/* To remove all cancels the additions that are under way: they are not answered. */
static void unwant_addresses(struct world *w, struct host *host, const struct ip_set *ips) {
	host->work.want = ip_set_less(host->work.want, ips);
	host->work.owe_removed = true;
	if (ip_set_count(ips) == CORE_IPS)
		host->work.owe_added = false;
	begin_work(w, host);
}

/* With the stand-in nothing else could silence the node, so its addresses can always be removed. */
static bool netlink_fails(const struct world *w, const struct host *host) {
	return host->kernel.mode == LEASE_KERNEL && w->now < host->netlink_fails_until;
}

static void pay(struct world *w, struct host *host, bool *owed, enum event_type type, int error) {
	if (!*owed)
		return;
	*owed = false;
	struct event event = {.type = type, .done.error = error};
	world_trace(w, "node%u %s, error %d, %u addresses", host->index, event_name(type), error,
		    ip_set_count(&host->kernel.present));
	host_mail(w, host, &event);
}

static void remove_addresses(struct world *w, struct host *host) {
	struct ip_set *present = &host->kernel.present;
	int error = netlink_fails(w, host) ? ENOBUFS : 0;
	if (!error) {
		struct ip_set surplus = ip_set_less(*present, &host->work.want);
		*present = ip_set_less(*present, &surplus);
	}
	pay(w, host, &host->work.owe_dropped, EV_LEASE_DROPPED, error);
	pay(w, host, &host->work.owe_removed, EV_ADDRESSES_REMOVED, error);
}

/* Where additions fail, every second one does, and is no longer tried. */
static void add_addresses(struct world *w, struct host *host) {
	struct kernel *kernel = &host->kernel;
	struct ip_set *want = &host->work.want;
	if (kernel->mode == LEASE_STANDIN && !kernel_leased(kernel, host_clock(w, host)))
		return; /* frozen since the grant: the next wake will notice, and drop */
	bool fails = w->now < host->add_fails_until;
	for (unsigned i = 0; i < CORE_IPS / 64; i++) {
		want->bits[i] &= kernel->present.bits[i] | (fails ? UINT64_C(0x5555555555555555) : UINT64_MAX);
		kernel->present.bits[i] |= want->bits[i];
	}
	pay(w, host, &host->work.owe_added, EV_ADDRESSES_ADDED, fails ? EADDRNOTAVAIL : 0);
}

void host_work_done(struct world *w, struct host *host, uint64_t id) {
	if (id != host->work.id)
		return;
	if (w->now < host->paused_until) {
		host->work.id = w->ids;
		post(w, host, HAPPEN_WORK, host->paused_until + world_between(w, USEC, 50 * USEC));
		return;
	}
	host->work.id = 0;
	if (host->work.owe_removed || host->work.owe_dropped) {
		remove_addresses(w, host);
		begin_work(w, host);
	} else if (host->work.owe_added) {
		add_addresses(w, host);
	}
}

static void send_heartbeat(struct world *w, struct host *host, const struct heartbeat *hb) {
	mono_t clock = host_clock(w, host);
	bool passed = kernel_pass(&host->kernel, clock, hb->mark);
	world_trace(w, "node%u %s seq %lu seen %lu%s%s%s%s echo %lu want %lx rel %lx%s", host->index,
		    hb->mark == MARK_GRANT   ? "GRANT"
		    : hb->mark == MARK_RENEW ? "renew"
					     : "plain",
		    hb->seq, hb->seen, hb->lease ? " lease" : "", hb->deaf ? " deaf" : "", hb->leaving ? " leaving" : "",
		    hb->offer ? " offer" : "", hb->echo_seq, hb->want, hb->rel, passed ? "" : " REFUSED");
	checker_sent(&w->checker, host->index, clock, hb, passed, host->mark);
	if (passed && hb->mark != MARK_PLAIN)
		adversary_lease_set(w, host);
	bool accepted = passed && world_send(w, host, hb);
	struct event event = {.type = EV_SENT};
	event.sent.seq = hb->seq;
	event.sent.mark = hb->mark;
	event.sent.result = accepted ? SENT_OUT : passed ? SENT_FAILED : SENT_REFUSED;
	result(host, &event);
}

static void permit(struct world *w, struct host *host, span_t life) {
	bool refused = w->now < host->permit_refused_until;
	if (!refused)
		kernel_permit(&host->kernel, host_clock(w, host), life);
	result_done(host, EV_PERMITTED, refused ? EPERM : 0);
}

static void drop_lease(struct world *w, struct host *host) {
	if (netlink_fails(w, host)) {
		result_done(host, EV_LEASE_DROPPED, ENOBUFS);
		return;
	}
	kernel_drop_lease(&host->kernel);
	if (host->kernel.mode == LEASE_KERNEL) {
		result_done(host, EV_LEASE_DROPPED, 0);
		return;
	}
	struct ip_set all;
	memset(&all, 0xff, sizeof all);
	host->work.owe_dropped = true;
	unwant_addresses(w, host, &all);
}

static void announce(struct world *w, struct host *host) {
	bool fails = w->now < host->netlink_fails_until;
	if (!fails)
		checker_announced(&w->checker, host->index, w->now);
	result_done(host, EV_ANNOUNCED, fails ? ENOBUFS : 0);
}

static void reserve(struct world *w, struct host *host, uint64_t epoch) {
	bool slow = w->now < host->slow_until;
	struct happening happening = {.type = HAPPEN_RESERVED, .node = host->index, .life = host->life};
	happening.reserve.epoch = epoch;
	happening.reserve.fails = w->now < host->disk_fails_until;
	world_post(w, w->now + world_between(w, MSEC, slow ? w->dead : 30 * MSEC), happening);
}

static void request_tests(struct world *w, struct host *host, uint16_t tests) {
	for (unsigned slot = 0; slot < w->tests; slot++)
		if (tests & (1U << slot))
			world_test(w, host, slot, host->now);
}

static void stop(struct world *w, struct host *host) {
	world_trace(w, "node%u STOPPED", host->index);
	host_end(host);
	struct happening happening = {.type = HAPPEN_BOOT, .node = host->index, .life = host->life};
	world_post(w, w->now + world_between(w, 0, 6 * w->dead), happening);
}

static void perform(struct world *w, struct host *host, const struct action *act) {
	if (act->type != ACT_SEND && act->type != ACT_TEST)
		world_trace(w, "node%u %s", host->index, action_name(act->type));
	switch (act->type) {
	case ACT_SEND:
		send_heartbeat(w, host, &act->send.hb);
		break;
	case ACT_PERMIT:
		permit(w, host, act->permit.life);
		break;
	case ACT_DROP_PERMIT:
		kernel_drop_permit(&host->kernel);
		break;
	case ACT_DROP_LEASE:
		drop_lease(w, host);
		break;
	case ACT_ADD_ADDRESSES:
		want_addresses(w, host, &act->ips);
		break;
	case ACT_REMOVE_ADDRESSES:
		unwant_addresses(w, host, &act->ips);
		break;
	case ACT_ANNOUNCE:
		announce(w, host);
		break;
	case ACT_TEST:
		request_tests(w, host, act->tests);
		break;
	case ACT_RESERVE_EPOCHS:
		reserve(w, host, act->epoch);
		break;
	case ACT_SAVE_PAUSE:
		host->paused = act->pause.paused;
		host->operator_until = act->pause.until;
		break;
	case ACT_END:
		stop(w, host);
		break;
	case ACT_ANSWER:
	case ACT_NOTE:
	case ACT__COUNT:
		assert(!"taken before");
	}
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
				mono_t at = mono_max(host->paused_until, w->now) + world_between(w, USEC, 20 * USEC);
				post(w, host, HAPPEN_RUN, at);
				return;
			}
		}
		if (w->now < host->paused_until) {
			post(w, host, HAPPEN_RUN, host->paused_until + world_between(w, USEC, 5 * USEC));
			return;
		}
		host->tempted = false;
		if (!host->acts_n) {
			next_item(w, host);
			continue;
		}
		struct action act = host->acts[0];
		memmove(&host->acts[0], &host->acts[1], --host->acts_n * sizeof host->acts[0]);
		perform(w, host, &act);
		if (!host->alive || w->checker.broken)
			return;
	}
	sleep_until_due(w, host);
}

/* ---- its life ---- */

void host_end(struct host *host) {
	host->alive = false;
	host->busy = false;
	host->life++;
	host->timer = 0;
	host->acts_n = host->agenda_n = host->results_n = host->frames_n = host->answers_n = host->mail_n = 0;
	memset(&host->work, 0, sizeof host->work);
	kernel_drop_permit(&host->kernel);
}

void host_boot(struct world *w, struct host *host, bool wiped) {
	host_end(host);
	if (wiped) {
		host->mark = 0;
		host->paused = false;
		host->idle_until = 0;
	}
	struct core_memory memory = {.boot = ++w->boots, .epoch_mark = host->mark};
	if (w->now >= host->disk_fails_until)
		host->mark += (uint64_t)world_between(w, 1, 40);
	memory.reserved = host->mark;
	memory.paused = host->paused;
	memory.paused_until = host->operator_until;
	if (!host->paused)
		host->idle_until = 0;
	else /* a request to resume may have died with the daemon */
		host->idle_until =
			host->operator_until == MONO_FAR ? MONO_FAR : kernel_when(&host->kernel, host->operator_until);
	host->alive = true;
	/* What an earlier life left is purged before a word is said. */
	kernel_drop_lease(&host->kernel);
	memset(&host->kernel.present, 0, sizeof host->kernel.present);
	host->now = host_clock(w, host);
	host->tempted = host->reload = false;
	host->unanswered = 0;
	world_trace(w, "node%u BOOTS %lu, mark %lu, reserved %lu%s", host->index, memory.boot, memory.epoch_mark,
		    memory.reserved, wiped ? ", its disk is empty" : "");
	checker_boot(&w->checker, host->index, host->now, memory.epoch_mark, wiped);
	core_init(&host->core, &host->config, &memory, host->now);
	if (!host->carrier) {
		struct event event = {.type = EV_CARRIER};
		host_mail(w, host, &event);
	}
	sleep_until_due(w, host);
}
