/* The benchmarks' common ground: see stage.h. */
#include "tests/bench/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/janitor.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

static struct stage stage; /* where shell_die() finds the logs */

static void show_logs(void) {
	pair_show_logs(&stage.pair);
}

/* A machine that stands still for longer than a sixth of the usual time now and then gets a longer one. */
static nanos choose_within(nanos asked, nanos usual) {
	nanos worst = freeze_calibrate(stage.freeze), scale = freeze_scale(worst);
	bool still = 6 * worst <= usual;
	nanos within = asked ? asked : still ? usual : scale;
	printf("freeze meter: in two seconds this machine stood still for at most %.1f ms", clock_ms(worst));
	if (within == 0)
		shell_die("no time scale up to 10 s is six times as long: this machine cannot run the benchmark");
	printf("; failover within %.0f ms%s\n", clock_ms(within),
	       asked   ? ", as asked for"
	       : still ? ""
		       : ", the least time that is six times as long");
	return within;
}

struct stage *stage_open(const struct stage_order *order) {
	static char dir[JANITOR_DIR];
	janitor_sweep();
	stage.freeze = freeze_start();
	stage.within = choose_within(order->within, order->usual);
	janitor_make_dir(dir);
	janitor_start(dir);
	net_build(&stage.net, order->second_cable);
	if (order->gateway2)
		net_add(&stage.net, NET_GATEWAY2);
	struct pair_conf conf = order->conf;
	conf.within = stage.within;
	/* One failover after the other is what is asked for here, and no flapping link. */
	conf.failover = "hold-down = \"0s\"";
	pair_init(&stage.pair, &stage.net, order->hamon, dir, &conf);
	shell_at_death(show_logs);
	stage.shared = frame_ip(PAIR_SHARED);
	stage.probe = probe_start(&stage.net, PAIR_SHARED, probe_interval(stage.within));
	pair_start(&stage.pair, NET_HA1);
	pair_start(&stage.pair, NET_HA2);
	stage.begin = clock_now();
	return &stage;
}

nanos stage_patience(const struct stage *at) {
	return pair_patience(at->within);
}

enum net_host stage_settled(struct stage *at) {
	return pair_settled(&at->pair, stage_patience(at));
}

unsigned stage_logged(const struct stage *at, const char *text) {
	unsigned n = 0;
	for (unsigned host = 0; host < NET_NODES; host++) {
		char *log = text_read(at->pair.node[host].log);
		for (const char *found = log; (found = strstr(found, text)); found += strlen(text))
			n++;
		free(log);
	}
	return n;
}

void stage_say_freezes(const struct stage *at) {
	nanos end = clock_now();
	printf("freeze meter: in %.0f s this machine stood still for at most %.1f ms at a time, %.1f ms in all\n",
	       clock_ms(end - at->begin) / 1000, clock_ms(freeze_worst(at->freeze, at->begin, end)),
	       clock_ms(freeze_overlap(at->freeze, at->begin, end)));
}
