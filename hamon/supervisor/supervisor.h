/* The supervisor: `hamon run`. It checks the configuration, keeps the state directory, starts the monitor and the workers
 * and starts them again when they die, and silences this node when the monitor dies. It decides nothing about roles. */
#ifndef HAMON_SUPERVISOR_SUPERVISOR_H
#define HAMON_SUPERVISOR_SUPERVISOR_H

/* What `hamon run` was told; NULL: the default. */
struct run_options {
	const char *conf_path; /* /etc/hamon/hamon.conf, or /etc/hamon/CLUSTER.conf where a cluster is named */
	const char *cluster;   /* what the file says; a file that says otherwise is refused */
	const char *node;      /* this node's name: the host's name */
	const char *state_dir; /* /var/lib/hamon/CLUSTER */
	const char *run_dir;   /* /run/hamon/CLUSTER */
	int verbosity;         /* -1: changes of role and warnings, 0, 1: debug */
};

/* Runs until told to stop (SIGTERM, SIGINT; SIGHUP reloads). Returns the process's exit status: 0 ended in good order,
 * 1 failed, 2 the configuration is broken and nothing was touched. */
int supervisor_main(const struct run_options *options);

#endif
