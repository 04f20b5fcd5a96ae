/* Another configuration while the daemon runs: read, checked, recorded, handed on; or refused, and the running one
 * stays. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/log.h"
#include "hamon/supervisor/parts.h"

/* What fits of the errors, whole lines. */
static void write_errors(const struct conf_errors *errors, char *out, size_t size) {
	size_t n = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < errors->n && n + strlen(errors->text[i]) + 2 <= size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s\n", errors->text[i]);
}

static void reload_failed(struct supervisor *s, bool asked) {
	for (unsigned i = 0; i < s->errors.n; i++)
		log_say(LOG_ERR, "%s", s->errors.text[i]);
	log_say(LOG_ERR, "the configuration was not reloaded, the running one stays");
	if (!asked)
		return;
	s->message.reload = (struct message_reload){.generation = s->running.generation, .error = EINVAL};
	write_errors(&s->errors, s->message.reload.text, sizeof(s->message.reload.text));
	supervisor_tell_monitor(s, MSG_RELOAD_FAILED, -1);
}

/* Before the monitor may set an address, it is on record. 0 or -errno. */
static int record_addresses(struct supervisor *s, const struct conf *conf) {
	int rc = statedir_merge_addresses(&s->addresses, conf);
	if (rc < 0)
		conf_complain(&s->errors, s->ask.path, 0, "too many different shared IPs since the start: restart hamon");
	else if ((rc = statedir_write_addresses(&s->state, &s->addresses)) < 0)
		conf_complain(&s->errors, s->state.why, 0, "the shared IPs must be on record first");
	return rc;
}

void supervisor_reload(struct supervisor *s, bool asked) {
	if (s->stopping)
		return;
	struct configuration *next = malloc(sizeof(*next));
	int rc = next ? configuration_read(&s->ask, &s->running, next, &s->errors) : -ENOMEM;
	if (rc == 0 && (rc = record_addresses(s, &next->conf)) < 0)
		close(next->sealed);
	if (rc == 0) {
		configuration_adopt(&s->running, next);
		log_say(LOG_NOTICE, "configuration %" PRIu64 " read from %s", s->running.generation, s->ask.path);
		/* The workers first: what the monitor orders by it, they have to understand. */
		for (unsigned i = 0; i < WORKER__COUNT; i++)
			if (s->workers[i].pid > 0)
				supervisor_tell_configuration(s, s->workers[i].pipe);
		s->message.reload = (struct message_reload){.generation = s->running.generation};
		supervisor_tell_monitor(s, MSG_RELOAD, s->running.sealed);
	} else {
		reload_failed(s, asked);
	}
	free(next);
}

void supervisor_reloaded(const struct message_reload *reload) {
	const char *line = reload->text;
	if (reload->error)
		log_say(LOG_ERR, "the monitor could not take configuration %" PRIu64 ": %s", reload->generation,
			strerror(reload->error));
	for (size_t n; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		log_say(LOG_WARNING, "reload: %.*s", (int)n, line);
	}
}
