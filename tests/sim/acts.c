/* What a node's monitor does for its core: heartbeats, permit and lease, addresses, announcements, disk, tests,
 * commands. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/sim/faults.h"

static void result_done(struct host *host, enum event_type type, int error) {
	struct event event = {.type = type, .done.error = error};
	host_result(host, &event);
}

/* ---- work on the addresses ---- */

static void begin_work(struct world *w, struct host *host) {
	const struct host_work *work = &host->work;
	if (work->id || !(work->owe_removed || work->owe_dropped || work->owe_added))
		return;
	span_t length = world_between(w, 50 * USEC, MSEC);
	if (w->now < host->slow_until)
		length = world_between(w, MSEC, host->config.timers.dead / 2);
	host->work.id = w->ids;
	faults_post(w, HAPPEN_WORK, host->index, w->now + length);
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
	host_validate(w, host);
	pay(w, host, &host->work.owe_added, EV_ADDRESSES_ADDED, fails ? EADDRNOTAVAIL : 0);
}

void acts_work_done(struct world *w, struct host *host, uint64_t id) {
	if (id != host->work.id)
		return;
	if (w->now < host->paused_until) {
		host->work.id = w->ids;
		faults_post(w, HAPPEN_WORK, host->index, host->paused_until + world_between(w, USEC, 50 * USEC));
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

/* ---- heartbeats and the lease ---- */

static void send_heartbeat(struct world *w, struct host *host, const struct heartbeat *hb, uint8_t links) {
	mono_t clock = host_clock(w, host);
	bool passed = kernel_pass(&host->kernel, clock, hb->mark);
	if (hb->mark == MARK_GRANT && !host->kernel.table)
		faults_count(w, MISHAP_BLIND_GRANT);
	world_trace(w, "node%u %s on %x seq %lu seen %lu%s%s%s%s echo %lu want %lx rel %lx%s", host->index,
		    hb->mark == MARK_GRANT   ? "GRANT"
		    : hb->mark == MARK_RENEW ? "renew"
					     : "plain",
		    links, hb->seq, hb->seen, hb->lease ? " lease" : "", hb->deaf ? " deaf" : "",
		    hb->leaving ? " leaving" : "", hb->offer ? " offer" : "", hb->echo_seq, hb->want, hb->rel,
		    passed ? "" : " REFUSED");
	checker_sent(&w->checker, host->index, clock, hb, passed, host->mark);
	if (passed && hb->mark != MARK_PLAIN)
		adversary_lease_set(w, host);
	bool accepted = passed && wires_send(w, host, hb, links);
	struct event event = {.type = EV_SENT};
	event.sent.seq = hb->seq;
	event.sent.mark = hb->mark;
	event.sent.result = accepted ? SENT_OUT : passed ? SENT_FAILED : SENT_REFUSED;
	host_result(host, &event);
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

/* Confirmed at once, since no frame leaves without the lease: if the table stands (else it is built first) and has its
 * chains. If it has not, only addresses that are gone are silent. */
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
	if (left) {
		checker_announced(&w->checker, host->index, w->now, clock);
		lan_announced(w, host);
	}
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
			wires_test(w, host, slot, host->now);
}

/* A supervisor that lives takes the node's leftovers away. */
static void stop(struct world *w, struct host *host) {
	world_trace(w, "node%u STOPPED", host->index);
	host_end(host);
	host_bury(w, host);
	struct happening happening = {.type = HAPPEN_BOOT, .node = host->index, .life = host->life};
	world_post(w, w->now + world_between(w, 0, 6 * w->dead), happening);
}

/* The process ends, and is started anew with a larger number. */
static void raise_boot(struct world *w, struct host *host, uint64_t above) {
	faults_count(w, MISHAP_BOOT_LOST);
	host->boots = above > host->boots ? above : host->boots;
	host_end(host);
	host_bury(w, host);
	faults_disturb(w, w->now + 3 * w->h);
	faults_post(w, HAPPEN_BOOT, host->index, w->now + world_between(w, w->h / 4, 3 * w->h));
}

void acts_perform(struct world *w, struct host *host, const struct action *act) {
	if (act->type != ACT_SEND && act->type != ACT_TEST && act->type != ACT_PROBE)
		world_trace(w, "node%u %s", host->index, action_name(act->type));
	switch (act->type) {
	case ACT_SEND:
		send_heartbeat(w, host, &act->send.hb, act->send.links);
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
	case ACT_PROBE:
		lan_probe(w, host, &act->ips);
		break;
	case ACT_RUN:
		commands_run(w, host, act->run.run, act->run.id);
		break;
	case ACT_RAISE_BOOT:
		raise_boot(w, host, act->boot);
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
