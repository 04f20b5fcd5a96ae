/* A node's monitor: its agenda, its actions, and how they end. */
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

static void validate(struct world *w, struct host *host) {
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
		settle(w, host);
		return;
	case ITEM_BELT:
		plan_validation(w, host);
		return;
	case ITEM_VALIDATE:
		if (!host_netlink_fails(w, host))
			validate(w, host);
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

/* ---- what goes out ---- */

static void begin_work(struct world *w, struct host *host) {
	const struct host_work *work = &host->work;
	if (work->id || !(work->owe_removed || work->owe_dropped || work->owe_added))
		return;
	span_t length = world_between(w, 50 * USEC, MSEC);
	if (w->now < host->slow_until)
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
	int error = host_netlink_fails(w, host) ? ENOBUFS : 0;
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
	bool fails = w->now < host->add_fails_until || !host->exists;
	kernel_present(kernel, host_clock(w, host));
	for (unsigned i = 0; i < CORE_IPS / 64; i++) {
		want->bits[i] &= kernel->present.bits[i] | (!fails         ? UINT64_MAX
							    : host->exists ? UINT64_C(0x5555555555555555)
									   : 0);
		kernel->present.bits[i] |= want->bits[i];
	}
	validate(w, host);
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
	if (hb->mark == MARK_GRANT && !host->kernel.table)
		faults_count(w, MISHAP_BLIND_GRANT);
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

/* Where there is no table to set it in, the notice of that is only not read yet: it is built first. */
static void permit(struct world *w, struct host *host, span_t life) {
	mono_t clock = host_clock(w, host);
	bool refused = w->now < host->permit_refused_until || host_netlink_fails(w, host);
	if (!refused && !kernel_permit(&host->kernel, clock, life)) {
		host_build_table(w, host);
		kernel_permit(&host->kernel, clock, life);
	}
	if (!refused)
		checker_permit(&w->checker, host->index, clock, life);
	result_done(host, EV_PERMITTED, refused ? EPERM : 0);
}

static void drop_permit(struct world *w, struct host *host) {
	kernel_drop_permit(&host->kernel);
	checker_unpermit(&w->checker, host->index);
}

/* Confirmed at once, since no frame leaves without the lease: if the table stands (else it is built first) and has its chains.
 * If it has not, only addresses that are gone are silent. */
static void drop_lease(struct world *w, struct host *host) {
	if (host_netlink_fails(w, host)) {
		faults_count(w, MISHAP_DROP_REFUSED);
		result_done(host, EV_LEASE_DROPPED, ENOBUFS);
		return;
	}
	if (!host->kernel.table)
		host_build_table(w, host);
	kernel_drop_lease(&host->kernel);
	checker_dropped(&w->checker, host->index);
	if (!host->bare) {
		result_done(host, EV_LEASE_DROPPED, 0);
		return;
	}
	faults_count(w, MISHAP_BARE_DROP);
	struct ip_set all;
	memset(&all, 0xff, sizeof all);
	host->work.owe_dropped = true;
	unwant_addresses(w, host, &all);
}

/* A frame of the shared IPs from a socket that needs no address: dropped without the lease, where there is a guard. */
static void announce(struct world *w, struct host *host) {
	mono_t clock = host_clock(w, host);
	bool left = w->now >= host->netlink_fails_until && host->exists && kernel_emits(&host->kernel, clock, true);
	if (left)
		checker_announced(&w->checker, host->index, w->now, clock);
	result_done(host, EV_ANNOUNCED, left ? 0 : ENOBUFS);
}

static void reserve(struct world *w, struct host *host, uint64_t epoch) {
	bool slow = w->now < host->slow_until;
	if (!host->supervisor.alive)
		return; /* nobody answers */
	struct happening happening = {.type = HAPPEN_RESERVED, .node = host->index, .life = host->life};
	happening.reserve.epoch = epoch;
	happening.reserve.fails = w->now < host->disk_fails_until;
	true_t read = mono_max(w->now, host->supervisor.paused_until);
	world_post(w, read + world_between(w, MSEC, slow ? w->dead : 30 * MSEC), happening);
}

static void request_tests(struct world *w, struct host *host, uint16_t tests) {
	for (unsigned slot = 0; slot < w->tests; slot++)
		if (tests & (1U << slot))
			world_test(w, host, slot, host->now);
}

/* A supervisor that lives takes the node's leftovers away. */
static void stop(struct world *w, struct host *host) {
	world_trace(w, "node%u STOPPED", host->index);
	host_end(host);
	host_bury(w, host);
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
		drop_permit(w, host);
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
				mono_t at = mono_max(host->paused_until, w->now) + world_between(w, USEC, 20 * USEC) +
					    starved(w, host, w->h / 8);
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
	host_sleep(w, host);
}
