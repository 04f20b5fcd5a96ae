/* The kernel lease's stand-in: a timer of L that a permitted grant sets and that marked heartbeats renew as they leave. When
 * it runs out the addresses go and the core hears of it. A process that does not run cannot do this. */
#include "hamon/node_parts.h"

void node_lease_permit(struct node *node, span_t life) {
	node->lease.permit_until = mono_now() + life;
	node_event_done(node, EV_PERMITTED, 0);
}

void node_lease_drop_permit(struct node *node) {
	node->lease.permit_until = MONO_NEVER;
}

bool node_lease_stands(const struct node *node) {
	return node->lease.held && mono_now() < node->lease.until;
}

/* Looks up before it renews or grants: what has run out stays so until it is granted again. */
bool node_lease_admits(struct node *node, enum heartbeat_mark mark) {
	mono_t now = mono_now();

	switch (mark) {
	case MARK_PLAIN:
		return true;
	case MARK_RENEW:
		return node_lease_stands(node);
	case MARK_GRANT:
		return now < node->lease.permit_until;
	}
	return false;
}

void node_lease_sent(struct node *node, enum heartbeat_mark mark) {
	if (mark == MARK_PLAIN)
		return;
	node->lease.held = true;
	node->lease.until = mono_now() + node->core_config.timers.lease;
}

/* Silent is the node only when the addresses are gone: then it is confirmed. */
void node_lease_drop(struct node *node) {
	node->lease.held = false;
	node_ips_drop(node);
}

void node_lease_tick(struct node *node) {
	struct event lost = {.type = EV_LEASE_LOST};

	if (!node->lease.held || node->now < node->lease.until)
		return;
	node->lease.held = false;
	node_event(node, &lost);
}

mono_t node_lease_deadline(const struct node *node) {
	return node->lease.held ? node->lease.until : MONO_FAR;
}
