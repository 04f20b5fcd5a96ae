/* The demonstration: see demo.h. Each step leaves a healthy pair behind, so that one which a freeze of the machine spoilt can
 * be done again. */
#include "tests/lab/demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lab/freeze.h"
#include "tests/lab/janitor.h"
#include "tests/lab/net.h"
#include "tests/lab/pair.h"
#include "tests/lab/probe.h"
#include "tests/lab/shell.h"

enum { RERUNS = 5 };

/* What people are told to expect when nothing else is asked for. */
#define WITHIN (500 * NANOS_MS)
/* A planned takeover may cost this much, and what the machine stood still. */
#define PLANNED (20 * NANOS_MS)

static struct demo {
	struct net net;
	struct pair pair;
	struct freeze *freeze;
	struct probe *probe;
	nanos begin, within;
	unsigned reruns;
	bool failed;
} demo; /* one a process, and where shell_die() finds the logs */

/* What a step cost, as the client saw it. */
struct cost {
	nanos outage, frozen; /* frozen: so much of the outage the machine stood still */
	bool held;            /* the step kept its bounds */
	bool excused;         /* a freeze long enough to spoil it fell between fault and recovery */
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...) {
	va_list args;
	va_start(args, format);
	printf("%7.2f s  ", clock_ms(clock_now() - demo.begin) / 1000);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

static const char *name(int host) {
	return net_host_name((enum net_host)host);
}

/* Final states have all the time that a frozen machine may need; only the outage is measured. */
static nanos patience(void) {
	return clock_now() + 20 * demo.within + 20 * NANOS_SEC;
}

static int settled(void) {
	int primary = pair_wait_settled(&demo.pair, patience());
	pair_expect_alive(&demo.pair);
	if (primary < 0)
		shell_die("the pair does not come to rest as one primary and one backup");
	return primary;
}

/* From the fault on until the new primary serves. */
static struct cost measure(nanos fault, enum net_host heir) {
	if (!probe_wait_owner(demo.probe, heir, fault, patience()))
		shell_die("%s never served the client", name((int)heir));
	nanos recovery = clock_now();
	probe_settle(demo.probe);
	struct probe_gap gap = probe_outage(demo.probe, fault, recovery);
	return (struct cost){
		.outage = gap.to - gap.from,
		.frozen = freeze_overlap(demo.freeze, gap.from, gap.to),
		.excused = freeze_excuses(demo.freeze, demo.within, fault, recovery),
	};
}

/* ---- the steps ---- */

static void cold_start(void) {
	say("cold start: hamon starts on ha1 and ha2");
	nanos start = clock_now();
	pair_start(&demo.pair, NET_HA1);
	pair_start(&demo.pair, NET_HA2);
	int primary = settled();
	if (!probe_wait_owner(demo.probe, (enum net_host)primary, start, patience()))
		shell_die("%s is primary, and does not serve the client", name(primary));
	say("            %s is primary and serves " PAIR_SHARED ", %s is its backup", name(primary), name(!primary));
}

static struct cost planned_takeover(void) {
	int old = settled();
	enum net_host heir = pair_other((enum net_host)old);
	say("planned takeover: `hamon takeover` on %s", name((int)heir));
	nanos fault = clock_now();
	struct pair_result result = pair_verb(&demo.pair, heir, "takeover");
	if (result.status)
		shell_die("`hamon takeover` ended with %d: %s", result.status, result.output);
	free(result.output);
	struct cost cost = measure(fault, heir);
	if (settled() != (int)heir)
		shell_die("%s took over and is not the primary", name((int)heir));
	say("            %s serves; the client saw an outage of %.1f ms (%.0f ms are allowed, plus %.1f ms that the "
	    "machine "
	    "stood still)",
	    name((int)heir), clock_ms(cost.outage), clock_ms(PLANNED), clock_ms(cost.frozen));
	cost.held = cost.outage <= PLANNED + cost.frozen;
	return cost;
}

/* The cable is back: the old primary becomes backup, and the new one stays. False: it did not stay. */
static bool come_back(enum net_host old) {
	nanos back = clock_now();
	net_mend(&demo.net, old);
	settled();
	/* Long enough for a failback that must not come. */
	clock_sleep_until(clock_now() + 2 * demo.within);
	bool stayed = settled() != (int)old && probe_served(demo.probe, old, back, clock_now()) == 0;
	say("            its cable is back; %s is %s", name((int)old),
	    stayed ? "backup: no failback by itself" : "primary, and nobody asked for it");
	return stayed;
}

static struct cost cable_cut(enum net_cut cut) {
	enum net_host old = (enum net_host)settled(), heir = pair_other(old);
	switch (cut) {
	case NET_CUT_CARRIER:
		say("cable cut: %s loses its carrier", name((int)old));
		break;
	case NET_CUT_FRAMES:
		say("cable cut: the switch drops every frame of %s, the carrier stays", name((int)old));
		break;
	}
	nanos fault = clock_now();
	net_cut(&demo.net, old, cut);
	struct cost cost = measure(fault, heir);
	say("            %s serves; the client saw an outage of %.1f ms (configured: within %.0f ms)", name((int)heir),
	    clock_ms(cost.outage), clock_ms(demo.within));
	cost.held = cost.outage <= demo.within;
	nanos back = clock_now();
	cost.held &= come_back(old);
	cost.excused |= freeze_excuses(demo.freeze, demo.within, back, clock_now());
	return cost;
}

static struct cost cut_carrier(void) {
	return cable_cut(NET_CUT_CARRIER);
}

static struct cost cut_frames(void) {
	return cable_cut(NET_CUT_FRAMES);
}

/* Does the step, and does it again as long as a freeze of the machine excuses that its bound was not kept. */
static struct cost do_step(struct cost (*step)(void)) {
	struct cost cost = step();
	for (unsigned again = 0; !cost.held && cost.excused && again < RERUNS; again++) {
		demo.reruns++;
		say("            the machine stood still meanwhile, for longer than a sixth of %.0f ms: once more "
		    "(rerun=%u)",
		    clock_ms(demo.within), demo.reruns);
		cost = step();
	}
	demo.failed |= !cost.held;
	return cost;
}

/* ---- before and after ---- */

/* Chooses the configured time, and says why. */
static void choose_within(nanos asked) {
	nanos worst = freeze_calibrate(demo.freeze), scale = freeze_scale(worst);
	printf("freeze meter: in two seconds this machine stood still for at most %.1f ms; ", clock_ms(worst));
	demo.within = asked ? asked : scale > WITHIN ? scale : WITHIN;
	if (asked)
		printf("failover within %.0f ms, as asked for\n", clock_ms(asked));
	else if (scale == 0)
		shell_die("no time scale up to 10 s is six times as long: this machine cannot run the demonstration");
	else if (scale > WITHIN)
		printf("a time must be six times as long to be kept here: failover within %.0f ms instead of %.0f ms\n",
		       clock_ms(scale), clock_ms(WITHIN));
	else
		printf("failover within %.0f ms\n", clock_ms(demo.within));
}

static void show_logs(void) {
	pair_show_logs(&demo.pair);
}

static void set_up(const struct demo_options *options) {
	static char dir[JANITOR_DIR];
	janitor_make_dir(dir);
	janitor_start(dir);
	printf("A switch, two nodes, a gateway and a client, in network namespaces:\n\n"
	       "    ha1 192.0.2.11 --+          +-- gateway 192.0.2.1 (the test IP)\n"
	       "                     +- switch -+\n"
	       "    ha2 192.0.2.12 --+          +-- client 192.0.2.9, asks " PAIR_SHARED " every %.0f ms\n\n",
	       clock_ms(probe_interval(demo.within)));
	fflush(stdout);
	net_build(&demo.net, false);
	pair_init(&demo.pair, &demo.net, options->hamon, dir, &(struct pair_conf){.within = demo.within});
	shell_at_death(show_logs);
	demo.probe = probe_start(&demo.net, PAIR_SHARED, probe_interval(demo.within));
}

static void stay(void) {
	printf("\nIt goes on running until Ctrl-C. Look around in another terminal:\n");
	for (unsigned host = 0; host < NET_NODES; host++) {
		const struct pair_node *node = &demo.pair.node[host];
		printf("    %s status -f %s --node %s --run-dir %s/run\n", demo.pair.hamon, node->conf, name((int)host),
		       node->dir);
		printf("    ip netns exec %s ip address show eth0\n", demo.net.ns[host]);
		printf("    tail -f %s\n", node->log);
	}
	printf("    ip netns exec %s ping " PAIR_SHARED "\n", demo.net.ns[NET_CLIENT]);
	printf("    ip -n %s link set ha1 down        (cuts the cable of ha1; up mends it)\n", demo.net.switch_ns);
	fflush(stdout);
	for (;;)
		pause();
}

static unsigned owners_at_most(void) {
	nanos now = clock_now();
	uint64_t missed = probe_missed(demo.probe, demo.begin, now);
	unsigned owners = probe_owners_max(demo.probe, demo.begin, now);
	say("the client saw at most %u owner%s of " PAIR_SHARED " at a time; it missed %llu of its own probes", owners,
	    owners == 1 ? "" : "s", (unsigned long long)missed);
	say("the machine stood still for at most %.1f ms at a time; steps done again for it: rerun=%u",
	    clock_ms(freeze_worst(demo.freeze, demo.begin, now)), demo.reruns);
	return owners;
}

int demo_run(const struct demo_options *options) {
	if (geteuid() != 0)
		shell_die("the demonstration needs root: it makes network namespaces");
	janitor_sweep();
	demo.freeze = freeze_start();
	choose_within(options->within);
	demo.begin = clock_now();
	set_up(options);
	cold_start();
	struct cost planned = do_step(planned_takeover);
	struct cost carrier = do_step(cut_carrier);
	struct cost frames = do_step(cut_frames);
	unsigned owners = owners_at_most();
	pair_expect_alive(&demo.pair);
	nanos cut = carrier.outage > frames.outage ? carrier.outage : frames.outage;
	bool failed = demo.failed || owners != 1;
	if (failed)
		show_logs();
	printf("demo: planned_outage_ms=%.1f cable_outage_ms=%.1f within_ms=%.0f freeze_ms=%.1f owners_max=%u\n",
	       clock_ms(planned.outage), clock_ms(cut), clock_ms(demo.within), clock_ms(planned.frozen), owners);
	fflush(stdout);
	if (options->keep)
		stay();
	return failed;
}
