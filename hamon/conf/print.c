/* Prints a configuration back, complete, as one node sees it: every default is written out, every interface has the name
 * that it has on that node, and what is derived or found out is said in a comment. What is printed has another digest, for
 * defaults are no part of one. */
#include "hamon/conf/conf.h"

#include <arpa/inet.h>

static const char *flag_text(bool flag) {
	return flag ? "true" : "false";
}

/* Paths and interfaces may hold quotes and backslashes; names and addresses cannot, and nothing holds control
 * characters. */
static void print_string(const char *text, FILE *out) {
	fputc('"', out);
	for (; *text; text++)
		fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	fputc('"', out);
}

/* A node's addresses on the links between addresses. */
static void print_node_links(const struct conf *c, unsigned node, FILE *out) {
	char address[INET6_ADDRSTRLEN];
	unsigned n = 0;
	for (unsigned i = 0; i < c->links_n; i++) {
		if (c->links[i].transport != TRANSPORT_UDP)
			continue;
		fprintf(out, "%s\n\t\t{ name = ", n++ ? "," : "\n\t  links = (");
		print_string(c->links[i].name, out);
		fprintf(out, "  address = \"%s\" }", conf_address_text(&c->links[i].address[node], address));
	}
	if (n)
		fprintf(out, "\n\t  )");
}

static void print_nodes(const struct conf *c, FILE *out) {
	char address[INET6_ADDRSTRLEN];
	fprintf(out, "nodes = (");
	for (unsigned i = 0; i < CONF_NODES; i++) {
		const struct conf_node *node = &c->nodes[i];
		fprintf(out, "%s\n\t{ name = \"%s\"", i ? "," : "", node->name);
		if (node->host.family)
			fprintf(out, "  host = \"%s\"", conf_address_text(&node->host, address));
		fprintf(out, "  preference = %d  backup-operations = %s  automatic = %s", node->preference,
			flag_text(node->backup_operations), flag_text(node->automatic));
		print_node_links(c, i, out);
		fprintf(out, " }");
	}
	fprintf(out, "\n)\n");
}

static void print_shared_ips(const struct conf *c, FILE *out) {
	char address[INET6_ADDRSTRLEN];
	fprintf(out, "shared-ips = (");
	for (unsigned i = 0; i < c->ips_n; i++) {
		fprintf(out, "%s\n\t{ address = \"%s/%u\"  interface = ", i ? "," : "",
			conf_address_text(&c->ips[i].address, address), c->ips[i].prefix);
		print_string(c->ips[i].interface, out);
		fprintf(out, " }");
	}
	fprintf(out, "\n)\n");
}

static void print_links(const struct conf *c, FILE *out) {
	fprintf(out, "links = (");
	for (unsigned i = 0; i < c->links_n; i++) {
		if (c->links[i].transport == TRANSPORT_REFLECT) /* connectivity-test's */
			continue;
		fprintf(out, "%s\n\t{ name = ", i ? "," : "");
		print_string(c->links[i].name, out);
		fprintf(out, "  transport = \"%s\"  interface = ", transport_name(c->links[i].transport));
		print_string(c->links[i].interface, out);
		fprintf(out, " }");
	}
	fprintf(out, "\n)\nheartbeat-port = %u\n", c->port);
}

static void print_duration(const char *key, span_t duration, FILE *out) {
	char text[CONF_DURATION];
	fprintf(out, "\t%s = \"%s\"\n", key, conf_duration_text(duration, text));
}

static void print_derived(const char *key, span_t duration, FILE *out) {
	if (duration)
		print_duration(key, duration, out);
	else
		fprintf(out, "\t# %s: derived from within\n", key);
}

static void print_failover(const struct conf *c, FILE *out) {
	char failback[CONF_DURATION];
	fprintf(out, "failover = {\n");
	print_duration("within", c->within, out);
	print_derived("heartbeat-interval", c->heartbeat, out);
	if (c->lease_off)
		fprintf(out, "\tlease = \"off\"\n");
	else
		print_derived("lease", c->lease, out);
	print_derived("dead-interval", c->dead, out);
	fprintf(out, "\talone = \"%s\"\n", alone_name(c->alone));
	fprintf(out, "\tcold-start = \"%s\"\n", c->wait_for_peer ? "wait-for-peer" : "alone");
	print_duration("countdown", c->countdown, out);
	if (c->failback)
		fprintf(out, "\tfailback = \"after %s\"\n", conf_duration_text(c->failback, failback));
	else
		fprintf(out, "\tfailback = \"never\"\n");
	print_duration("hold-down", c->hold_down, out);
	print_duration("hold-down-most", c->hold_down_most, out);
	if (c->dedicated_cpus < 0)
		fprintf(out, "\t# dedicated-cpus: true unless a hypervisor is seen\n");
	else
		fprintf(out, "\tdedicated-cpus = %s\n", flag_text(c->dedicated_cpus));
	fprintf(out, "}\n");
}

static void print_connectivity(const struct conf *c, FILE *out) {
	char address[INET6_ADDRSTRLEN];
	fprintf(out, "connectivity-test = {\n");
	if (!c->tests_n)
		fprintf(out, "\t# ips: the default gateway of the shared IP's interface\n");
	for (unsigned i = 0; i < c->tests_n; i++)
		fprintf(out, "%s\"%s\"%s", i ? ", " : "\tips = [ ", conf_address_text(&c->tests[i], address),
			i + 1 == c->tests_n ? " ]\n" : "");
	fprintf(out, "\tpolicy = \"%s\"\n\treflect = %s\n}\n", policy_name(c->policy), flag_text(c->reflect));
	fprintf(out, "foreign-claim = \"%s\"\n", c->stand_down ? "stand-down" : "defend");
}

/* ---- commands ---- */

static void print_command(const char *key, const char *command, FILE *out) {
	fprintf(out, "\t%s = ", key);
	print_string(command, out);
	fputc('\n', out);
}

static void print_hooks(const struct conf *c, FILE *out) {
	fprintf(out, "hooks = {\n");
	for (enum run run = RUN_PRIMARY; run <= RUN_BEFORE_PRIMARY; run++)
		if (*c->command[run])
			print_command(run_name(run), c->command[run], out);
		else
			fprintf(out, "\t# %s: none\n", run_name(run));
	print_duration("timeout", c->hook_timeout, out);
	fprintf(out, "}\n");
}

static void print_fence(const struct conf *c, FILE *out) {
	if (c->fence == FENCE_OFF) {
		fprintf(out, "# fence: none\n");
		return;
	}
	fprintf(out, "fence = {\n");
	print_command("command", c->command[RUN_FENCE], out);
	fprintf(out, "\tmode = \"%s\"\n", fence_mode_name(c->fence));
	print_duration("delay", c->fence_delay, out);
	print_duration("timeout", c->fence_timeout, out);
	fprintf(out, "}\n");
}

static void print_health(const struct conf *c, FILE *out) {
	if (!*c->command[RUN_HEALTH]) {
		fprintf(out, "# health: not asked for\n");
		return;
	}
	fprintf(out, "health = {\n");
	print_command("command", c->command[RUN_HEALTH], out);
	print_duration("interval", c->health_interval, out);
	fprintf(out, "\tfall = %u\n\trise = %u\n}\n", c->health_fall, c->health_rise);
}

static void print_group(const char *key, const char *name, const char *nobody, FILE *out) {
	if (*name)
		fprintf(out, "%s = \"%s\"\n", key, name);
	else
		fprintf(out, "# %s: %s\n", key, nobody);
}

void conf_print(const struct conf *conf, FILE *out) {
	fprintf(out, "# as node %s sees it\n", conf->nodes[conf->self].name);
	fprintf(out, "cluster = \"%s\"\npsk-file = ", conf->cluster);
	print_string(conf->psk_file, out);
	fputc('\n', out);
	print_nodes(conf, out);
	print_shared_ips(conf, out);
	print_links(conf, out);
	print_failover(conf, out);
	print_connectivity(conf, out);
	print_hooks(conf, out);
	print_fence(conf, out);
	print_health(conf, out);
	print_group("operators", conf->operators, "root alone", out);
	print_group("observers", conf->observers, "root and the operators", out);
}
