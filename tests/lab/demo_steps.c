/* What the demonstration plays: one fault a function, measured by the witness, mended again. */
#include <stdlib.h>

#include "tests/lab/demo_parts.h"
#include "tests/lab/pair_faults.h"
#include "tests/lab/shell.h"

static const char *name(int host) {
	return net_host_name((enum net_host)host);
}

static enum net_host settled(struct demo *demo) {
	return pair_settled(&demo->pair, pair_patience(demo->within));
}

/* ---- measuring ---- */

static void await_service(struct demo *demo, enum net_host heir, nanos fault) {
	if (!probe_wait_owner(demo->probe, heir, fault, pair_patience(demo->within)))
		shell_die("%s never served the client", name((int)heir));
}

/* From the fault on until this host serves, if it does not yet. */
static struct demo_cost outage(struct demo *demo, enum net_host heir, nanos fault) {
	await_service(demo, heir, fault);
	nanos recovery = clock_now();
	probe_settle(demo->probe);
	struct probe_gap gap = probe_outage(demo->probe, fault, recovery);
	return (struct demo_cost){
		.outage = gap.to - gap.from,
		.frozen = freeze_overlap(demo->freeze, gap.from, gap.to),
		.excused = freeze_excuses(demo->freeze, demo->within, fault, recovery),
	};
}

/* Of the one move since the fault. No freeze excuses it. */
static nanos overlap(struct demo *demo, enum net_host old, enum net_host heir, nanos fault) {
	nanos both = sniff_overlap(demo->sniff, &demo->shared, old, heir, fault, clock_now());
	demo->overlap = both > demo->overlap ? both : demo->overlap;
	return both;
}

static struct demo_cost moved(struct demo *demo, enum net_host old, enum net_host heir, nanos fault) {
	struct demo_cost cost = outage(demo, heir, fault);
	nanos both = overlap(demo, old, heir, fault);
	demo_say(demo, "            %s serves; outage %.1f ms (configured: within %.0f ms), overlap %.1f ms",
		 name((int)heir), clock_ms(cost.outage), clock_ms(demo->within), clock_ms(both));
	cost.held = cost.outage <= demo->within;
	return cost;
}

/* The fault is mended: the old primary becomes backup, and has not said a word for the shared IP since. False: it has. */
static bool came_back(struct demo *demo, enum net_host old, nanos since) {
	settled(demo);
	/* Long enough for a failback that must not come. */
	clock_sleep_until(clock_now() + 2 * demo->within);
	return settled(demo) != old && sniff_last_claim(demo->sniff, &demo->shared, old, since, clock_now()) == 0;
}

/* Of the move since the fault that was mended at `since`. */
static void judge_return(struct demo *demo, enum net_host old, nanos fault, nanos since, const char *what,
			 struct demo_cost *cost) {
	bool silent = came_back(demo, old, since);
	if (settled(demo) != old) /* the role stayed: whatever the old one said for the IP since is overlap */
		overlap(demo, old, pair_other(old), fault);
	demo_say(demo, "            %s; %s is %s", what, name((int)old),
		 silent ? "backup, and has not said a word for the IP since" : "heard for the IP, and nobody asked for it");
	cost->held &= silent;
	cost->excused |= freeze_excuses(demo->freeze, demo->within, since, clock_now());
}

/* ---- the steps ---- */

void demo_cold_start(struct demo *demo) {
	demo_say(demo, "cold start: hamon starts on ha1 and ha2");
	nanos start = clock_now();
	pair_start(&demo->pair, NET_HA1);
	pair_start(&demo->pair, NET_HA2);
	enum net_host primary = settled(demo);
	await_service(demo, primary, start);
	demo_say(demo, "            %s is primary and serves " PAIR_SHARED ", %s is its backup", name((int)primary),
		 name((int)pair_other(primary)));
}

struct demo_cost demo_planned_takeover(struct demo *demo) {
	enum net_host old = settled(demo), heir = pair_other(old);
	demo_say(demo, "planned takeover: `hamon takeover` on %s", name((int)heir));
	nanos fault = clock_now();
	struct pair_result result = pair_verb(&demo->pair, heir, "takeover");
	if (result.status)
		shell_die("`hamon takeover` ended with %d: %s", result.status, result.output);
	free(result.output);
	struct demo_cost cost = outage(demo, heir, fault);
	if (settled(demo) != heir)
		shell_die("%s took over and is not the primary", name((int)heir));
	demo_say(demo,
		 "            %s serves; outage %.1f ms (%.0f ms are allowed, plus %.1f ms that the machine stood still), "
		 "overlap %.1f ms",
		 name((int)heir), clock_ms(cost.outage), clock_ms(DEMO_PLANNED), clock_ms(cost.frozen),
		 clock_ms(overlap(demo, old, heir, fault)));
	cost.held = cost.outage <= DEMO_PLANNED + cost.frozen;
	return cost;
}

static struct demo_cost cable_cut(struct demo *demo, enum net_cut cut, const char *how) {
	enum net_host old = settled(demo), heir = pair_other(old);
	demo_say(demo, "cable cut: %s %s", name((int)old), how);
	nanos fault = clock_now();
	net_cut(&demo->net, old, cut);
	struct demo_cost cost = moved(demo, old, heir, fault);
	nanos back = clock_now();
	net_mend(&demo->net, old);
	judge_return(demo, old, fault, back, "its cable is back", &cost);
	return cost;
}

struct demo_cost demo_cut_carrier(struct demo *demo) {
	return cable_cut(demo, NET_CUT_CARRIER, "loses its carrier");
}

struct demo_cost demo_cut_frames(struct demo *demo) {
	return cable_cut(demo, NET_CUT_FRAMES, "keeps its carrier, the switch drops its frames both ways");
}

struct demo_cost demo_kill_all(struct demo *demo) {
	enum net_host old = settled(demo), heir = pair_other(old);
	demo_say(demo, "killed: SIGKILL to every process of %s at once; the address stays on its interface",
		 name((int)old));
	nanos fault = clock_now();
	pair_kill_all(&demo->pair, old);
	struct demo_cost cost = moved(demo, old, heir, fault);
	nanos back = clock_now();
	pair_start(&demo->pair, old);
	judge_return(demo, old, fault, back, "hamon is started there again", &cost);
	return cost;
}

/* Its supervisor starts it anew, so either of them may be the next primary. */
struct demo_cost demo_kill_monitor(struct demo *demo) {
	enum net_host old = settled(demo);
	demo_say(demo, "killed: SIGKILL to the monitor of %s alone; its supervisor lives", name((int)old));
	nanos fault = clock_now();
	pair_kill_monitor(&demo->pair, old);
	enum net_host heir = settled(demo);
	struct demo_cost cost = outage(demo, heir, fault);
	demo_say(demo, "            %s serves; outage %.1f ms (configured: within %.0f ms), overlap %.1f ms",
		 name((int)heir), clock_ms(cost.outage), clock_ms(demo->within),
		 clock_ms(heir == old ? 0 : overlap(demo, old, heir, fault)));
	cost.held = cost.outage <= demo->within;
	return cost;
}

struct demo_cost demo_freeze(struct demo *demo) {
	enum net_host old = settled(demo), heir = pair_other(old);
	demo_say(demo, "frozen: SIGSTOP to every process of %s; its kernel and its address live on", name((int)old));
	nanos fault = clock_now();
	pair_stop_all(&demo->pair, old);
	struct demo_cost cost = moved(demo, old, heir, fault);
	nanos back = clock_now();
	pair_continue_all(&demo->pair, old);
	judge_return(demo, old, fault, back, "SIGCONT", &cost);
	return cost;
}

struct demo_cost demo_split(struct demo *demo) {
	enum net_host old = settled(demo), heir = pair_other(old);
	demo_say(demo, "switch split: %s on one side, %s with the gateway and the client on the other", name((int)old),
		 name((int)heir));
	nanos fault = clock_now();
	net_split(&demo->net, heir, heir);
	struct demo_cost cost = moved(demo, old, heir, fault);
	nanos back = clock_now();
	net_unite(&demo->net);
	judge_return(demo, old, fault, back, "the switch is whole again", &cost);
	return cost;
}

struct demo_cost demo_flush(struct demo *demo) {
	enum net_host old = settled(demo);
	demo_say(demo, "rules flushed: `nft flush ruleset` on %s, the lease's table among them", name((int)old));
	nanos fault = clock_now();
	shell_must(&(struct shell_job){.ns = demo->net.ns[old]}, "nft flush ruleset");
	if (!pair_wait_logged(&demo->pair, old, "restored", pair_patience(demo->within)))
		shell_die("%s did not restore its table", name((int)old));
	enum net_host heir = settled(demo);
	struct demo_cost cost = outage(demo, heir, fault);
	demo_say(demo, "            restored; %s serves; outage %.1f ms (configured: within %.0f ms), overlap %.1f ms",
		 name((int)heir), clock_ms(cost.outage), clock_ms(demo->within),
		 clock_ms(heir == old ? 0 : overlap(demo, old, heir, fault)));
	cost.held = cost.outage <= demo->within;
	return cost;
}
