/* The environment, as environment.h says. */
#include "hamon/hooks/environment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void add(struct environment *environment, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends one variable. That it fits is a matter of the bounds in conf.h. */
static void add(struct environment *environment, const char *format, ...) {
	char *at = environment->text + environment->used;
	size_t room = sizeof(environment->text) - environment->used;
	va_list values;
	va_start(values, format);
	int n = vsnprintf(at, room, format, values);
	va_end(values);
	assert(n >= 0 && (size_t)n < room && environment->n < ENVIRONMENT_VARIABLES);
	environment->list[environment->n++] = at;
	environment->list[environment->n] = NULL;
	environment->used += (size_t)n + 1;
}

/* "192.0.2.10/24 2001:db8::10/64" */
static void add_shared_ips(struct environment *environment, const struct conf *conf) {
	static char text[CORE_IPS * (INET6_ADDRSTRLEN + sizeof("/128"))]; /* too large for a stack, and one at a time */
	char address[INET6_ADDRSTRLEN];
	size_t n = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < conf->ips_n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s/%u", i ? " " : "",
				      conf_address_text(&conf->ips[i].address, address), conf->ips[i].prefix);
	add(environment, "HAMON_SHARED_IPS=%s", text);
}

void environment_make(struct environment *environment, const struct conf *conf, const struct message_run *order) {
	environment->n = 0;
	environment->used = 0;
	add(environment, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add(environment, "HAMON_CLUSTER=%s", conf->cluster);
	add(environment, "HAMON_NODE=%s", conf->nodes[conf->self].name);
	add(environment, "HAMON_PEER=%s", conf->nodes[!conf->self].name);
	add(environment, "HAMON_EVENT=%s", run_name((enum run)order->run));
	add_shared_ips(environment, conf);
	if (order->run == RUN_HEALTH)
		return;
	add(environment, "HAMON_FROM=%s", state_name((enum state)order->from));
	add(environment, "HAMON_TO=%s", state_name((enum state)order->to));
	add(environment, "HAMON_CAUSE=%s", cause_name((enum cause)order->cause));
	add(environment, "HAMON_EPOCH=%" PRIu64, order->epoch);
	add(environment, "HAMON_EVENT_NUMBER=%" PRIu64, order->event);
}

/* The agents' interface: `plug` is what most call the machine, `port` what older ones do, `nodename` what the cluster
 * does. */
void environment_fence_input(char out[static ENVIRONMENT_INPUT], const struct conf *conf) {
	const char *peer = conf->nodes[!conf->self].name;
	int n = snprintf(out, ENVIRONMENT_INPUT, "action=off\nnodename=%s\nplug=%s\nport=%s\n", peer, peer, peer);
	assert(n > 0 && n < ENVIRONMENT_INPUT);
}
