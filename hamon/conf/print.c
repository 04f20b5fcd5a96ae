/* Prints a configuration back, complete, as one node sees it: every default is written out, every interface has the name
 * that it has on that node, and what is derived or found out is said in a comment. */
#include "hamon/conf/conf.h"

#include <arpa/inet.h>

static const char *flag_text(bool flag) {
	return flag ? "true" : "false";
}

/* Paths and interfaces may hold quotes and backslashes; names and addresses cannot, and nothing holds control characters. */
static void print_string(const char *text, FILE *out) {
	fputc('"', out);
	for (; *text; text++)
		fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	fputc('"', out);
}

static void print_nodes(const struct conf *c, FILE *out) {
	fprintf(out, "nodes = (");
	for (unsigned i = 0; i < CONF_NODES; i++)
		fprintf(out, "%s\n\t{ name = \"%s\"  backup-operations = %s  automatic = %s }", i ? "," : "",
			c->nodes[i].name, flag_text(c->nodes[i].backup_operations), flag_text(c->nodes[i].automatic));
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
		fprintf(out, "%s\n\t{ name = ", i ? "," : "");
		print_string(c->links[i].name, out);
		fprintf(out, "  transport = \"ethernet\"  interface = ");
		print_string(c->links[i].interface, out);
		fprintf(out, " }");
	}
	fprintf(out, "\n)\n");
}

static void print_duration(const char *key, span_t duration, FILE *out) {
	char text[CONF_DURATION];
	if (duration)
		fprintf(out, "\t%s = \"%s\"\n", key, conf_duration_text(duration, text));
	else
		fprintf(out, "\t# %s: derived from within\n", key);
}

static void print_failover(const struct conf *c, FILE *out) {
	fprintf(out, "failover = {\n");
	print_duration("within", c->within, out);
	print_duration("heartbeat-interval", c->heartbeat, out);
	if (c->lease_off)
		fprintf(out, "\tlease = \"off\"\n");
	else
		print_duration("lease", c->lease, out);
	print_duration("dead-interval", c->dead, out);
	fprintf(out, "\talone = \"%s\"\n", alone_name(c->alone));
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
	fprintf(out, "\tpolicy = \"%s\"\n}\n", policy_name(c->policy));
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
	print_group("operators", conf->operators, "root alone", out);
	print_group("observers", conf->observers, "root and the operators", out);
}
