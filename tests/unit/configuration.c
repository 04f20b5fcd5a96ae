/* The configuration as the supervisor takes it: sealed when it is good, refused with its errors when it is not this
 * daemon's. */
#include "hamon/conf/configuration.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/sealed.h"

static const char good[] = "cluster = \"edge\"\n"
			   "psk-file = \"/etc/hamon/psk\"\n"
			   "nodes = ( { name = \"ha1\" }, { name = \"ha2\" } )\n"
			   "shared-ips = ( { address = \"192.0.2.10/24\" interface = \"eth0\" } )\n"
			   "failover = { dedicated-cpus = true }\n";

static char path[] = "/tmp/hamon-configuration-XXXXXX";
static struct configuration running, next;
static struct conf_errors errors;

static void put(const char *text) {
	FILE *out = fopen(path, "we");
	cr_assert_not_null(out);
	fputs(text, out);
	cr_assert_eq(fclose(out), 0);
}

static void begin(void) {
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	put(good);
}

static void end(void) {
	unlink(path);
}

TestSuite(configuration, .init = begin, .fini = end);

static int read_as(const char *node, const char *cluster, const struct configuration *before) {
	struct configuration_ask ask = {.path = path, .node = node, .cluster = cluster};
	return configuration_read(&ask, before, &next, &errors);
}

Test(configuration, a_good_file_is_sealed_and_counted) {
	cr_assert_eq(read_as("ha2", "edge", NULL), 0, "%s", errors.text[0]);
	cr_assert_eq(next.generation, 1);
	cr_assert_str_eq(next.conf.nodes[next.conf.self].name, "ha2");
	char *text;
	cr_assert_eq(sealed_read(next.sealed, &text), 0);
	cr_assert_str_eq(text, good);
	free(text);
	configuration_adopt(&running, &next);
	cr_assert_eq(read_as("ha2", NULL, &running), 0, "%s", errors.text[0]);
	cr_assert_eq(next.generation, 2);
	configuration_adopt(&running, &next);
	cr_assert_eq(running.generation, 2);
}

/* The one error of a reading that must fail. */
static const char *failure(const char *node, const char *cluster, const struct configuration *before) {
	next.generation = 7;
	cr_assert_eq(read_as(node, cluster, before), -EINVAL);
	cr_assert_eq(errors.n, 1);
	cr_assert_eq(next.generation, 7, "untouched");
	return errors.text[0];
}

Test(configuration, a_file_that_is_not_there) {
	cr_assert_eq(unlink(path), 0);
	cr_assert_not_null(strstr(failure("ha1", NULL, NULL), "cannot be read: No such file or directory"));
}

Test(configuration, another_cluster_is_not_what_was_asked_for) {
	cr_assert_not_null(strstr(failure("ha1", "core", NULL), "it is cluster edge's, and cluster core was asked for"));
}

Test(configuration, cluster_and_node_stay_while_it_runs) {
	cr_assert_eq(read_as("ha1", NULL, NULL), 0, "%s", errors.text[0]);
	configuration_adopt(&running, &next);
	cr_assert_not_null(
		strstr(failure("ha2", NULL, &running), "this node's name cannot change while hamon runs: it is ha1"));
	char other[sizeof(good)];
	snprintf(other, sizeof(other), "cluster = \"core\"%s", strchr(good, '\n'));
	put(other);
	cr_assert_not_null(
		strstr(failure("ha1", NULL, &running), "the cluster's name cannot change while hamon runs: it is edge"));
}

Test(configuration, timers_that_cannot_be_kept_are_refused) {
	char text[sizeof(good) + 64];
	snprintf(text, sizeof(text), "%.*s within = \"2ms\" }\n", (int)strlen(good) - 3, good);
	put(text);
	cr_assert_eq(read_as("ha1", NULL, NULL), -EINVAL, "%s", text);
	cr_assert_geq(errors.n, 1);
}
