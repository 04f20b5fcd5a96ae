/* Reading, checking and sealing the configuration, as configuration.h says. */
#include "hamon/conf/configuration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/kernel_tick.h"
#include "hamon/sealed.h"

/* What the file's own text cannot tell: whether it is for this daemon. */
static void check_identity(const struct configuration_ask *ask, const struct configuration *before, const struct conf *conf,
			   struct conf_errors *errors) {
	if (ask->cluster && strcmp(ask->cluster, conf->cluster) != 0)
		conf_complain(errors, ask->path, 0, "it is cluster %s's, and cluster %s was asked for", conf->cluster,
			      ask->cluster);
	if (!before)
		return;
	const char *node = conf->nodes[conf->self].name, *running = before->conf.nodes[before->conf.self].name;
	if (strcmp(before->conf.cluster, conf->cluster) != 0)
		conf_complain(errors, ask->path, 0, "the cluster's name cannot change while hamon runs: it is %s",
			      before->conf.cluster);
	if (strcmp(running, node) != 0)
		conf_complain(errors, ask->path, 0, "this node's name cannot change while hamon runs: it is %s", running);
}

/* 0, or -EINVAL with the errors. */
static int check(const struct configuration_ask *ask, const struct configuration *before, const char *text,
		 struct conf *conf, struct conf_errors *errors) {
	struct timers timers;
	int rc = conf_read(text, ask->path, ask->node, conf, errors);
	if (rc < 0)
		return rc;
	check_identity(ask, before, conf, errors);
	rc = conf_timers(conf, ask->path, kernel_tick(), kernel_jiffies_lag(conf->dedicated_cpus), &timers, errors);
	return rc < 0 || errors->n > 0 ? -EINVAL : 0;
}

int configuration_read(const struct configuration_ask *ask, const struct configuration *before, struct configuration *next,
		       struct conf_errors *errors) {
	char *text;
	memset(errors, 0, sizeof(*errors));
	int rc = conf_load(ask->path, &text);
	if (rc < 0) {
		conf_complain(errors, ask->path, 0, "cannot be read: %s", strerror(-rc));
		return -EINVAL;
	}
	struct configuration *fresh = calloc(1, sizeof(*fresh));
	if (!fresh) {
		free(text);
		conf_complain(errors, ask->path, 0, "cannot be read: %s", strerror(ENOMEM));
		return -EINVAL;
	}
	rc = check(ask, before, text, &fresh->conf, errors);
	if (rc == 0) {
		fresh->generation = before ? before->generation + 1 : 1;
		fresh->sealed = sealed_make(text);
		if (fresh->sealed >= 0)
			*next = *fresh;
		else
			conf_complain(errors, ask->path, 0, "cannot be sealed: %s", strerror(-fresh->sealed));
	}
	free(fresh);
	free(text);
	return errors->n > 0 ? -EINVAL : rc;
}

void configuration_adopt(struct configuration *running, const struct configuration *next) {
	if (running->generation > 0)
		close(running->sealed);
	*running = *next;
}
