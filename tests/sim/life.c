/* The life of a node's monitor, and what surrounds it: the supervisor, which starts it, and silences the node when it dies
 * or stops; the disk; what an earlier life left. */
#include <string.h>

#include "tests/sim/faults.h"

/* ---- the supervisor ---- */

/* From the monitor's death, or stop, to the last address gone. */
static const span_t reaction = 20 * MSEC;

/* When the supervisor runs, and its netlink calls succeed. */
static true_t supervisor_able(const struct host *host) {
	return mono_max(host->supervisor.paused_until, mono_max(host->frozen_until, host->netlink_fails_until));
}

mono_t host_unburied(const struct host *host) {
	return host->supervisor.alive ? supervisor_able(host) + reaction : MONO_FAR;
}

static void react(struct world *w, struct host *host) {
	true_t able = mono_max(w->now, supervisor_able(host));
	faults_post(w, HAPPEN_PURGE, host->index, able + world_between(w, 100 * USEC, reaction));
}

void host_bury(struct world *w, struct host *host) {
	if (!host->supervisor.alive) {
		faults_count(w, MISHAP_ORPHAN);
		return;
	}
	checker_silenced(&w->checker, host->index, w->now + reaction);
	react(w, host);
}

void host_silence(struct world *w, struct host *host) {
	if (!host->supervisor.alive)
		return;
	if (w->now < supervisor_able(host)) {
		react(w, host);
		return;
	}
	struct kernel *kernel = &host->kernel;
	world_trace(w, "node%u its supervisor silences it", host->index);
	kernel_drop_lease(kernel);
	checker_dropped(&w->checker, host->index);
	struct event event = {.type = EV_ADDRESSES_LOST, .lost = kernel->present};
	memset(&kernel->present, 0, sizeof kernel->present);
	if (!host->alive)
		return;
	host_table_changed(w, host);
	host_mail(w, host, &event);
}

/* ---- the monitor ---- */

/* Slow work keeps it only where it takes the addresses away: the table is built at once. */
mono_t host_hindered(const struct world *w, const struct host *host) {
	mono_t starved = host->starved_until + 2 * w->h; /* the last wake that it delayed */
	mono_t until = mono_max(mono_max(host->paused_until, starved), host->netlink_fails_until);
	bool slow = (!host->named || host->bare) && host->slow_until > 0;
	if (slow)
		until = mono_max(until, host->slow_until + w->dead / 2); /* its last piece ends */
	return host->alive ? until : MONO_FAR;
}

void host_end(struct host *host) {
	host->alive = false;
	host->busy = host->table_changed = host->table_due = false;
	host->life++;
	host->timer = 0;
	host->acts_n = host->agenda_n = host->results_n = host->frames_n = host->answers_n = host->mail_n = 0;
	memset(&host->work, 0, sizeof host->work);
}

/* One more than the disk's, or the wall clock's seconds: ordered over both nodes, unless a clock is years off. */
static uint64_t next_boot(struct world *w, struct host *host) {
	static const int64_t this_year = 100 * FAULTS_YEAR;
	uint64_t wall = (uint64_t)(this_year + host->years * FAULTS_YEAR) + ++w->boots;
	host->boots = wall > host->boots ? wall : host->boots + 1;
	checker_ordered(&w->checker, host->index, host->boots > host->boots_most);
	host->boots_most = host->boots > host->boots_most ? host->boots : host->boots_most;
	return host->boots;
}

static struct core_memory read_disk(struct world *w, struct host *host, bool wiped) {
	if (wiped) {
		host->mark = host->boots = 0;
		host->paused = false;
		host->idle_until = 0;
	}
	struct core_memory memory = {.boot = next_boot(w, host), .epoch_mark = host->mark};
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
	return memory;
}

/* What an earlier life left is purged, and the table built, before a word is said; until that can be done the supervisor
 * tries again. */
static bool purge(struct world *w, struct host *host) {
	if (host_netlink_fails(w, host))
		return false;
	memset(&host->kernel.present, 0, sizeof host->kernel.present);
	return host_build_table(w, host);
}

void host_boot(struct world *w, struct host *host, bool wiped) {
	if (!purge(w, host)) {
		struct happening again = {.type = HAPPEN_BOOT, .node = host->index, .life = host->life, .wiped = wiped};
		world_post(w, host->netlink_fails_until, again);
		return;
	}
	host_end(host);
	struct core_memory memory = read_disk(w, host, wiped);
	bool restarted = host->supervisor.alive;
	memory.met = restarted && w->checker.node[host->index].met;
	if (!restarted)
		host->supervisor.paused_until = 0;
	host->alive = host->supervisor.alive = true;
	memset(&host->kernel.expired, 0, sizeof host->kernel.expired);
	host->now = host_clock(w, host);
	host->tempted = host->reload = false;
	host->validate_at = host->now;
	host->unanswered = 0;
	world_trace(w, "node%u BOOTS %lu, mark %lu, reserved %lu%s", host->index, memory.boot, memory.epoch_mark,
		    memory.reserved, wiped ? ", its disk is empty" : "");
	checker_boot(&w->checker, host->index, host->now, memory.epoch_mark, wiped, restarted);
	checker_silenced(&w->checker, host->index, MONO_FAR);
	checker_configured(&w->checker, host->index, &host->config);
	core_init(&host->core, &host->config, &memory, host->now);
	commands_health(w, host);
	if (host->config.wait_for_peer)
		faults_count(w, MISHAP_WAIT_FOR_PEER);
	if (!host->carrier) {
		struct event event = {.type = EV_CARRIER};
		host_mail(w, host, &event);
	}
	host_sleep(w, host);
}
