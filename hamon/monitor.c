/* The monitor's process, as monitor.h says: it gives up what it will not need and takes what it must have, then serves. */
#include "hamon/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/conf/conf.h"
#include "hamon/log.h"
#include "hamon/node/node.h"
#include "hamon/privileges.h"
#include "hamon/process.h"
#include "hamon/realtime.h"
#include "hamon/sealed.h"

#define START_PATIENCE (5 * SEC)

/* Checked by the supervisor with this same code: an error here is a bug, or memory that ran out. 0 or -errno. */
static int read_conf(int sealed, const char *node, struct conf *conf) {
	char *text;
	int rc = sealed_read(sealed, &text);
	if (rc < 0)
		return rc;
	struct conf_errors *errors = malloc(sizeof(*errors));
	rc = errors ? conf_read(text, "configuration", node, conf, errors) : -ENOMEM;
	free(errors);
	free(text);
	return rc;
}

/* 0 or -errno: the supervisor's first message, and the configuration beside it. */
static int receive_start(const char *node, struct message *message, struct conf *conf) {
	int sealed = -1;
	int rc = process_await(PROCESS_PIPE, MSG_START, START_PATIENCE, message, &sealed);
	if (rc < 0)
		return rc;
	if (sealed < 0)
		return -EPROTO;
	rc = read_conf(sealed, node, conf);
	close(sealed);
	return rc;
}

/* Whether it was granted; where not, said once, and on it goes. */
static bool granted(int rc, const char *what) {
	if (rc < 0)
		log_say(LOG_WARNING, "the system refuses the monitor %s: %s", what, strerror(-rc));
	return rc == 0;
}

/* Memory last but one: what is locked is what there is by then. Real time last: none of this must compete with others. */
static int serve(const struct process_options *options, const struct message_start *memory, const struct conf *conf) {
	struct node_start start = {
		.conf = conf,
		.memory = memory,
		.run_dir = options->run_dir,
		.supervisor = PROCESS_PIPE,
	};
	granted(privileges_monitor(), "to give up what it does not need");
	start.locked = granted(realtime_memory(), "locked memory");
	start.realtime = granted(realtime_schedule(), "real-time scheduling");
	return node_run(&start);
}

int monitor_main(int argc, char **argv) {
	struct process_options options;
	if (process_begin("hamon-monitor", argc, argv, &options) < 0 || !options.run_dir)
		return 2;
	log_init(options.verbosity, false);
	struct message *message = malloc(sizeof(*message));
	struct conf *conf = malloc(sizeof(*conf));
	int rc = message && conf ? receive_start(options.node, message, conf) : -ENOMEM;
	int status = 1;
	if (rc < 0)
		log_say(LOG_ERR, "the monitor got no start: %s", strerror(-rc));
	else
		status = serve(&options, &message->start, conf);
	free(conf);
	if (message)
		explicit_bzero(message, sizeof(*message)); /* the key */
	free(message);
	return status;
}
