/* The commands of the configuration, as the hooks worker runs them: the fence, which takes the peer's power;
 * before-primary, which may veto; health. Each may fail, or hang until its deadline. */
#include "tests/sim/faults.h"

/* So long the core waits before it asks again. */
static const span_t again = 10 * SEC;

enum fate { FATE_WORKS, FATE_FAILS, FATE_HANGS };

static enum fate draw_fate(struct world *w) {
	if (w->healed)
		return FATE_WORKS;
	if (world_chance(w, w->mood.hang))
		return FATE_HANGS;
	return world_chance(w, w->mood.fail) ? FATE_FAILS : FATE_WORKS;
}

void commands_run(struct world *w, struct host *host, enum run run, uint32_t id) {
	enum fate fate = draw_fate(w);
	span_t length = fate == FATE_HANGS ? w->command : world_between(w, USEC, w->command - 1);
	if (run == RUN_FENCE && fate == FATE_FAILS)
		faults_count(w, MISHAP_FENCE_FAIL);
	if (run == RUN_FENCE && fate == FATE_HANGS)
		faults_count(w, MISHAP_FENCE_HANG);
	if (run == RUN_BEFORE_PRIMARY && fate != FATE_WORKS)
		faults_count(w, MISHAP_VETO);
	if (fate != FATE_WORKS)
		faults_disturb(w, w->now + length + again);
	world_trace(w, "node%u runs %s, which will %s in %.3f ms", host->index, run_name(run),
		    fate == FATE_WORKS ? "succeed" : "fail", (double)length / MSEC);
	struct happening ran = {.type = HAPPEN_RAN, .node = host->index, .life = host->life};
	ran.ran.run = run;
	ran.ran.id = id;
	ran.ran.ok = fate == FATE_WORKS;
	world_post(w, w->now + length, ran);
}

/* A fence that failed may have done its work all the same. */
static void ended(struct world *w, struct host *host, const struct happening *it) {
	struct event event = {.type = EV_RAN};
	event.ran.run = it->ran.run;
	event.ran.id = it->ran.id;
	event.ran.ok = it->ran.ok || w->healed;
	if (it->ran.run == RUN_FENCE && (event.ran.ok || world_chance(w, 200))) {
		faults_count(w, MISHAP_FENCED);
		faults_power_off(w, &w->host[1 - host->index]);
	}
	host_mail(w, host, &event);
}

void commands_health(struct world *w, struct host *host) {
	if (host->config.health)
		faults_post(w, HAPPEN_HEALTH, host->index, w->now + w->health);
}

/* Now and then a result is wrong. The worker is stopped with the node. */
static void examined(struct world *w, struct host *host) {
	struct event event = {.type = EV_HEALTH};
	event.health.ok = w->now >= host->ill_until && (w->calm || !world_chance(w, 30));
	commands_health(w, host);
	if (w->now >= host->paused_until)
		host_mail(w, host, &event);
}

void commands_happen(struct world *w, const struct happening *it) {
	struct host *host = &w->host[it->node];
	if (it->type == HAPPEN_RAN)
		ended(w, host, it);
	else /* HAPPEN_HEALTH */
		examined(w, host);
}
