/* `hamon check-config [FILE]`: says whether a configuration would be accepted on this machine, and what follows from it:
 * the derived timers, and each inequality that keeps two owners apart, with both sides. The rest is check_policy.c's
 * and check_host.c's. */
#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/cli/check.h"
#include "hamon/cli/cli.h"
#include "hamon/conf/conf.h"
#include "hamon/kernel_lease.h"
#include "hamon/kernel_tick.h"

/* Can this machine's kernel keep the lease? */
enum verdict { VERDICT_UNKNOWN, VERDICT_OFF, VERDICT_CAN, VERDICT_CANNOT, VERDICT__COUNT };

static const struct {
	const char *name, *text;
} verdicts[] = {
	[VERDICT_UNKNOWN] = {"unknown", "not looked at: needs root (CAP_NET_ADMIN)"},
	[VERDICT_OFF] = {"off", "off"},
	[VERDICT_CAN] = {"can", "this kernel can do it"},
	[VERDICT_CANNOT] = {"cannot", "cannot"},
};
static_assert(sizeof verdicts / sizeof *verdicts == VERDICT__COUNT, "words for each");

/* One look at a configuration. */
struct report {
	const char *path;
	struct conf conf;
	struct conf_errors errors;
	struct timers timers;
	span_t least; /* the least `within` that could be kept here */
	enum verdict lease;
	char refused[KERNEL_LEASE_WHY]; /* VERDICT_CANNOT: what */
};

static const struct row {
	const char *name, *letter;
	size_t offset;
} rows[] = {
	{"heartbeat interval", "h", offsetof(struct timers, heartbeat)},
	{"an echo is fresh for", "A", offsetof(struct timers, echo)},
	{"lease", "L", offsetof(struct timers, lease)},
	{"the peer is unheard after", "W", offsetof(struct timers, unheard)},
	{"a test answer is fresh for", "F", offsetof(struct timers, test_fresh)},
	{"tests unbroken for", "H", offsetof(struct timers, test_proof)},
	{"own stall after", "S", offsetof(struct timers, stall)},
	{"permit", "G", offsetof(struct timers, permit)},
	{"dead interval", "D", offsetof(struct timers, dead)},
	{"kernel's tick", "tick", offsetof(struct timers, tick)},
	{"jiffies late by at most", "J", offsetof(struct timers, jiffies_lag)},
	{"wake-up late by at most", "s", offsetof(struct timers, lateness)},
	{"queueing on the wire", "q", offsetof(struct timers, queueing)},
	{"reaction", "delta", offsetof(struct timers, reaction)},
	{"claim of the shared IPs", "claim", offsetof(struct timers, claim)},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static span_t row_value(const struct timers *t, const struct row *row) {
	span_t value;
	memcpy(&value, (const char *)t + row->offset, sizeof value);
	return value;
}

static double ms(span_t span) {
	return (double)span / (double)MSEC;
}

static void warn_of_lag(struct report *r) {
	if (!timers_outlive_lag(&r->timers))
		conf_warn(&r->errors,
			  "the lease of %.0f ms is shorter than 2 h + J + s = %.3f ms: each time jiffies lag this far the "
			  "primary may lapse for a round trip; a longer within, or dedicated-cpus = true where that is so, "
			  "cures it",
			  ms(r->timers.lease), ms(2 * r->timers.heartbeat + r->timers.jiffies_lag + r->timers.lateness));
}

/* Whoever may not ask learns nothing of the kernel: a container's root too. */
static enum verdict judge_kernel(struct report *r) {
	if (r->conf.lease_off)
		return VERDICT_OFF;
	int rc = geteuid() == 0 ? kernel_lease_probe(&r->conf, r->refused) : -EPERM;
	return rc == -EPERM ? VERDICT_UNKNOWN : rc < 0 ? VERDICT_CANNOT : VERDICT_CAN;
}

/* A daemon would not start on a kernel that cannot: as with timers that cannot be kept here. */
static int examine_kernel(struct report *r) {
	r->lease = judge_kernel(r);
	if (r->lease != VERDICT_CANNOT)
		return 0;
	conf_complain(&r->errors, r->path, 0, "kernel lease: %s: this kernel refuses %s", verdicts[r->lease].text,
		      r->refused);
	conf_complain(&r->errors, r->path, 0, "%s", KERNEL_LEASE_ADVICE);
	return -EINVAL;
}

/* 0, or -EINVAL and the errors say why; another -errno: the file could not be read. */
static int examine(const struct cli *cli, struct report *r) {
	char *text;
	r->path = cli_config_path(cli);
	int error = conf_load(r->path, &text);
	if (error)
		return error;
	error = conf_read(text, r->path, cli->node, &r->conf, &r->errors);
	free(text);
	if (error)
		return error;
	span_t tick = kernel_tick(), lag = kernel_jiffies_lag(r->conf.dedicated_cpus);
	struct timers_ask ask = conf_timers_ask(&r->conf, tick, lag);
	r->least = timers_least(&ask);
	error = conf_timers(&r->conf, r->path, tick, lag, &r->timers, &r->errors);
	if (!error)
		error = examine_kernel(r);
	if (error)
		return error;
	warn_of_lag(r);
	return check_host(&r->conf, &r->errors);
}

/* ---- for people ---- */

static const char *lag_reason(const struct conf *conf) {
	if (conf->dedicated_cpus >= 0)
		return conf->dedicated_cpus ? "dedicated-cpus = true" : "dedicated-cpus = false";
	return kernel_virtual() ? "a hypervisor was seen" : "no hypervisor was seen";
}

static void print_report(const struct report *r) {
	const struct conf *c = &r->conf;
	const struct timers *t = &r->timers;
	printf("%s: OK\n", r->path);
	printf("cluster %s, this node is %s, its peer %s; %u shared IP%s\n", c->cluster, c->nodes[c->self].name,
	       c->nodes[!c->self].name, c->ips_n, c->ips_n == 1 ? "" : "s");
	check_policy_print(c, t);
	printf("\nfailover within %.3f ms; these timers keep %.3f ms; the least that can be kept here is %.3f ms\n",
	       ms(t->within), ms(t->least), ms(r->least));
	for (size_t i = 0; i < ROWS; i++)
		printf("  %-28s %-6s %10.3f ms%s%s%s\n", rows[i].name, rows[i].letter, ms(row_value(t, &rows[i])),
		       strcmp(rows[i].letter, "J") ? "" : "  (", strcmp(rows[i].letter, "J") ? "" : lag_reason(c),
		       strcmp(rows[i].letter, "J") ? "" : ")");

	printf("\nkernel lease: %s\n", verdicts[r->lease].text);

	struct timers_check checks[TIMERS_CHECKS];
	timers_check(t, checks);
	printf("\ninequalities, with both sides in ms; rho is 0.1 %%\n");
	for (size_t i = 0; i < TIMERS_CHECKS; i++)
		printf("  %-14s %-50s %10.3f >= %.3f\n", checks[i].name, checks[i].formula, ms(checks[i].left),
		       ms(checks[i].right));
}

static void print_warnings(const struct conf_errors *errors, const char *before) {
	for (unsigned i = 0; i < errors->warnings_n; i++)
		printf("%swarning: %s\n", i ? "" : before, errors->warnings[i]);
}

/* ---- for machines ---- */

static void put_ns(struct json_object *object, const char *key, span_t span) {
	check_put(object, key, json_object_new_int64(span));
}

static struct json_object *lines_json(const char (*lines)[CONF_ERROR_TEXT], unsigned n) {
	struct json_object *array = json_object_new_array();
	for (unsigned i = 0; array && i < n; i++)
		json_object_array_add(array, json_object_new_string(lines[i]));
	return array;
}

static struct json_object *checks_json(const struct timers *t) {
	struct json_object *array = json_object_new_array();
	struct timers_check checks[TIMERS_CHECKS];
	timers_check(t, checks);
	for (size_t i = 0; array && i < TIMERS_CHECKS; i++) {
		struct json_object *check = json_object_new_object();
		check_put(check, "name", json_object_new_string(checks[i].name));
		check_put(check, "formula", json_object_new_string(checks[i].formula));
		put_ns(check, "left_ns", checks[i].left);
		put_ns(check, "right_ns", checks[i].right);
		check_put(check, "holds", json_object_new_boolean(checks[i].holds));
		json_object_array_add(array, check);
	}
	return array;
}

static void print_json(const struct report *r, bool ok) {
	struct json_object *root = json_object_new_object();
	check_put(root, "schema", json_object_new_int(1));
	check_put(root, "ok", json_object_new_boolean(ok));
	check_put(root, "file", json_object_new_string(r->path));
	check_put(root, "errors", lines_json(r->errors.text, r->errors.n));
	check_put(root, "warnings", lines_json(r->errors.warnings, r->errors.warnings_n));
	check_put(root, "kernel_lease", json_object_new_string(verdicts[r->lease].name));
	if (ok) {
		struct json_object *timers = json_object_new_object();
		for (size_t i = 0; i < ROWS; i++)
			put_ns(timers, rows[i].letter, row_value(&r->timers, &rows[i]));
		check_put(root, "cluster", json_object_new_string(r->conf.cluster));
		check_put(root, "node", json_object_new_string(r->conf.nodes[r->conf.self].name));
		put_ns(root, "within_ns", r->timers.within);
		put_ns(root, "kept_ns", r->timers.least);
		put_ns(root, "least_ns", r->least);
		check_put(root, "timers_ns", timers);
		check_put(root, "checks", checks_json(&r->timers));
		check_policy_json(&r->conf, &r->timers, root);
	}
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

int cli_check_config(const struct cli *cli) {
	static struct report report; /* large, and needed once */
	int error = examine(cli, &report);
	if (error && !report.errors.n)
		return cli_error(EXIT_USAGE, "%s: %s", report.path, strerror(-error));
	if (cli->json)
		print_json(&report, !error);
	else if (!error && !cli->quiet)
		print_report(&report);
	if (!error && !cli->json)
		print_warnings(&report.errors, cli->quiet ? "" : "\n");
	else if (!cli->json)
		conf_errors_print(&report.errors, stderr);
	return error ? EXIT_USAGE : EXIT_OK;
}
