/* What has to be there before the first child is started: a configuration, its key, the state directory, interfaces without
 * leftovers, and a kernel that can keep the lease. The first thing that is missing ends the daemon, with a reason. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/log.h"
#include "hamon/supervisor/parts.h"

int supervisor_refuse(enum exit_code code, const char *why) {
	log_say(LOG_ERR, "%s", why);
	return code;
}

/* The file, and the key that it names: nothing is touched. */
static int read_configuration(struct supervisor *s, const struct run_options *options) {
	if (options->conf_path || !options->cluster)
		snprintf(s->conf_path, sizeof(s->conf_path), "%s",
			 options->conf_path ? options->conf_path : "/etc/hamon/hamon.conf");
	else
		snprintf(s->conf_path, sizeof(s->conf_path), "/etc/hamon/%s.conf", options->cluster);
	s->ask = (struct configuration_ask){s->conf_path, options->node, options->cluster};
	struct configuration *next = malloc(sizeof(*next));
	int rc = next ? configuration_read(&s->ask, NULL, next, &s->errors) : -ENOMEM;
	if (rc == 0) {
		configuration_adopt(&s->running, next);
		const char *psk = s->running.conf.psk_file;
		int key = geteuid() == 0 ? auth_key_load(psk, s->key) : 0;
		if (key < 0)
			conf_complain(&s->errors, psk, 0, "%s", auth_key_reason(key));
	}
	free(next);
	conf_errors_print(&s->errors, stderr);
	if (rc < 0 || s->errors.n > 0)
		return EXIT_USAGE;
	if (geteuid() != 0)
		return supervisor_refuse(EXIT_NOT_PERMITTED, "only root may run the daemon");
	for (unsigned i = 0; i < s->errors.warnings_n; i++)
		log_say(LOG_WARNING, "%s", s->errors.warnings[i]);
	return EXIT_OK;
}

static int open_state(struct supervisor *s, const struct run_options *options) {
	char path[PATH_MAX];
	if (options->state_dir)
		snprintf(path, sizeof(path), "%s", options->state_dir);
	else
		snprintf(path, sizeof(path), "/var/lib/hamon/%s", s->running.conf.cluster);
	int rc = statedir_open(&s->state, path);
	if (rc == 0)
		rc = statedir_read_operator(&s->state, &s->orders);
	if (rc == 0)
		rc = statedir_read_addresses(&s->state, &s->addresses);
	return rc < 0 ? supervisor_refuse(EXIT_FAILED, s->state.why) : EXIT_OK;
}

/* Records what will be served, then removes it and what an older configuration left. */
static int clear_leftovers(struct supervisor *s) {
	if (statedir_merge_addresses(&s->addresses, &s->running.conf) < 0)
		return supervisor_refuse(EXIT_FAILED, "too many addresses are on record in the state directory");
	if (statedir_write_addresses(&s->state, &s->addresses) < 0)
		return supervisor_refuse(EXIT_FAILED, s->state.why);
	int status = supervisor_clear_leftovers(s);
	if (status != EXIT_OK)
		return status;
	/* What is gone for sure need not be remembered. */
	s->addresses.n = 0;
	int rc = statedir_merge_addresses(&s->addresses, &s->running.conf);
	assert(rc == 0);
	return statedir_write_addresses(&s->state, &s->addresses) < 0 ? supervisor_refuse(EXIT_FAILED, s->state.why)
								      : EXIT_OK;
}

static int make_run_dir(struct supervisor *s, const struct run_options *options) {
	if (options->run_dir)
		snprintf(s->run_dir, sizeof(s->run_dir), "%s", options->run_dir);
	else
		snprintf(s->run_dir, sizeof(s->run_dir), "/run/hamon/%s", s->running.conf.cluster);
	int rc = statedir_make(s->run_dir, 0755);
	if (rc < 0) {
		log_say(LOG_ERR, "%s cannot be made: %s", s->run_dir, strerror(-rc));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int supervisor_prepare(struct supervisor *s, const struct run_options *options) {
	int status = read_configuration(s, options);
	if (status == EXIT_OK)
		status = open_state(s, options);
	if (status == EXIT_OK)
		status = make_run_dir(s, options);
	if (status == EXIT_OK)
		status = supervisor_stand_alone(s);
	if (status == EXIT_OK)
		status = clear_leftovers(s);
	return status;
}
