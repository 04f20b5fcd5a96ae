/* The demonstration: see demo.h. It sets the stage, plays the steps, does one that a freeze of the machine spoilt again,
 * and sums up. */
#include "tests/lab/demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/demo_parts.h"
#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"

enum { RERUNS = 5 };

/* What people are told to expect when nothing else is asked for. */
#define WITHIN (500 * NANOS_MS)

static struct demo demo; /* one a process, and where shell_die() finds the logs */

void demo_say(const struct demo *of, const char *format, ...) {
	va_list args;
	va_start(args, format);
	printf("%7.2f s  ", clock_ms(clock_now() - of->begin) / 1000);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

/* Does the step, and does it again as long as a freeze of the machine excuses that its bound was not kept. */
static struct demo_cost do_step(demo_step *step) {
	struct demo_cost cost = step(&demo);
	for (unsigned again = 0; !cost.held && cost.excused && again < RERUNS; again++) {
		demo.reruns++;
		demo_say(&demo,
			 "            the machine stood still meanwhile, for longer than a sixth of %.0f ms: once more "
			 "(rerun=%u)",
			 clock_ms(demo.within), demo.reruns);
		cost = step(&demo);
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
	/* One failover after the other is what is shown, and no flapping link. */
	pair_init(&demo.pair, &demo.net, options->hamon, dir,
		  &(struct pair_conf){.within = demo.within, .failover = "hold-down = \"0s\""});
	shell_at_death(show_logs);
	demo.shared = frame_ip(PAIR_SHARED);
	demo.sniff = sniff_start(&demo.net);
	demo.probe = probe_start(&demo.net, PAIR_SHARED, probe_interval(demo.within));
}

static void stay(void) {
	printf("\nIt goes on running until Ctrl-C. Look around in another terminal:\n");
	for (unsigned host = 0; host < NET_NODES; host++) {
		const struct pair_node *node = &demo.pair.node[host];
		printf("    %s status -f %s --node %s --run-dir %s/run\n", demo.pair.hamon, node->conf,
		       net_host_name((enum net_host)host), node->dir);
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
	unsigned owners = probe_owners_max(demo.probe, demo.sniff, demo.begin, now);
	demo_say(&demo, "the client saw at most %u owner%s of " PAIR_SHARED " at a time; it missed %llu of its own probes",
		 owners, owners == 1 ? "" : "s", (unsigned long long)missed);
	demo_say(&demo, "the machine stood still for at most %.1f ms at a time; steps done again for it: rerun=%u",
		 clock_ms(freeze_worst(demo.freeze, demo.begin, now)), demo.reruns);
	return owners;
}

static nanos worse(struct demo_cost a, struct demo_cost b) {
	return a.outage > b.outage ? a.outage : b.outage;
}

static void play(void) {
	demo_cold_start(&demo);
	struct demo_cost planned = do_step(demo_planned_takeover);
	struct demo_cost carrier = do_step(demo_cut_carrier);
	struct demo_cost frames = do_step(demo_cut_frames);
	struct demo_cost killed = do_step(demo_kill_all);
	struct demo_cost monitor = do_step(demo_kill_monitor);
	struct demo_cost frozen = do_step(demo_freeze);
	struct demo_cost split = do_step(demo_split);
	do_step(demo_flush);
	unsigned owners = owners_at_most();
	pair_expect_alive(&demo.pair);
	demo.failed |= owners != 1 || demo.overlap > 0;
	if (demo.failed)
		show_logs();
	printf("freeze_ms=%.1f: so much of the planned outage the machine stood still\n", clock_ms(planned.frozen));
	printf("demo: planned_outage_ms=%.1f cable_outage_ms=%.1f kill_outage_ms=%.1f freeze_outage_ms=%.1f "
	       "split_outage_ms=%.1f overlap_ms=%.1f within_ms=%.0f owners_max=%u\n",
	       clock_ms(planned.outage), clock_ms(worse(carrier, frames)), clock_ms(worse(killed, monitor)),
	       clock_ms(frozen.outage), clock_ms(split.outage), clock_ms(demo.overlap), clock_ms(demo.within), owners);
	fflush(stdout);
}

int demo_run(const struct demo_options *options) {
	if (geteuid() != 0)
		shell_die("the demonstration needs root: it makes network namespaces");
	janitor_sweep();
	demo.freeze = freeze_start();
	choose_within(options->within);
	demo.begin = clock_now();
	set_up(options);
	play();
	if (options->keep)
		stay();
	return demo.failed;
}
